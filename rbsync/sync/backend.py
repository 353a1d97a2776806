"""The project that a manifest names, as a backend."""

from __future__ import annotations

import os
from functools import partial
from typing import assert_never

from rbsync.backends import backend_class
from rbsync.backends.base import Backend, Reading
from rbsync.labels import Taxonomy
from rbsync.manifest.load import Manifest
from rbsync.manifest.schema import LocalBackend, RedbrickBackend


def open_backend(manifest: Manifest, taxonomy: Taxonomy, profile: str, reading: Reading) -> Backend:
    """The backend; nothing is made or asked yet. Raises UserError for one that cannot be used.

    ``profile`` names a section of the vendor's credentials file, empty for its default. A service
    is asked questions with ``reading``.
    """
    declared = manifest.settings.backend
    backend: Backend
    match declared:
        case LocalBackend():
            backend = backend_class("local")(
                os.path.join(manifest.root, declared.path),
                type=manifest.settings.project.type or "",
                taxonomy=taxonomy if taxonomy.categories else None,
                algorithm=manifest.settings.hash,
            )
        case RedbrickBackend():
            from rbsync.backends.redbrick.credentials import key_for, read_credentials

            command = declared.api_key_command or ()
            read = partial(read_credentials, profile=profile, command=command)
            backend = backend_class("redbrick")(
                declared.url,
                declared.org_id,
                declared.project_id,
                lambda: key_for(read(), declared.url, declared.org_id),
                stamp=manifest.settings.policy.stamp,
                reading=reading,
            )
        case _:
            assert_never(declared)
    return backend

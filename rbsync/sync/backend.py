"""The project that a manifest names, as a backend."""

from __future__ import annotations

import os

from rbsync.backends import backend_class
from rbsync.backends.base import Backend
from rbsync.errors import Problem, UserError
from rbsync.labels import Taxonomy
from rbsync.manifest.load import Manifest
from rbsync.manifest.schema import LocalBackend


def open_backend(manifest: Manifest, taxonomy: Taxonomy) -> Backend:
    """The backend; nothing is made or asked yet. Raises UserError for one that is not there."""
    declared = manifest.settings.backend
    if isinstance(declared, LocalBackend):
        return _local(declared, manifest, taxonomy)
    where = manifest.locate(("backend", "kind"))
    message = "the backend `redbrick` is not yet supported by this version of rbsync"
    raise UserError([Problem("not-supported", message, where, "leave `backend` out for now")])


def _local(declared: LocalBackend, manifest: Manifest, taxonomy: Taxonomy) -> Backend:
    backend: Backend = backend_class("local")(
        os.path.join(manifest.root, declared.path),
        type=manifest.settings.project.type or "",
        taxonomy=taxonomy if taxonomy.categories else None,
        algorithm=manifest.settings.hash,
    )
    return backend

"""The project that a manifest names, as a backend."""

from __future__ import annotations

from typing import cast

from rbsync.backends.base import Backend, Reading
from rbsync.backends.settings import Surroundings
from rbsync.errors import UserError
from rbsync.labels import Taxonomy
from rbsync.manifest.load import Manifest
from rbsync.manifest.order import shortened
from rbsync.sync.unasked import UnaskedBackend


def open_backend(
    manifest: Manifest, taxonomy: Taxonomy, reading: Reading, home: str = ""
) -> Backend:
    """The backend; nothing is made or asked yet. A service is asked questions with ``reading``.

    ``home`` is the folder that the project is in, where it is not the manifest's.

    Raises UserError, with all problems of the manifest, for one that cannot or may not be used.
    """
    if manifest.is_barred:
        raise UserError(shortened(manifest.problems))
    if manifest.trust.untrusted:
        return cast("Backend", UnaskedBackend())
    settings = manifest.settings
    return settings.backend.open(
        Surroundings(
            root=home or manifest.root,
            type=settings.project.type or "",
            taxonomy=taxonomy,
            stamp=settings.policy.stamp,
            algorithm=settings.hash,
            trust=manifest.trust,
            reading=reading,
        )
    )

"""The project that a manifest names, as a backend."""

from __future__ import annotations

from rbsync.backends.base import Backend, Reading
from rbsync.backends.settings import Surroundings
from rbsync.labels import Taxonomy
from rbsync.manifest.load import Manifest


def open_backend(manifest: Manifest, taxonomy: Taxonomy, profile: str, reading: Reading) -> Backend:
    """The backend; nothing is made or asked yet. Raises UserError for one that cannot be used.

    ``profile`` names a section of the vendor's credentials file, empty for its default. A service
    is asked questions with ``reading``.
    """
    settings = manifest.settings
    return settings.backend.open(
        Surroundings(
            root=manifest.root,
            type=settings.project.type or "",
            taxonomy=taxonomy,
            stamp=settings.policy.stamp,
            algorithm=settings.hash,
            profile=profile,
            reading=reading,
        )
    )

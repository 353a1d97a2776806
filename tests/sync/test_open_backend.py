"""The backend that a manifest names."""

from __future__ import annotations

from rbsync.backends.base import once
from rbsync.backends.local.backend import LocalBackend
from rbsync.labels.taxonomy_json import read_taxonomy
from rbsync.manifest.load import load_manifest
from rbsync.sync.workspace import open_backend
from tests.scenarios.project import Project


def test_nothing_is_made_until_something_is_created(folder: Project) -> None:
    manifest = load_manifest(str(folder.folder / "rbsync.yaml"))
    backend = open_backend(manifest, read_taxonomy(["car"]), once)
    try:
        assert isinstance(backend, LocalBackend)
        assert backend.describe() is None
        assert not (folder.folder / ".rbsync" / "project").exists()
        assert backend.project().type == "IMAGE_BBOX"
    finally:
        backend.close()

"""The plug-ins of the example hold to what ours must; `test_plugins.py` runs this with them."""

from collections.abc import Sequence
from pathlib import Path

from rbsync_example.backend import ShelfBackend
from rbsync_example.store import PickleStore

from rbsync.labels.taxonomy_json import read_taxonomy
from tests.conformance.backends import BackendTests
from tests.conformance.stores import StoreTests


class TestPickleStore(StoreTests):
    def make(self, folder: Path) -> PickleStore:
        return PickleStore(str(folder / "state.pickle"))


class TestShelfBackend(BackendTests):
    def make(self, folder: Path, *, kind: str = "", categories: Sequence[str] = ()) -> ShelfBackend:
        folder.mkdir(parents=True, exist_ok=True)
        taxonomy = read_taxonomy(list(categories))
        return ShelfBackend(str(folder / "project.pickle"), kind, taxonomy)

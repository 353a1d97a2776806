"""The stores that there are hold to what every store must."""

from collections import defaultdict
from pathlib import Path

import pytest

from rbsync.stores import STORES
from rbsync.stores.memory import MemoryStore
from rbsync.stores.sqlite import SqliteStore
from tests.conformance.stores import StoreTests


def test_every_kind_of_store_is_held_to_it() -> None:
    held = {one.kind for one in StoreTests.__subclasses__() if one.__module__ == __name__}
    assert held == set(STORES.built_in), "give each a class here, with its `kind` and `make`"


class TestSqliteStore(StoreTests):
    kind = "sqlite"

    def make(self, folder: Path) -> SqliteStore:
        return SqliteStore(folder / ".rbsync" / "state.db")


class TestMemoryStore(StoreTests):
    kind = "memory"

    @pytest.fixture(autouse=True)
    def _empty(self) -> None:
        self._stores: dict[Path, MemoryStore] = defaultdict(MemoryStore)

    def make(self, folder: Path) -> MemoryStore:
        return self._stores[folder]

"""The stores that there are hold to what every store must."""

from collections import defaultdict
from pathlib import Path

import pytest

from rbsync.stores.memory import MemoryStore
from rbsync.stores.sqlite import SqliteStore
from tests.conformance.stores import StoreTests


class TestSqliteStore(StoreTests):
    def make(self, folder: Path) -> SqliteStore:
        return SqliteStore(folder / ".rbsync" / "state.db")


class TestMemoryStore(StoreTests):
    @pytest.fixture(autouse=True)
    def _empty(self) -> None:
        self._stores: dict[Path, MemoryStore] = defaultdict(MemoryStore)

    def make(self, folder: Path) -> MemoryStore:
        return self._stores[folder]

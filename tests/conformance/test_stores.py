"""The stores that there are hold to what every store must."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbsync.stores import STORES, open_store
from rbsync.stores.base import Store
from rbsync.stores.memory import MemoryStore
from rbsync.stores.sqlite import SqliteStore
from tests.conformance.stores import StoreTests
from tests.postgres_server import Server


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


class TestTeamStore(StoreTests):
    kind = "postgresql"
    # Each commit is a conversation: `RBSYNC_TEAM=full` tells as many as to the other stores.
    stories = 30 if os.environ.get("RBSYNC_TEAM") == "full" else 8

    @pytest.fixture(autouse=True)
    def _server(self, postgres: Server) -> Iterator[None]:
        self._postgres, self._opened = postgres, list[Store]()
        yield
        for one in self._opened:
            one.close()

    def make(self, folder: Path) -> Store:
        schema = "s" + hashlib.sha256(bytes(folder)).hexdigest()[:16]
        self._opened.append(
            open_store(self._postgres.url(self._postgres.shared, schema), str(folder))
        )
        return self._opened[-1]

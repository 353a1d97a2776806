"""The histories that there are hold to what every history must."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from rbsync.errors import StoreError
from rbsync.model.fingerprint import digest
from rbsync.stores.history import open_history
from rbsync.stores.history.memory import MemoryHistory
from rbsync.stores.history.sqlite import FILE, SqliteHistory
from rbsync.stores.memory import MemoryStore
from rbsync.stores.sqlite import SqliteStore
from tests.conformance.histories import CHANGES, LATER, RUN, HistoryTests


class TestSqliteHistory(HistoryTests):
    def make(self, folder: Path) -> SqliteHistory:
        return SqliteHistory(folder / "history")

    def test_a_newer_format_is_left_alone(self, tmp_path: Path) -> None:
        history = self.make(tmp_path)
        history.note([CHANGES["create"]])
        history.close()
        with sqlite3.connect(tmp_path / "history" / FILE) as file:
            file.execute("UPDATE meta SET format = 9")
        file.close()
        with pytest.raises(StoreError, match="has format 9"):
            history.runs()
        with pytest.raises(StoreError, match="has format 9"):
            history.note([CHANGES["create"]])

    def test_format_1_is_read_and_goes_on(self, tmp_path: Path) -> None:
        """It had no count of moves."""
        for reads in (True, False):
            history = self.make(tmp_path / str(reads))
            history.end(RUN)
            history.close()
            with sqlite3.connect(tmp_path / str(reads) / "history" / FILE) as file:
                file.execute("ALTER TABLE run DROP COLUMN moved")
                file.execute("UPDATE meta SET format = 1")
            file.close()
            if reads:
                assert history.runs() == [RUN]
            history.end(replace(LATER, moved=3))
            assert [one.moved for one in history.runs()] == [3, 0]

    def test_a_damaged_content_is_an_error_and_no_content(self, tmp_path: Path) -> None:
        history = self.make(tmp_path)
        name = digest(b"labels")
        history.keep([CHANGES["update"]], {name: b"labels"})
        history.close()
        for other in (b"no zlib", b"x\x9c\x03\x00\x00\x00\x00\x01"):
            with sqlite3.connect(tmp_path / "history" / FILE) as file:
                file.execute("UPDATE content SET data = ?", (other,))
            file.close()
            with pytest.raises(StoreError, match="is damaged"):
                history.content(name)
            history.close()

    def test_a_folder_that_cannot_be_made_is_an_error_with_a_way_out(self, tmp_path: Path) -> None:
        (tmp_path / "history").write_text("a file")
        with pytest.raises(StoreError, match="cannot be used") as caught:
            self.make(tmp_path).note([CHANGES["create"]])
        assert "--history DIR" in caught.value.hint


class TestMemoryHistory(HistoryTests):
    @pytest.fixture(autouse=True)
    def _empty(self) -> None:
        self._histories: dict[Path, MemoryHistory] = defaultdict(MemoryHistory)

    def make(self, folder: Path) -> MemoryHistory:
        return self._histories[folder]


def test_a_history_is_beside_its_state_or_where_the_state_has_it(tmp_path: Path) -> None:
    store = MemoryStore()
    store.history().note([CHANGES["create"]])
    assert open_history(store, str(tmp_path)).life("a") == [CHANGES["create"]]
    beside = open_history(SqliteStore(tmp_path / "state.db"), str(tmp_path / "h"))
    beside.note([CHANGES["create"]])
    assert (tmp_path / "h" / FILE).exists()

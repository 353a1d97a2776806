"""The histories that there are hold to what every history must."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rbsync.errors import StoreError
from rbsync.model.fingerprint import digest
from rbsync.stores.history import open_history
from rbsync.stores.history.memory import MemoryHistory
from rbsync.stores.history.sqlite import FILE, SqliteHistory
from rbsync.stores.memory import MemoryStore
from rbsync.stores.sqlite import SqliteStore
from tests.conformance.histories import CHANGES, LATER, RUN, HistoryTests


def make_earlier(path: Path, format_: int) -> None:
    """Makes a file as an earlier version wrote it."""
    with sqlite3.connect(path) as file:
        file.executescript(
            "ALTER TABLE run DROP COLUMN seal; ALTER TABLE change DROP COLUMN seal;"
            f"UPDATE meta SET format = {format_}"
        )
        if format_ == 3:
            return
        file.executescript(
            "CREATE TABLE earlier (digest TEXT NOT NULL PRIMARY KEY, data BLOB NOT NULL);"
            "INSERT INTO earlier SELECT digest, data FROM content;"
            "DROP TABLE content; DROP TABLE place; ALTER TABLE earlier RENAME TO content;"
            "ALTER TABLE meta DROP COLUMN placed"
        )
        if format_ == 1:
            file.execute("ALTER TABLE run DROP COLUMN moved")
    file.close()


def contents_in(folder: Path) -> int:
    with sqlite3.connect(folder / "history" / FILE) as file:
        (count,) = file.execute("SELECT count(*) FROM content").fetchone()
    file.close()
    return int(count)


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

    @pytest.mark.parametrize("reads", [True, False])
    @pytest.mark.parametrize("format_", [1, 2, 3])
    def test_earlier_formats_are_read_and_go_on(
        self, tmp_path: Path, format_: int, reads: bool
    ) -> None:
        every = {digest(one): one for one in (b"labels", b"", b"other")}
        update = CHANGES["update"]._replace(before=min(every), parts=tuple(every))
        history = self.make(tmp_path)
        history.keep([update], every)
        history.end(RUN)
        history.close()
        make_earlier(tmp_path / "history" / FILE, format_)
        if reads:
            assert history.runs() == [RUN]
        history.keep([update], every)
        history.end(replace(LATER, moved=3))
        assert [one.moved for one in history.runs()] == [3, 0]
        assert {name: history.content(name) for name in every} == every
        assert contents_in(tmp_path) == len(every)

    def test_contents_of_a_run_that_died_are_read_and_kept_once(self, tmp_path: Path) -> None:
        every = {digest(one): one for one in (b"labels", b"", b"other")}
        update = CHANGES["update"]._replace(before=min(every), parts=tuple(every))
        for _ in range(2):
            history = self.make(tmp_path)
            history.keep([update], every)
            assert {name: history.content(name) for name in every} == every
        assert contents_in(tmp_path) == 2 * len(every)
        history.begin(LATER)
        assert contents_in(tmp_path) == len(every)
        assert {name: self.make(tmp_path).content(name) for name in every} == every

    def test_what_is_kept_after_a_sweep_is_found(self, tmp_path: Path) -> None:
        history = self.make(tmp_path)
        for run, data in ((RUN, b"old"), (LATER, b"new")):
            history.begin(run)
            delete = CHANGES["delete"]._replace(run=run.id, before=digest(data))
            history.keep([delete], {digest(data): data})
            history.end(run)
            history.sweep(LATER.started + 1)
            assert contents_in(tmp_path) == 0
        third = replace(LATER, id="r3", started=3000.0)
        history.begin(third)
        again = CHANGES["delete"]._replace(run="r3", before=digest(b"new"))
        history.keep([again], {digest(b"new"): b"new"})
        history.end(third)
        assert history.content(digest(b"new")) == b"new"

    def test_what_could_not_be_written_is_written_the_next_time(self, tmp_path: Path) -> None:
        history = self.make(tmp_path)
        name = digest(b"labels")
        nameless: Any = None
        broken = CHANGES["update"]._replace(name=nameless)
        with pytest.raises(StoreError):
            history.keep([broken], {name: b"labels"})
        history.keep([CHANGES["update"]], {name: b"labels"})
        assert history.content(name) == b"labels"

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

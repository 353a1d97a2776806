"""The state knows which names its commits changed, and whether it is the one that was seen."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rbsync.model.record import Record
from rbsync.stores import change_log
from rbsync.stores.base import Mark
from rbsync.stores.sqlite import SqliteStore
from tests.builders import OWNER, PRINT


def commit(state: Path, *names: str, removed: tuple[str, ...] = ()) -> Mark:
    """Puts records, and returns the mark of the state afterwards."""
    store = SqliteStore(state)
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record(name, PRINT, f"task-{name}") for name in names], removed=removed)
    mark = store.mark()
    assert mark is not None
    return mark


def test_what_was_put_and_removed_since_a_commit_is_known(state: Path) -> None:
    first = commit(state, "a", "b")
    second = commit(state, "c", removed=("a",))
    store = SqliteStore(state)
    assert store.changed_since(second) == frozenset()
    assert store.changed_since(first) == frozenset("ac")
    assert store.some_records(["a", "b", "x"]) == {"b": Record("b", PRINT, "task-b")}


def test_a_copy_that_went_on_by_itself_is_another_state(state: Path) -> None:
    commit(state, "a")
    copy = shutil.copy(state, state.parent / "copy.db")
    seen = commit(state, "b")
    assert commit(Path(copy), "c").serial == seen.serial
    assert SqliteStore(copy).changed_since(seen) is None


def test_a_log_that_is_not_as_it_was_written_is_not_believed(state: Path) -> None:
    first = commit(state, "a")
    commit(state, "b")
    with closing(sqlite3.connect(state)) as connection, connection:
        connection.execute("UPDATE change_log SET names = '[]' WHERE serial = 2")
    assert SqliteStore(state).changed_since(first) is None
    with closing(sqlite3.connect(state)) as connection, connection:
        connection.execute("DELETE FROM change_log WHERE serial = 2")
    assert SqliteStore(state).changed_since(first) is None


def test_old_commits_are_forgotten(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_log, "MOST_COMMITS", 2)
    marks = [commit(state, name) for name in "abcd"]
    store = SqliteStore(state)
    assert [store.changed_since(one) for one in marks] == [None, None, frozenset("d"), frozenset()]


def test_a_state_that_is_not_there_has_no_commits(state: Path) -> None:
    store = SqliteStore(state)
    assert store.mark() is None
    assert store.changed_since(Mark(0, "")) is None
    assert store.some_records(["a"]) == {}

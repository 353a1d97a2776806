"""kill -9 and full disks lose nothing that was acknowledged."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from rbsync.errors import StoreError
from rbsync.model.history import Run
from rbsync.stores import sqlite_connections
from rbsync.stores.history.sqlite import SqliteHistory
from rbsync.stores.sqlite import SqliteStore
from tests.builders import OWNER
from tests.disks import fill
from tests.stores.samples import many
from tests.stores.victim import BATCH, put
from tests.victims import Start

KILLS = 32


def whole_batches(store: SqliteStore) -> set[int]:
    """The batches of which there is a record; each must be there to its last one."""
    records = [one for one in store.records().values() if one.applied]
    batches = {int(one.name.split("/")[0]) for one in records}
    assert len(records) == BATCH * len(batches)
    return batches


def test_a_killed_writer_loses_no_commit_that_it_acknowledged(state: Path, start: Start) -> None:
    """The kills hit the start, the making of the state, and the commits of a growing one."""
    chance = random.Random(4711)
    store = SqliteStore(state)
    acknowledged: set[int] = set()
    for kill in range(KILLS):
        victim = start("commit", state)
        if kill % 4:
            # Counted in commits: a slow machine would have made hardly any in a fixed time.
            acknowledged |= {int(victim.heard()) for _ in range(chance.randint(1, 12))}
            time.sleep(chance.uniform(0, 0.02))
        else:
            time.sleep(chance.uniform(0.05, 0.2))
        said = victim.killed()
        # A last line without its end was not acknowledged.
        acknowledged |= {int(line) for line in said.splitlines(keepends=True) if line[-1] == "\n"}
        assert acknowledged <= whole_batches(store)
        assert store.integrity() == []
    header = store.header()
    assert header is not None
    assert header.serial == len(whole_batches(store)) >= len(acknowledged) > KILLS
    with store.writer(OWNER, timeout=0) as writer:
        put(writer, header.serial + 1)
    assert header.serial + 1 in whole_batches(store)
    assert store.integrity() == []


@pytest.mark.parametrize("index", ["with", "without"])
def test_what_a_killed_writer_left_in_a_read_only_folder_is_read_whole_or_not_at_all(
    state: Path, start: Start, make_read_only: Callable[[Path], None], index: str
) -> None:
    victim = start("hold", state)
    for name in ("a", "b"):
        victim.told(name)
    assert [victim.heard() for _ in range(3)] == ["held\n", "done\n", "done\n"]
    victim.killed()
    if index == "without":
        (state.parent / "state.db-shm").unlink()
    make_read_only(state.parent)
    try:
        found = SqliteStore(state).records()
    except StoreError as error:
        assert "cannot be used: " in str(error)  # noqa: PT017 # either may happen
    else:
        assert sorted(found) == ["a", "b"]


def test_what_was_left_of_a_killed_creation_is_in_nobodys_way(state: Path) -> None:
    state.parent.mkdir()
    for name in ("state.db.new", "state.db.new-journal", "state.db.new-wal", "state.db-shm"):
        (state.parent / name).write_bytes(b"left over")
    store = SqliteStore(state)
    assert store.header() is None
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit(many(3))
    assert len(store.records()) == 3
    assert sorted(path.name for path in state.parent.glob("state.db*")) == [
        "state.db",
        "state.db.lock",
    ]


def test_a_full_disk_loses_nothing_and_the_writer_goes_on_once_there_is_room(
    small_disk: Path,
) -> None:
    state = small_disk / ".rbsync" / "state.db"
    store = SqliteStore(state)
    filler = small_disk / "filler"
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit(many(100))
        fill(filler)
        with pytest.raises(StoreError) as caught:
            writer.commit(many(20_000, start=100))
        assert str(caught.value) == f"The state {state} cannot be used: the disk is full."
        assert len(writer.records()) == len(store.records()) == 100
        filler.unlink()
        writer.commit(many(1, start=100))
    assert len(store.records()) == 101
    assert store.integrity() == []


def test_a_writer_that_ends_on_a_full_disk_loses_nothing(small_disk: Path) -> None:
    store = SqliteStore(small_disk / ".rbsync" / "state.db")
    with store.writer(OWNER, timeout=0) as writer:
        for turn in range(10):
            writer.commit(many(100, start=turn * 100))
        fill(small_disk / "filler")
    assert len(store.records()) == 1000
    (small_disk / "filler").unlink()
    with store.writer(OWNER, timeout=0) as writer:
        assert len(writer.records()) == 1000
    assert store.integrity() == []


def test_a_state_on_a_full_disk_can_be_read_but_not_opened_for_writing(small_disk: Path) -> None:
    store = SqliteStore(small_disk / "state.db")
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit(many(100))
    before = store.header()
    fill(small_disk / "filler")
    with pytest.raises(StoreError, match="cannot be used: "):
        store.writer(OWNER, timeout=0).__enter__()
    assert len(store.records()) == 100
    assert store.header() == before
    (small_disk / "filler").unlink()
    with store.writer(OWNER, timeout=0) as writer:
        assert len(writer.records()) == 100


@pytest.mark.parametrize("left", [0, 24, 48])
def test_a_history_on_a_full_disk_says_so_and_goes_on_once_there_is_room(
    small_disk: Path, left: int
) -> None:
    filler = small_disk / "filler"
    folder = small_disk / "history"
    folder.mkdir()
    fill(filler)
    os.truncate(filler, filler.stat().st_size - left * 1024)
    with pytest.raises(StoreError, match=r"cannot be used: the disk is full\.$") as caught:
        SqliteHistory(folder).begin(Run("r1", "apply", 1000.0))
    assert caught.value.hint == "Free some space, then run the command again."
    filler.unlink()
    again = SqliteHistory(folder)
    again.begin(Run("r2", "apply", 2000.0))
    assert [one.id for one in again.runs()] == ["r2"]


def test_a_state_that_cannot_take_a_new_epoch_stays_as_it_was(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(state)
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit(many(3))
    monkeypatch.setattr(sqlite_connections, "PATIENCE", 0.1)
    with closing(sqlite3.connect(state, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another program keeps it locked"):
            store.writer(OWNER, timeout=0).__enter__()
    with store.writer(OWNER, timeout=0) as writer:
        assert writer.header().epoch == 2


def test_no_state_is_made_on_a_full_disk_and_the_lock_is_freed(small_disk: Path) -> None:
    store = SqliteStore(small_disk / "state.db")
    fill(small_disk / "filler")
    with pytest.raises(StoreError, match=r"cannot be used: (the disk is full|No space left)"):
        store.writer(OWNER, timeout=0).__enter__()
    assert store.header() is None
    assert store.owner() is None
    (small_disk / "filler").unlink()
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit(many(3))


def test_a_limit_on_the_size_of_files_loses_nothing(state: Path, start: Start) -> None:
    victim = start("grow", state, 300_000)
    said = victim.communicate(timeout=30)[0]
    committed, message = said.split(" ", 1)
    assert message.startswith(f"StoreError: The state {state} cannot be used: ")
    store = SqliteStore(state)
    assert whole_batches(store) == set(range(1, int(committed) + 1))
    assert store.integrity() == []

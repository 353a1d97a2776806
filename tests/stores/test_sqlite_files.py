"""The SQLite state as files: what is made, who may read it, and what a reader leaves behind."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from rbsync.errors import ExitCode, StoreError
from rbsync.model.record import Record
from rbsync.stores.sqlite import SqliteStore
from tests.builders import OWNER
from tests.stores.samples import many


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def write(path: Path, records: list[Record]) -> None:
    with SqliteStore(path).writer(OWNER, timeout=0) as writer:
        writer.commit(records)


def test_reading_a_missing_state_makes_no_folder(state: Path) -> None:
    store = SqliteStore(state)
    assert (store.header(), store.records(), store.owner()) == (None, {}, None)
    assert not state.parent.exists()


def test_what_a_writer_leaves_is_one_file_of_the_users_own(state: Path) -> None:
    write(state, many(3))
    assert sorted(content(state.parent)) == [".gitignore", "state.db", "state.db.lock"]
    assert stat.S_IMODE(state.stat().st_mode) == 0o600


def test_the_folder_is_ignored_by_git(state: Path) -> None:
    write(state, [])
    assert (state.parent / ".gitignore").read_text() == "*\n"


def test_a_folder_that_other_parts_made_is_ignored_too(state: Path) -> None:
    state.parent.mkdir()
    write(state, [])
    assert (state.parent / ".gitignore").exists()


def test_the_users_own_ignore_file_stays(state: Path) -> None:
    state.parent.mkdir()
    (state.parent / ".gitignore").write_text("state.db\n")
    write(state, [])
    assert (state.parent / ".gitignore").read_text() == "state.db\n"


def test_a_folder_of_the_users_own_gets_no_ignore_file(tmp_path: Path) -> None:
    write(tmp_path / "my.db", [])
    assert not (tmp_path / ".gitignore").exists()


def test_the_journal_too_is_the_users_own(state: Path) -> None:
    with SqliteStore(state).writer(OWNER, timeout=0) as writer:
        writer.commit(many(1))
        modes = {stat.S_IMODE(path.stat().st_mode) for path in state.parent.glob("state.db-*")}
    assert modes == {0o600}


def test_a_state_that_others_could_read_is_closed_to_them(state: Path) -> None:
    write(state, [])
    state.chmod(0o644)
    write(state, [])
    assert stat.S_IMODE(state.stat().st_mode) == 0o600


def test_reading_changes_and_leaves_nothing(state: Path) -> None:
    write(state, many(100))
    before = content(state.parent)
    store = SqliteStore(state)
    store.header(), store.records(), store.record("patient-000001"), store.integrity()
    assert content(state.parent) == before


def test_reading_beside_a_writer_does_not_change_the_file(state: Path) -> None:
    store = SqliteStore(state)
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit(many(100))
        before = state.read_bytes()
        assert len(store.records()) == 100
        assert state.read_bytes() == before


def test_a_copy_of_the_one_file_is_whole(state: Path, tmp_path: Path) -> None:
    write(state, many(5000))
    shutil.copy(state, tmp_path / "copy.db")
    copy = SqliteStore(tmp_path / "copy.db")
    assert len(copy.records()) == 5000
    assert copy.integrity() == []


def test_a_writer_leaves_a_whole_file_although_a_reader_is_in_its_way(
    state: Path, tmp_path: Path
) -> None:
    write(state, many(10))
    reader = sqlite3.connect(state, isolation_level=None)
    with SqliteStore(state).writer(OWNER, timeout=0) as writer:
        writer.commit(many(10, start=10))
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM record").fetchall()
        writer.commit(many(10, start=20))
    assert len(SqliteStore(state).records()) == 30
    reader.close()
    assert len(SqliteStore(state).records()) == 30


def test_a_reader_sees_one_moment_while_writers_come_and_go(state: Path) -> None:
    store = SqliteStore(state)
    stop = threading.Event()

    def replace_all() -> None:
        for turn in count():
            with store.writer(OWNER, timeout=5) as writer:
                for _ in range(turn % 3):
                    removed = list(writer.records())
                    writer.commit(many(300, start=turn % 7 * 300), removed=removed)
            if stop.is_set():
                return

    write(state, many(300))
    thread = threading.Thread(target=replace_all)
    thread.start()
    try:
        numbers = {len(store.records()) for _ in range(200)}
    finally:
        stop.set()
        thread.join()
    assert numbers == {300}


def test_a_state_in_a_read_only_folder_can_be_read(
    state: Path, make_read_only: Callable[[Path], None]
) -> None:
    write(state, many(10))
    make_read_only(state.parent)
    store = SqliteStore(state)
    assert len(store.records()) == 10
    assert store.integrity() == []


def test_a_read_only_folder_cannot_be_written(
    state: Path, make_read_only: Callable[[Path], None]
) -> None:
    write(state, many(10))
    make_read_only(state.parent)
    with pytest.raises(StoreError, match=r"state\.db cannot be used: ") as caught:
        write(state, [])
    assert caught.value.hint == (
        "Let your user write to the state and to its folder, then run the command again."
        " Nothing that was recorded is lost."
    )
    assert caught.value.exit_code is ExitCode.ERROR
    assert len(SqliteStore(state).records()) == 10


def test_a_folder_that_is_a_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / ".rbsync").write_text("")
    store = SqliteStore(tmp_path / ".rbsync" / "state.db")
    with pytest.raises(StoreError, match="cannot be used: Not a directory"):
        store.records()
    with pytest.raises(StoreError, match="cannot be used: "):
        store.writer(OWNER, timeout=0).__enter__()


@pytest.mark.parametrize("name", ["a ?mode=memory", "50%25", "#1", "ü ' \"", "file:x"])
def test_any_path_will_do(tmp_path: Path, name: str) -> None:
    write(tmp_path / name / f"{name}.db", many(3))
    assert sorted(os.listdir(tmp_path)) == [name]
    assert len(SqliteStore(tmp_path / name / f"{name}.db").records()) == 3


def test_a_path_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("state.db"), many(3))
    SqliteStore("state.db").backup("copy.db")
    assert len(SqliteStore("copy.db").records()) == 3


def test_commits_reach_the_disk_before_they_return(state: Path) -> None:
    with SqliteStore(state).writer(OWNER, timeout=0) as writer:
        pragmas = [
            writer._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
    assert pragmas == ["wal", 2]


def test_a_backup_is_taken_beside_a_writer(state: Path, tmp_path: Path) -> None:
    store = SqliteStore(state)
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit(many(100))
        store.backup(tmp_path / "backup.db")
        writer.commit(many(100, start=100))
    backup = SqliteStore(tmp_path / "backup.db")
    assert len(backup.records()) == 100
    assert backup.integrity() == []
    assert stat.S_IMODE((tmp_path / "backup.db").stat().st_mode) == 0o600
    assert sorted(os.listdir(tmp_path)) == [".rbsync", "backup.db"]


def test_a_backup_replaces_nothing(state: Path) -> None:
    write(state, many(3))
    before = content(state.parent)
    with pytest.raises(StoreError, match=r"There is something at .*state\.db already\."):
        SqliteStore(state).backup(state)
    assert content(state.parent) == before


def test_two_states_that_are_put_away_within_one_second_are_both_kept(
    state: Path, one_second: None
) -> None:
    kept: list[str] = []
    for size in (1, 2):
        write(state, many(size))
        kept.append(SqliteStore(state).retire())
    assert [len(SqliteStore(path).records()) for path in kept] == [1, 2]


def test_there_is_no_backup_of_nothing(state: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"There is no state .*state\.db to copy\.") as caught:
        SqliteStore(state).backup(tmp_path / "backup.db")
    assert caught.value.hint == "the first `rbsync apply` makes it"
    assert os.listdir(tmp_path) == []


def test_a_state_that_is_deleted_under_the_writer_takes_no_more_commits(state: Path) -> None:
    with SqliteStore(state).writer(OWNER, timeout=0) as writer:
        writer.commit(many(3))
        state.unlink()
        with pytest.raises(StoreError) as caught:
            writer.commit(many(6))
    assert str(caught.value) == (
        f"The state {state} was deleted or replaced while this run was writing to it."
    )
    assert "`rbsync refresh`" in caught.value.hint


def test_the_journal_of_a_deleted_state_does_not_get_into_the_next_one(state: Path) -> None:
    with SqliteStore(state).writer(OWNER, timeout=0) as writer:
        writer.commit(many(3))
        journal = (state.parent / "state.db-wal").read_bytes()
    state.unlink()
    (state.parent / "state.db-wal").write_bytes(journal)
    assert SqliteStore(state).records() == {}
    write(state, many(1, start=100))
    assert [*SqliteStore(state).records()] == ["patient-000100"]


def test_a_writer_of_a_replaced_state_does_no_harm_to_the_new_one(state: Path) -> None:
    store = SqliteStore(state)
    old = store.writer(OWNER, timeout=0)
    old.__enter__().commit(many(3))
    shutil.rmtree(state.parent)
    with store.writer(OWNER, timeout=0) as new:
        new.commit(many(1, start=100))
        old.__exit__(None, None, None)
        new.commit(many(1, start=101))
    assert [*store.records()] == ["patient-000100", "patient-000101"]
    assert store.integrity() == []


def test_readers_import_neither_the_lock_nor_what_is_slow_to_import() -> None:
    code = "import sys, rbsync.stores.sqlite; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"filelock", "pydantic", "numpy", "uuid", "requests"} & set(run.stdout.split())

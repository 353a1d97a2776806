"""Every format that was ever released is read, and upgraded with a copy kept."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rbsync.errors import StoreError
from rbsync.model.record import Header, Record
from rbsync.stores import formats
from rbsync.stores.sqlite import SqliteStore
from tests.builders import OWNER
from tests.stores.samples import golden
from tests.victims import Start

DUMPS = sorted((Path(__file__).parent / "golden").glob("*.sql"))


def restore(dump: Path, state: Path) -> None:
    state.parent.mkdir()
    with closing(sqlite3.connect(state, isolation_level=None)) as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))
        connection.execute("PRAGMA journal_mode = WAL")


def dumped(state: Path) -> str:
    with closing(sqlite3.connect(state)) as connection:
        return "\n".join(connection.iterdump()) + "\n"


def add_table(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE more (text TEXT)")


def break_down(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM record")
    raise sqlite3.DatabaseError("this step does not work")


@pytest.fixture
def old(state: Path) -> Path:
    restore(DUMPS[-1], state)
    return state


def test_every_format_has_its_golden_file() -> None:
    assert [dump.stem for dump in DUMPS] == [f"v{n + 1}" for n in range(len(formats.STEPS))]


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
def test_a_state_of_any_format_has_the_same_records(dump: Path, state: Path) -> None:
    restore(dump, state)
    store = SqliteStore(state)
    header = Header("4b32bb5f-6f5c-4a79-9d5b-0a4d0b3f5a11", 12, 3, "local:0f5c")
    assert store.header() == header
    assert store.records() == golden()
    with store.writer(OWNER, timeout=0) as writer:
        assert writer.records() == golden()
        assert writer.uploads(["xxh3:" + "d" * 32], "redbrick") == {"xxh3:" + "d" * 32: "blob/d"}
        assert writer.header().lineage == header.lineage


def test_the_newest_format_is_what_the_newest_golden_file_says(state: Path) -> None:
    with SqliteStore(state).writer(OWNER, timeout=0):
        pass
    with closing(sqlite3.connect(state)) as connection:
        made = {row[0] for row in connection.execute("SELECT sql FROM sqlite_master") if row[0]}
    golden_text = DUMPS[-1].read_text(encoding="utf-8")
    assert made
    assert all(f"{statement};" in golden_text for statement in made)


def test_an_old_state_is_read_without_being_upgraded(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "STEPS", (*formats.STEPS, add_table))
    before = old.read_bytes()
    assert SqliteStore(old).records() == golden()
    assert old.read_bytes() == before
    assert os.listdir(old.parent) == ["state.db"]


def test_a_writer_upgrades_an_old_state_and_keeps_a_copy(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dumped(old)
    backup = old.parent / f"state.db.v{len(formats.STEPS)}.bak"
    monkeypatch.setattr(formats, "STEPS", (*formats.STEPS, add_table))
    store = SqliteStore(old)
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("new")])
    assert store.records() == golden() | {"new": Record("new")}
    assert f'INSERT INTO "meta" VALUES({len(formats.STEPS)},' in dumped(old)
    assert dumped(backup) == before


def test_an_upgrade_happens_once(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "STEPS", (*formats.STEPS, add_table))
    for _ in range(2):
        with SqliteStore(old).writer(OWNER, timeout=0):
            pass
    assert len(list(old.parent.glob("*.bak"))) == 1


def test_an_upgrade_that_fails_changes_nothing(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dumped(old)
    with monkeypatch.context() as patch:
        patch.setattr(formats, "STEPS", (*formats.STEPS, add_table, break_down))
        with pytest.raises(StoreError, match="this step does not work"):
            SqliteStore(old).writer(OWNER, timeout=0).__enter__()
    assert dumped(old) == before
    assert SqliteStore(old).records() == golden()


def test_a_kill_in_the_middle_of_an_upgrade_changes_nothing(old: Path, start: Start) -> None:
    before = dumped(old)
    victim = start("upgrade", old)
    assert victim.communicate(timeout=20)[0] == "dying\n"
    assert SqliteStore(old).records() == golden()
    assert dumped(old) == before
    assert dumped(old.parent / f"state.db.v{len(formats.STEPS)}.bak") == before
    with SqliteStore(old).writer(OWNER, timeout=0) as writer:
        assert writer.records() == golden()


def test_an_upgrade_gives_no_new_seal_to_what_is_not_as_it_was_written(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute("UPDATE record SET task_id = 'task-2' WHERE name = 'applied'")
    before = dumped(old)
    monkeypatch.setattr(formats, "STEPS", (*formats.STEPS, add_table))
    with pytest.raises(StoreError, match="the record of 'applied' is not what was written"):
        SqliteStore(old).writer(OWNER, timeout=0).__enter__()
    assert dumped(old) == before

"""A state that is damaged, foreign or too new is refused, explained and left as it is."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from rbsync.errors import ExitCode, StoreError
from rbsync.model.record import Intent
from rbsync.stores import formats, sqlite_connections
from rbsync.stores.base import Upload
from rbsync.stores.sqlite import SqliteStore
from tests.builders import OWNER
from tests.states import written_anew
from tests.stores.samples import many

USES: dict[str, Callable[[SqliteStore], object]] = {
    "header": lambda store: store.header(),
    "records": lambda store: store.records(),
    "record": lambda store: store.record("patient-000001"),
    "writer": lambda store: store.writer(OWNER, timeout=0).__enter__(),
    "backup": lambda store: store.backup(f"{store._path}.copy"),
}
uses = pytest.mark.parametrize("use", USES.values(), ids=USES.keys())


@pytest.fixture
def written(state: Path) -> Path:
    with SqliteStore(state).writer(OWNER, timeout=0) as writer:
        writer.commit(many(2000))
    return state


def refused(state: Path, use: Callable[[SqliteStore], object]) -> StoreError:
    before = state.read_bytes(), state.stat().st_mtime_ns
    with pytest.raises(StoreError) as caught:
        use(SqliteStore(state))
    assert (state.read_bytes(), state.stat().st_mtime_ns) == before
    assert not [name for name in os.listdir(state.parent) if ".new" in name or "-" in name]
    assert caught.value.exit_code is ExitCode.STATE
    return caught.value


@uses
@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"", "it is empty"),
        (b"{}", "it is cut short, or no database"),
        (b"name: project, \n" * 512, "file is not a database"),
    ],
)
def test_a_file_that_is_no_database_is_refused(
    state: Path, use: Callable[[SqliteStore], object], text: bytes, what: str
) -> None:
    state.parent.mkdir()
    state.write_bytes(text)
    assert str(refused(state, use)) == f"The state {state} is damaged: {what}."


@uses
def test_a_database_of_something_else_is_refused(
    state: Path, use: Callable[[SqliteStore], object]
) -> None:
    state.parent.mkdir()
    with closing(sqlite3.connect(state)) as connection:
        connection.execute("CREATE TABLE bookmark (url TEXT)")
    assert str(refused(state, use)) == (
        f"The state {state} is damaged: it is a database, but not a state of rbsync."
    )


@uses
@pytest.mark.parametrize(
    ("missing", "what"),
    [
        (4096 * 40, "database disk image is malformed"),
        (4096, "database disk image is malformed"),
        (1, "it is cut short, or no database"),
    ],
)
def test_a_truncated_state_is_refused(
    written: Path, use: Callable[[SqliteStore], object], missing: int, what: str
) -> None:
    os.truncate(written, written.stat().st_size - missing)
    assert str(refused(written, use)) == f"The state {written} is damaged: {what}."


def test_the_next_step_is_told(written: Path) -> None:
    os.truncate(written, 4096)
    assert refused(written, USES["records"]).hint == (
        "It was left as it is. Move state.db, state.db-wal and state.db-shm away, then"
        " rebuild it from the project with `rbsync refresh`."
    )


def test_the_newest_backup_is_named(written: Path) -> None:
    for age, name in enumerate(["state.db.v2.bak", "state.db.v1.bak", "state.db.v3.bak"]):
        (written.parent / name).write_bytes(b"")
        os.utime(written.parent / name, (1e9 - age, 1e9 - age))
    os.truncate(written, 4096)
    assert "then copy state.db.v2.bak to state.db, or" in refused(written, USES["records"]).hint


@uses
def test_a_newer_state_is_refused(written: Path, use: Callable[[SqliteStore], object]) -> None:
    with closing(sqlite3.connect(written, isolation_level=None)) as connection:
        connection.execute("UPDATE meta SET format = 99")
    error = refused(written, use)
    known = f"this rbsync knows formats up to {len(formats.STEPS)}"
    assert str(error) == f"The state {written} has format 99; {known}."
    assert error.hint == "Upgrade rbsync. Nothing was read or written."


@pytest.mark.parametrize("seed", range(30))
def test_no_damage_leads_to_anything_but_an_answer_or_a_refusal(written: Path, seed: int) -> None:
    damage = random.Random(seed)
    raw = bytearray(written.read_bytes())
    start = damage.randrange(len(raw) - 600) if seed % 2 else damage.randrange(4096)
    raw[start : start + 600] = damage.randbytes(600)
    written.write_bytes(raw)
    for use in USES.values():
        hint = ""
        try:
            use(SqliteStore(written))
        except StoreError as error:
            hint = error.hint
        if not hint and use is USES["writer"]:
            return
        assert written.read_bytes() == raw


def test_a_page_that_readers_would_not_meet_is_found_before_anything_is_written(
    written: Path,
) -> None:
    raw = bytearray(written.read_bytes())
    pages = range(4096, len(raw), 4096)
    # The pages of the table that nothing was put into are the last thing that a reader needs.
    for page in pages[5:-1]:
        raw[page + 8 : page + 60] = b"\xff" * 52
    written.write_bytes(raw)
    assert SqliteStore(written).integrity()
    refused(written, USES["writer"])
    refused(written, USES["backup"])


def test_a_record_that_cannot_be_understood_is_named(written: Path) -> None:
    with written_anew(written) as connection:
        connection.execute("UPDATE record SET failure = '{' WHERE name = 'patient-000003'")
    error = refused(written, USES["records"])
    assert f"{written} is damaged: the record of 'patient-000003' cannot be read: " in str(error)
    assert "rbsync refresh" in error.hint
    assert SqliteStore(written).record("patient-000004")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("record SET task_id = 'task-9'", "the record of 'patient-000003' is not what was written"),
        ("record SET name = 'patient-x'", "the record of 'patient-x' is not what was written"),
        ("record SET labels = NULL", "the record of 'patient-000003' is not what was written"),
        ("intent SET sent_at = 0.5", "the intent of 'patient-000003' is not what was written"),
    ],
)
def test_a_row_that_is_not_what_was_written_is_refused_before_it_is_acted_on(
    written: Path, change: str, what: str
) -> None:
    intent = Intent("patient-000003", "delete", None, 2)
    with SqliteStore(written).writer(OWNER, timeout=0) as writer:
        writer.intend([intent])
    assert SqliteStore(written).records()["patient-000003"].pending == intent
    with closing(sqlite3.connect(written, isolation_level=None)) as connection:
        connection.execute(f"UPDATE {change} WHERE name = 'patient-000003'")
    present = SqliteStore(written).records() if "intent" not in change else {}
    names = [one for one in ("patient-000003", "patient-x") if one in present] or ["patient-000003"]
    assert what in str(refused(written, lambda store: store.verify(names)))
    SqliteStore(written).verify(["patient-000002"])


def test_an_intent_to_do_what_nobody_knows_is_not_taken_for_another(written: Path) -> None:
    odd = Intent("patient-000003", cast("Any", "replace"), None, 2)
    with SqliteStore(written).writer(OWNER, timeout=0) as writer:
        writer.intend([odd])
    told = str(refused(written, USES["records"]))
    assert "the intent of 'patient-000003' is to 'replace', which nobody knows" in told


def test_a_header_that_is_not_what_was_written_is_refused(written: Path) -> None:
    with closing(sqlite3.connect(written, isolation_level=None)) as connection:
        connection.execute("UPDATE meta SET serial = serial + 1")
    assert "the header of" in str(refused(written, USES["header"]))
    with pytest.raises(StoreError, match="is not what was written"):
        USES["writer"](SqliteStore(written))


def test_an_upload_that_is_not_what_was_written_is_unknown(written: Path) -> None:
    kept = [Upload("xxh3:1", "redbrick", "one"), Upload("xxh3:2", "redbrick", "two")]
    with SqliteStore(written).writer(OWNER, timeout=0) as writer:
        writer.commit(uploads=kept)
    with closing(sqlite3.connect(written, isolation_level=None)) as connection:
        connection.execute("UPDATE upload SET ref = 'tvo' WHERE ref = 'two'")
    with SqliteStore(written).writer(OWNER, timeout=0) as writer:
        assert writer.uploads(["xxh3:1", "xxh3:2"], "redbrick") == {"xxh3:1": "one"}
        assert writer.contents(["one", "tvo"]) == {"one": "xxh3:1"}
        writer.commit(uploads=kept)
        assert len(writer.uploads(["xxh3:1", "xxh3:2"], "redbrick")) == 2


def test_a_state_that_another_program_keeps_locked_is_not_called_damaged(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_connections, "PATIENCE", 0.1)
    with closing(sqlite3.connect(written, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("UPDATE meta SET serial = 5")
        with pytest.raises(StoreError, match="cannot be used: another program keeps it locked"):
            SqliteStore(written).records()


def test_a_mistake_of_the_program_is_not_dressed_up_as_a_bad_state(state: Path) -> None:
    with (
        SqliteStore(state).writer(OWNER, timeout=0) as writer,
        pytest.raises(sqlite3.Error, match="binding"),
    ):
        writer.commit(removed=[object()])  # type: ignore[list-item] # what the test is about


@pytest.mark.parametrize(
    ("column", "flipped"),
    [
        (b"ref TEXT NOT NULL, seal", b"ref TEXT NOT NULL, seam"),
        (b"ref TEXT NOT NULL", b"rdf TEXT NOT NULL"),
        (b"mark TEXT NOT NULL", b"park TEXT NOT NULL"),
        (b"operation TEXT NOT NULL", b"opesation TEXT NOT NULL"),
        (b"attempted TEXT", b"attemptee TEXT"),
    ],
)
def test_a_table_that_lost_a_column_is_refused_before_anything_is_sent(
    written: Path, column: bytes, flipped: bytes
) -> None:
    raw = written.read_bytes()
    assert raw.count(column) == 1
    damaged = raw.replace(column, flipped)
    written.write_bytes(damaged)
    with (
        pytest.raises(StoreError, match="is damaged") as raised,
        SqliteStore(written).writer(OWNER, timeout=1),
    ):
        pass
    assert raised.value.exit_code == ExitCode.STATE
    assert written.read_bytes() == damaged

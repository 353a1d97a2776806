"""A state in PostgreSQL meets what happens to servers and to those who write."""

from __future__ import annotations

import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from rbsync.errors import ExitCode, LockedError, RbsyncError, StateError, StoreError, UsageError
from rbsync.model.record import Header, Intent, Record
from rbsync.stores import change_log, open_store
from rbsync.stores.base import Mark, Movable, Upload
from rbsync.stores.postgresql import state_tables, team_writer
from rbsync.stores.postgresql import team_store as team_store_module
from rbsync.stores.postgresql.server_address import ServerAddress, read_address
from rbsync.stores.postgresql.sessions import Session
from rbsync.stores.postgresql.team_store import TeamStore
from rbsync.stores.postgresql.team_writer import PATIENCE
from rbsync.stores.row_values import Content
from rbsync.stores.sqlite import SqliteStore
from tests.builders import OTHER, OWNER, PRINT
from tests.postgres_server import PASSWORD, Server
from tests.stores.samples import golden, many
from tests.stores.victim import BATCH
from tests.victims import Start

TAKEN = "StoreError: Another run has taken over the state; this one wrote nothing more to it.\n"
HEADER = Header("4b32bb5f-6f5c-4a79-9d5b-0a4d0b3f5a11", 12, 3, "local:0f5c")
CANARY = "canary-7f1e"
Open = Callable[[], TeamStore]


@pytest.fixture
def database(postgres: Server) -> str:
    return postgres.database()


@pytest.fixture
def opening(postgres: Server, database: str) -> Iterator[Open]:
    """Opens the same state, each time as somebody else."""
    made: list[TeamStore] = []

    def opened() -> TeamStore:
        made.append(team_store(postgres.url(database)))
        return made[-1]

    yield opened
    for one in made:
        one.close()


def team_store(url: str) -> TeamStore:
    store = open_store(url, "/")
    assert isinstance(store, TeamStore)
    return store


def cut(postgres: Server, database: str, which: str = "true") -> int:
    """Ends the sessions of a database, as an administrator does; how many there were."""
    with postgres.asked_as("postgres", "postgres") as session:
        query = (
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            f" WHERE datname = '{database}' AND {which}"
        )
        return len(session.execute(query.encode()).fetchall())


# Addresses


@pytest.mark.parametrize(
    ("url", "options", "schema"),
    [
        ("postgresql:", {}, "rbsync"),
        ("postgres://", {}, "rbsync"),
        ("postgresql://?service=team&schema=scans", {"service": "team"}, "scans"),
        (
            "postgresql://ann@db.example.org:5433/labels?sslmode=require",
            {
                "user": "ann",
                "host": "db.example.org",
                "port": "5433",
                "dbname": "labels",
                "sslmode": "require",
            },
            "rbsync",
        ),
    ],
)
def test_a_url_says_where_the_state_is(url: str, options: dict[str, str], schema: str) -> None:
    assert read_address(url.partition(":")[2]) == (options, schema)
    assert isinstance(open_store(url, "/"), TeamStore)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ann:{CANARY}@db.example.org/labels",
        f"postgresql://db.example.org/labels?password={CANARY}",
        f"postgresql://db.example.org/labels?sslpassword={CANARY}",
        f"postgresql://db.example.org/labels?passfile={CANARY}",
        f"postgresql://db.example.org/labels?{CANARY}=1",
        f"postgresql://db.example.org/labels?{CANARY}",
        f"postgresql://db.example.org/%zz{CANARY}",
        f"postgresql://[{CANARY}/labels",
        f"postgresql:{CANARY}",
        f"postgresql:/{CANARY}",
        f"postgres://ann:{CANARY}@",
        "postgresql://db.example.org/labels?options=-csearch_path%3Dx",
        "postgresql://db.example.org/labels?schema=public",
        "postgresql://db.example.org/labels?schema=pg_toast",
        "postgresql://db.example.org/labels?schema=A;B",
        "postgresql://db.example.org/labels?schema=",
        f"postgresql://db.example.org/%ff{CANARY}",
        f"postgresql://db.example.org/\udcff{CANARY}",
    ],
)
def test_a_url_with_a_password_or_what_nobody_knows_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(url, "/")
    assert CANARY not in str(caught.value)
    assert CANARY not in caught.value.hint
    assert caught.value.hint
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("rest", "key"),
    [
        ("/labels?schema=a&schema=b", "schema"),
        ("/labels?schema=a&schema=a", "schema"),
        ("/labels?sslmode=require&sslmode=disable", "sslmode"),
        ("db.example.org/labels?host=other.example.org", "host"),
        ("ann@db.example.org/labels?user=ben", "user"),
        ("db.example.org:5432/labels?port=5433", "port"),
        ("/labels?dbname=other", "dbname"),
    ],
)
def test_what_a_url_sets_twice_is_refused(rest: str, key: str) -> None:
    with pytest.raises(UsageError, match=f"sets `{key}` more than once"):
        open_store(f"postgresql://{rest}", "/")


@pytest.mark.parametrize(
    ("url", "said", "hint"),
    [
        ("postgresql:///labels?schema=a&sch%65ma=b", "sets `schema` more than", "postgresql://"),
        ("postgresql://db?sslmode=require&ssl=true", "sets `sslmode` more than", "postgresql://"),
        ("postgresql://db/labels?shema=wards", "nobody knows", "perhaps `schema` was meant"),
        ("postgresql://db/labels?Schema=wards", "nobody knows", "perhaps `schema` was meant"),
        ("postgresql://db?sslmod=verify-full", "nobody knows", "perhaps `sslmode` was meant"),
        ("postgresql://db/labels?sslmode=", "no value for `sslmode`", "postgresql://USER@HOST"),
    ],
)
def test_what_a_url_says_twice_or_misspells_is_told(url: str, said: str, hint: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        open_store(url, "/")
    assert hint in caught.value.hint


def test_without_the_driver_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UsageError, match="needs the driver psycopg") as caught:
        open_store("postgresql://db.example.org/labels", "/")
    assert caught.value.hint == "pip install 'rbsync[postgres]'"


# Servers that cannot keep a state


@pytest.mark.parametrize(
    ("options", "encoding"),
    [
        ("ENCODING LATIN1 TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'", "LATIN1"),
        ("ENCODING SQL_ASCII TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'", "SQL_ASCII"),
    ],
)
def test_a_database_of_another_encoding_is_refused(
    postgres: Server, options: str, encoding: str
) -> None:
    store = team_store(postgres.url(postgres.database(options)))
    with pytest.raises(StoreError, match=f"the encoding of its database is {encoding}") as caught:
        store.writer(OWNER, timeout=0).__enter__()
    assert "--encoding=UTF8" in caught.value.hint
    with pytest.raises(StoreError, match="encoding"):
        store.header()


def test_a_server_that_is_not_there_is_told_with_what_to_look_at(tmp_path: Path) -> None:
    store = team_store(f"postgresql:///labels?host={tmp_path}&port=6543&connect_timeout=2")
    with pytest.raises(StoreError, match="cannot be used: ") as caught:
        store.header()
    assert caught.value.exit_code is ExitCode.ERROR
    assert "See that the server runs" in caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_database_that_is_not_there_is_told_how_to_make(postgres: Server) -> None:
    with pytest.raises(StoreError, match='database "none" does not exist') as caught:
        team_store(postgres.url("none")).header()
    assert caught.value.hint.startswith("Make the database")


def test_a_role_that_may_make_no_schema_is_told_what_the_owner_runs(
    postgres: Server, database: str, opening: Open
) -> None:
    with postgres.asked_as("postgres", database) as session:
        session.execute(f"ALTER DATABASE {database} OWNER TO postgres".encode())
    with pytest.raises(StoreError, match="permission denied") as caught:
        opening().writer(OWNER, timeout=0).__enter__()
    assert "CREATE SCHEMA rbsync AUTHORIZATION team" in caught.value.hint
    with postgres.asked_as("postgres", database) as session:
        session.execute("CREATE SCHEMA rbsync AUTHORIZATION team")
    with opening().writer(OWNER, timeout=0) as writer:
        writer.commit([Record("a")])


def test_a_schema_with_tables_of_others_is_left_alone(
    postgres: Server, database: str, opening: Open
) -> None:
    with postgres.asked_as("team", database) as session:
        session.execute("CREATE SCHEMA rbsync CREATE TABLE record (mine text)")
    with pytest.raises(StoreError, match="already exists") as caught:
        opening().writer(OWNER, timeout=0).__enter__()
    assert caught.value.hint.startswith("Name another schema")


def test_a_state_whose_header_table_was_dropped_is_damaged_and_no_new_one(
    postgres: Server, database: str, opening: Open
) -> None:
    with opening().writer(OWNER, timeout=0) as writer:
        writer.commit([Record("a")])
    with postgres.asked_as("team", database) as session:
        session.execute("DROP TABLE rbsync.meta")
    for attempt in (opening().records, opening().writer(OWNER, timeout=0).__enter__):
        with pytest.raises(StateError, match="its table `meta` is gone"):
            attempt()


@pytest.mark.parametrize("setting", ["standard_conforming_strings", "array_nulls"])
def test_what_an_old_program_has_set_for_the_role_changes_nothing_that_is_written(
    postgres: Server, database: str, opening: Open, setting: str
) -> None:
    with postgres.asked_as("postgres", database) as session:
        session.execute(f"ALTER ROLE team IN DATABASE {database} SET {setting} = off".encode())
    written = [Record("a"), Record("b\\é", PRINT, "t")]
    with opening().writer(OWNER, timeout=0) as writer:
        writer.commit(written)
        writer.intend([Intent("c", "create", PRINT, 1.5)])
    store = opening()
    found = store.records()
    store.verify(found)
    assert found.keys() == {"a", "b\\é", "c"}
    assert found["b\\é"] == written[1]


def test_whatever_is_set_for_the_role_the_state_reads_as_it_was_written(
    postgres: Server, database: str, opening: Open
) -> None:
    settings = (
        *("statement_timeout = '50ms'", "lock_timeout = '50ms'", "search_path = pg_catalog"),
        *("idle_in_transaction_session_timeout = '50ms'", "idle_session_timeout = '50ms'"),
        *("extra_float_digits = -15", "bytea_output = escape", "client_encoding = LATIN1"),
        *("default_transaction_isolation = serializable", "DateStyle = German"),
        *("quote_all_identifiers = on", "transform_null_equals = on"),
    )
    with postgres.asked_as("postgres", database) as session:
        for one in settings:
            session.execute(f"ALTER ROLE team IN DATABASE {database} SET {one}".encode())
    name = "приве́т/患者-1/é😀\\x"
    intent = Intent(name, "update", PRINT, 1234567890.1234567)
    with opening().writer(OWNER, timeout=0) as writer:
        writer.commit([Record(name, PRINT, "задача"), *many(600)])
        writer.intend([intent])
        # For longer than a session may have nothing to do.
        time.sleep(0.1)
        writer.commit([Record("b", PRINT, "2")])
    found = opening().records()
    opening().verify(found)
    assert len(found) == 602
    assert found[name] == Record(name, PRINT, "задача", pending=intent)


def test_a_database_that_allows_no_temporary_tables_takes_many_records_at_once(
    postgres: Server, database: str, opening: Open
) -> None:
    with postgres.asked_as("postgres", database) as session:
        session.execute("CREATE SCHEMA rbsync AUTHORIZATION team")
        session.execute(f"ALTER DATABASE {database} OWNER TO postgres".encode())
        session.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC, team".encode())
        session.execute(f"GRANT CONNECT ON DATABASE {database} TO team".encode())
    with opening().writer(OWNER, timeout=0) as writer:
        writer.commit(many(6_000))
        writer.commit(many(501))
    assert len(opening().records()) == 6_000


def test_a_newer_format_is_left_alone(postgres: Server, database: str, opening: Open) -> None:
    with opening().writer(OWNER, timeout=0) as writer:
        writer.commit([Record("a")])
    with postgres.asked_as("team", database) as session:
        session.execute("UPDATE rbsync.meta SET format = 9")
    for attempt in (opening().records, opening().writer(OWNER, timeout=0).__enter__):
        with pytest.raises(StateError, match="has format 9; this rbsync knows formats up to 1"):
            attempt()


def test_the_first_format_is_read_and_goes_on(
    postgres: Server, database: str, opening: Open
) -> None:
    text = (Path(__file__).parent / "golden" / "postgresql" / "v1.sql").read_text("utf-8")
    with postgres.asked_as("team", database) as session:
        session.execute(text.encode())
    store = opening()
    assert store.header() == HEADER
    assert store.records() == golden()
    store.verify(golden())
    with store.writer(OWNER, timeout=0) as writer:
        assert writer.uploads(["xxh3:" + "d" * 32], "redbrick") == {"xxh3:" + "d" * 32: "blob/d"}
        writer.commit([Record("new", PRINT, "t")])
        assert writer.header().epoch == 4
    assert store.records() == {**golden(), "new": Record("new", PRINT, "t")}


def test_a_row_that_is_not_as_it_was_written_is_found(
    postgres: Server, database: str, opening: Open
) -> None:
    with opening().writer(OWNER, timeout=0) as writer:
        writer.commit(many(3))
    with postgres.asked_as("team", database) as session:
        session.execute("UPDATE rbsync.record SET task_id = 'x' WHERE task_id = 'task-1'")
    with pytest.raises(StateError, match="the record of 'patient-000001' is not what was written"):
        opening().verify(["patient-000001"])


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pooler_that_lends_sessions_to_others_is_refused(
    postgres: Server, database: str, mode: str
) -> None:
    with postgres.pooled(mode) as folder:
        store = team_store(f"postgresql:///{database}?host={folder}&user=team")
        with pytest.raises(StoreError, match="a pooler lends its sessions") as caught:
            store.writer(OWNER, timeout=0).__enter__()
        assert "pool_mode = session" in caught.value.hint
        store.close()


def test_a_pooler_that_keeps_sessions_apart_is_as_good_as_the_server(
    postgres: Server, database: str, opening: Open
) -> None:
    with postgres.pooled("session") as folder:
        store = team_store(f"postgresql:///{database}?host={folder}&user=team")
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit([Record("a", PRINT, "1")])
            with pytest.raises(LockedError):
                opening().writer(OWNER, timeout=0).__enter__()
        assert opening().records().keys() == {"a"}
        store.close()


# Connections that are cut


@pytest.mark.parametrize("lost", ["all", "the lock's", "the writing one", "a restart"])
def test_a_writer_goes_on_after_its_connections_were_cut(
    postgres: Server, database: str, opening: Open, lost: str
) -> None:
    store = opening()
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("before", PRINT, "1")])
        before = writer.header()
        ends: dict[str, Callable[[], object]] = {
            "all": lambda: cut(postgres, database),
            "the lock's": lambda: cut(postgres, database, "query = 'SELECT pg_backend_pid()'"),
            "the writing one": lambda: cut(postgres, database, "query = 'COMMIT'"),
            "a restart": postgres.restart,
        }
        assert ends[lost]() != 0
        writer.intend([Intent("after", "create", PRINT)])
        assert writer.pending_records().keys() == {"after"}
        writer.commit([Record("after", PRINT, "2")])
        assert writer.header() == Header(before.lineage, 2, before.epoch, "")
        assert store.owner() == OWNER
        assert store.is_held()
        with pytest.raises(LockedError):
            opening().writer(OWNER, timeout=0).__enter__()
    assert store.records().keys() == {"before", "after"}
    with opening().writer(OWNER, timeout=0):
        pass


def test_a_server_that_comes_back_is_waited_for(postgres: Server, opening: Open) -> None:
    with opening().writer(OWNER, timeout=0) as writer:
        writer.commit([Record("before")])
        postgres.stop()
        again = threading.Thread(target=postgres.start)
        again.start()
        writer.commit([Record("after")])
        again.join()
        assert writer.records().keys() == {"before", "after"}


def test_a_database_that_was_dropped_is_not_waited_for(
    postgres: Server, database: str, opening: Open
) -> None:
    with opening().writer(OWNER, timeout=0) as writer:
        with postgres.asked_as("postgres", "postgres") as session:
            session.execute(f"DROP DATABASE {database} WITH (FORCE)".encode())
        began = time.monotonic()
        for _ in range(2):
            with pytest.raises(StoreError, match="does not exist") as caught:
                writer.commit([Record("late")])
            assert "with `createdb`" in caught.value.hint
        assert time.monotonic() - began < PATIENCE / 4


def test_a_server_that_does_not_come_back_is_waited_for_once(
    postgres: Server, opening: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(team_writer, "PATIENCE", 1.0)
    with opening().writer(OWNER, timeout=0) as writer:
        postgres.stop()
        try:
            began = time.monotonic()
            for _ in range(8):
                with pytest.raises(StoreError):
                    writer.commit([Record("late")])
            # Each of the eight would wait for a second.
            assert 1 <= time.monotonic() - began < 6
        finally:
            postgres.start()
        writer.commit([Record("after")])
        assert writer.records().keys() == {"after"}


def test_a_commit_whose_answer_was_lost_is_done_once(opening: Open) -> None:
    store = opening()
    with store.writer(OWNER, timeout=0) as writer:
        real = writer._session
        writer._session = CutAtCommit(real)  # type: ignore[assignment]  # the rest is the session's
        writer.commit([Record("a", PRINT, "1")])
        assert writer._session is not real
        assert writer.header().serial == 1
        mark = store.mark()
        writer.commit([Record("b", PRINT, "2")])
        assert writer.header().serial == 2
        assert mark is not None
        assert store.changed_since(mark) == frozenset("b")
    assert store.records().keys() == {"a", "b"}


class CutAtCommit:
    """A session whose next transaction is committed, and that is cut before it says so."""

    def __init__(self, session: psycopg.Connection) -> None:
        self._session = session

    def __getattr__(self, name: str) -> object:
        return getattr(self._session, name)

    def transaction(self) -> CutAtCommit:
        self._inside = self._session.transaction()
        return self

    def __enter__(self) -> object:
        return self._inside.__enter__()

    def __exit__(self, *raised: object) -> None:
        self._inside.__exit__(None, None, None)
        self._session.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")


@pytest.mark.parametrize("dies", ["the client", "the server"])
def test_no_commit_that_was_acknowledged_is_lost(
    postgres: Server, database: str, opening: Open, start: Start, dies: str
) -> None:
    store, chance = opening(), random.Random(dies)
    acknowledged: set[int] = set()
    for _ in range(5):
        with store.writer(OWNER, timeout=20):
            pass
        victim = start("commit", postgres.url(database))
        acknowledged |= {int(victim.heard()) for _ in range(chance.randint(1, 12))}
        if dies == "the server":
            postgres.restart()
        said = victim.killed()
        # A last line without its end was not acknowledged.
        acknowledged |= {int(line) for line in said.splitlines(keepends=True) if line[-1] == "\n"}
        names = [one.name for one in store.records().values() if one.applied]
        batches = {int(name.split("/")[0]) for name in names}
        assert acknowledged <= batches
        assert len(names) == BATCH * len(batches)
    assert store.header().serial == len(batches)


# What commits changed


def mark_of(store: TeamStore) -> Mark:
    mark = store.mark()
    assert mark is not None
    return mark


def test_what_was_put_and_removed_since_a_commit_is_known(opening: Open) -> None:
    store, marks = opening(), list[Mark]()
    assert store.mark() is None
    assert store.changed_since(Mark(0, "")) is None
    with store.writer(OWNER, timeout=0) as writer:
        for put, removed in ((["a", "b"], []), (["c"], ["a"])):
            writer.commit([Record(one, PRINT, f"task-{one}") for one in put], removed=removed)
            marks.append(mark_of(store))
    assert [store.changed_since(one) for one in marks] == [frozenset("ac"), frozenset()]
    assert store.changed_since(Mark(1, "of a copy that went on by itself")) is None
    assert store.some_records(["a", "b", "x"]) == {"b": Record("b", PRINT, "task-b")}


@pytest.mark.parametrize(
    "damage", ["DELETE FROM rbsync.change_log", "UPDATE rbsync.change_log SET names = chr(91)"]
)
def test_a_log_that_is_not_as_it_was_written_is_not_believed(
    postgres: Server, database: str, opening: Open, damage: str
) -> None:
    store = opening()
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("a")])
        first = mark_of(store)
        writer.commit([Record("b")])
    with postgres.asked_as("team", database) as session:
        session.execute(f"{damage} WHERE serial = 2".encode())
    assert store.changed_since(first) is None


def test_old_commits_are_forgotten(opening: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_log, "MOST_COMMITS", 2)
    store, marks = opening(), list[Mark]()
    with store.writer(OWNER, timeout=0) as writer:
        for name in "abcd":
            writer.commit([Record(name)])
            marks.append(mark_of(store))
    assert [store.changed_since(one) for one in marks] == [None, None, frozenset("d"), frozenset()]


# Who holds the lock, and who does not any more


def test_a_writer_that_is_killed_leaves_the_lock(
    postgres: Server, database: str, opening: Open, start: Start
) -> None:
    holder = start("hold", postgres.url(database))
    assert holder.heard() == "held\n"
    assert holder.asked("a") == "done\n"
    store = opening()
    with pytest.raises(LockedError, match=f"pid {holder.pid}"):
        store.writer(OWNER, timeout=0).__enter__()
    holder.killed()
    with store.writer(OWNER, timeout=20) as writer:
        writer.commit([Record("b")])
    assert store.records().keys() == {"a", "b"}
    assert store.owner() is None


def test_a_writer_that_is_stopped_is_unlocked_and_refused_when_it_wakes_up(
    postgres: Server, database: str, opening: Open, start: Start
) -> None:
    holder = start("hold", postgres.url(database))
    assert holder.heard() == "held\n"
    assert holder.asked("before") == "done\n"
    holder.send_signal(signal.SIGSTOP)
    store = opening()
    with pytest.raises(LockedError):
        store.writer(OWNER, timeout=0.2).__enter__()
    store.unlock()
    assert store.owner() is None
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("mine")])
        holder.send_signal(signal.SIGCONT)
        assert holder.asked("late") == TAKEN
        assert writer.header().serial == 2
    assert store.records().keys() == {"before", "mine"}


def test_a_writer_that_was_unlocked_writes_nothing_though_nobody_else_came(opening: Open) -> None:
    with opening().writer(OWNER, timeout=0) as writer:
        opening().unlock()
        with pytest.raises(StoreError, match="Another run has taken over"):
            writer.commit([Record("late")])
    assert opening().records() == {}


def test_one_that_stands_still_in_the_middle_of_a_commit_does_not_keep_the_next_one_out(
    opening: Open,
) -> None:
    holding = opening().writer(OWNER, timeout=0)
    old = holding.__enter__()
    old._session.execute("BEGIN")
    old._session.execute("SELECT 1 FROM meta FOR UPDATE")
    store = opening()
    store.unlock()
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("mine")])
    with pytest.raises(StoreError):
        old.commit([Record("late")])
    old.close()
    assert store.records().keys() == {"mine"}


def test_what_is_committed_waits_for_the_servers_disk(opening: Open) -> None:
    with opening().writer(OWNER, timeout=0) as writer:
        for setting, value in (("synchronous_commit", "on"), ("search_path", "rbsync")):
            assert writer._session.execute(f"SHOW {setting}".encode()).fetchone() == (value,)


# Passwords


@pytest.fixture
def guarded(postgres: Server) -> Iterator[str]:
    """The URL of a state in a database that asks for a password."""
    database = postgres.database()
    with postgres.guarded(database):
        yield postgres.url(database)


@pytest.mark.parametrize("by", ["PGPASSWORD", "PGPASSFILE", "PGSERVICEFILE"])
def test_the_password_comes_from_where_people_keep_it(
    guarded: str, by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    text = {"PGPASSFILE": f"*:*:*:team:{PASSWORD}\n", "PGSERVICEFILE": f"[t]\npassword={PASSWORD}"}
    kept.write_text(text.get(by, ""))
    kept.chmod(0o600)
    monkeypatch.setenv(by, PASSWORD if by == "PGPASSWORD" else str(kept))
    store = team_store(guarded + ("&service=t" if by == "PGSERVICEFILE" else ""))
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("a")])
        assert PASSWORD not in str(store.owner())
    assert store.records().keys() == {"a"}
    store.close()


def test_a_wrong_password_is_told_and_not_repeated(
    guarded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", CANARY)
    with pytest.raises(StoreError, match="password authentication failed") as caught:
        team_store(guarded).header()
    assert caught.value.hint.startswith("Give the password by PGPASSWORD")
    assert CANARY not in f"{caught.value}{caught.value.hint}{caught.value.__cause__}"


# Copies and moves


def content_of(store: Movable) -> Content:
    found = store.content()
    assert found is not None
    return found.in_order


def test_a_copy_is_a_file_with_all_of_the_state(opening: Open, tmp_path: Path) -> None:
    store = opening()
    uploads = [Upload("c", "one", "1"), Upload("c\0", "two", "2")]
    with store.writer(OWNER, timeout=0) as writer:
        writer.claim("local:p")
        writer.commit([*golden().values(), Record("with\0nul", OTHER, "9")], uploads=uploads)
        target = tmp_path / "copy.db"
        store.backup(str(target))
        assert content_of(SqliteStore(target)) == content_of(store)
    with pytest.raises(StoreError, match="There is "):
        store.backup(str(target))
    with pytest.raises(StoreError, match="no state"):
        team_store(f"{store._address}_none").backup("x")


def test_a_state_that_was_put_away_is_no_state_and_its_copy_is_all_of_it(opening: Open) -> None:
    store = opening()
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("a", PRINT, "1")])
        before = content_of(store)
        url = store.retire()
    assert store.header() is None
    away = team_store(url)
    assert content_of(away) == before
    away.close()


def test_two_states_that_are_put_away_within_one_second_are_both_kept(
    opening: Open, one_second: None
) -> None:
    kept: list[str] = []
    for name in "ab":
        store = opening()
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit([Record(name)])
            kept.append(store.retire())
    first, second = map(team_store, kept)
    assert (list(first.records()), list(second.records())) == (["a"], ["b"])
    first.close()
    second.close()


def test_who_waited_for_a_state_that_was_moved_makes_no_new_one(opening: Open) -> None:
    refused: list[RbsyncError] = []
    waiting = opening()

    def wait() -> None:
        try:
            with waiting.writer(OWNER, timeout=20):
                raise AssertionError
        except RbsyncError as error:
            refused.append(error)

    store = opening()
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("a")])
        thread = threading.Thread(target=wait)
        thread.start()
        while not waits(store):
            pass
        store.retire()
    thread.join()
    assert "it was moved away" in str(refused[0])
    assert store.header() is None


def waits(store: TeamStore) -> bool:
    """Tells whether another session has just been refused the lock."""
    query = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_try_advisory_lock%'"
    return bool(store._ask(lambda session: session.execute(query).fetchall()))


@pytest.mark.parametrize("seen", ["no table", "an empty table"])
def test_a_state_that_another_client_makes_meanwhile_is_no_damage(
    opening: Open, monkeypatch: pytest.MonkeyPatch, seen: str
) -> None:
    """What came after a snapshot is not in it, though the table may be known already."""
    store, real = opening(), state_tables.present_format

    def made_meanwhile(session: Session, address: ServerAddress) -> int:
        monkeypatch.setattr(team_store_module, "present_format", real)
        if seen == "an empty table":
            session.execute("SELECT 1")
        with opening().writer(OWNER, timeout=5) as writer:
            writer.commit([Record("a", PRINT, "1")])
        return real(session, address)

    monkeypatch.setattr(team_store_module, "present_format", made_meanwhile)
    if seen == "no table":
        before = made_meanwhile

        def missed(session: Session, address: ServerAddress) -> int:
            before(session, address)
            raise psycopg.errors.UndefinedTable

        monkeypatch.setattr(team_store_module, "present_format", missed)
    assert store.records() == {"a": Record("a", PRINT, "1")}


def test_a_state_without_its_header_is_damaged(
    opening: Open, postgres: Server, database: str
) -> None:
    with opening().writer(OWNER, timeout=5):
        pass
    with postgres.asked_as("postgres", database) as session:
        session.execute("DELETE FROM rbsync.meta")
    with pytest.raises(StateError, match="is damaged: its table `meta` is empty"):
        opening().header()

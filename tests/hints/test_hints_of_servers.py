"""The hints about states in PostgreSQL, each followed until the state can be used."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from rbsync.errors import RbsyncError, StoreError, UsageError
from rbsync.model.record import Header, Record
from rbsync.stores import open_store, sqlite_rows
from rbsync.stores.base import Movable, Store
from rbsync.stores.postgresql import sessions
from rbsync.stores.row_values import Content
from rbsync.stores.sqlite import SqliteStore
from tests.builders import OWNER
from tests.disks import disk_of
from tests.hints.following import follows
from tests.postgres_server import PASSWORD, ROLE, Server
from tests.scenarios.project import Project

MANIFEST = """\
defaults: {storage: public}
datapoints:
  - {name: a, items: ['https://example.org/a.png']}
"""


@pytest.fixture
def database(postgres: Server) -> str:
    return postgres.database()


def use(url: str) -> None:
    """Writes to a state and reads it again."""
    store = open_store(url, "/")
    try:
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit([Record("a")])
        assert "a" in store.records()
    finally:
        store.close()


def advised(url: str, kind: type[RbsyncError] = StoreError) -> str:
    with pytest.raises(kind) as caught:
        use(url)
    return caught.value.hint


def as_administrator(server: Server, database: str, statement: str) -> None:
    with server.asked_as("postgres", database) as session:
        session.execute(statement.encode())


@follows("postgresql://USER@HOST:PORT/DATABASE?schema=SCHEMA, of which each part may be left out")
def test_a_url_that_is_none(postgres: Server, database: str, monkeypatch) -> None:
    for url in ("postgresql:db", f"postgresql:///{database}?nonsense=1", "postgresql://[x/db"):
        assert "postgresql://USER@HOST:PORT/DATABASE" in advised(url, UsageError)
    for name, value in postgres.environment.items():
        monkeypatch.setenv(name, value)
    use(f"postgresql:///{database}?schema=other")
    use(f"postgresql://{ROLE}@/{database}")


@follows("perhaps `", "` was meant")
def test_a_url_with_a_misspelt_parameter(postgres: Server, database: str) -> None:
    wrong = postgres.url(database).replace("schema=", "shema=")
    hint = advised(wrong, UsageError)
    use(wrong.replace("shema=", f"{hint.split('`')[1]}="))


@follows("give the password by PGPASSWORD, a password file (PGPASSFILE)")
def test_a_url_with_a_password(postgres: Server, database: str, monkeypatch) -> None:
    url = postgres.url(database)
    assert "PGPASSWORD" in advised(f"{url}&password={PASSWORD}", UsageError)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    with postgres.guarded(database):
        use(url)


@follows("Give the password by PGPASSWORD, PGPASSFILE or a service file")
def test_a_password_that_is_missing(
    postgres: Server, database: str, tmp_path: Path, monkeypatch
) -> None:
    with postgres.guarded(database):
        assert "PGPASSFILE" in advised(postgres.url(database))
        (tmp_path / "pgpass").write_text(f"*:*:*:{ROLE}:{PASSWORD}\n")
        (tmp_path / "pgpass").chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
        use(postgres.url(database))


@follows("a schema of its own has a name of at most 41 of a-z, 0-9 and _")
def test_a_schema_that_is_everybodys(postgres: Server, database: str) -> None:
    hint = advised(postgres.url(database, "public"), UsageError)
    assert hint == "a schema of its own has a name of at most 41 of a-z, 0-9 and _"
    use(postgres.url(database, "wards_7"))


@follows("Make another: createdb --encoding=UTF8 --template=template0 NAME")
def test_a_database_of_another_encoding(postgres: Server) -> None:
    latin = postgres.database("ENCODING LATIN1 TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    assert "createdb --encoding=UTF8 --template=template0" in advised(postgres.url(latin))
    use(postgres.url(postgres.database("ENCODING UTF8 TEMPLATE template0")))


@follows("Upgrade the server to PostgreSQL 14 or newer")
def test_a_server_that_is_too_old(postgres: Server, database: str) -> None:
    with mock.patch.object(sessions, "_OLDEST", 9_990_000):
        assert "Upgrade the server" in advised(postgres.url(database))
    use(postgres.url(database))


@follows("Name the server itself, or a pool with pool_mode = session: the lock is a session's")
def test_a_pooler_that_lends_sessions(postgres: Server, database: str) -> None:
    with postgres.pooled("transaction") as folder:
        pooled = f"postgresql:///{database}?host={folder}&user={ROLE}"
        assert "pool_mode = session" in advised(pooled)
        use(postgres.url(database))
    with postgres.pooled("session") as folder:
        use(f"postgresql:///{database}?host={folder}&user={ROLE}")


@follows(
    "See that the server runs and that its host, port and database are the ones that are meant"
)
def test_a_server_that_is_not_there(postgres: Server, database: str) -> None:
    postgres.stop()
    try:
        assert "See that the server runs" in advised(postgres.url(database))
    finally:
        postgres.start()
    use(postgres.url(database))


@follows("Make the database, with `createdb`, or name the one that is meant in the URL")
def test_a_database_that_is_not_there(postgres: Server) -> None:
    assert "with `createdb`" in advised(postgres.url("labels"))
    as_administrator(postgres, "postgres", f"CREATE DATABASE labels OWNER {ROLE}")
    use(postgres.url("labels"))


@follows("Let the database's owner run: CREATE SCHEMA ", "people of one team share a role, by")
def test_a_role_that_may_make_no_schema(postgres: Server, database: str) -> None:
    as_administrator(postgres, database, f"ALTER DATABASE {database} OWNER TO postgres")
    hint = advised(postgres.url(database))
    assert "people of one team share a role, by ALTER ROLE name SET role = team" in hint
    statement = hint.removeprefix("Let the database's owner run: ").partition(";")[0]
    as_administrator(postgres, database, statement)
    use(postgres.url(database))
    # A colleague with a role of their own, who is one of the team.
    as_administrator(postgres, database, "CREATE ROLE ann LOGIN")
    hers = postgres.url(database).replace(f"user={ROLE}", "user=ann")
    assert "ALTER ROLE name SET role" in advised(hers)
    # Whoever only looks is told, too: it is not that there is no state.
    with pytest.raises(StoreError, match="permission denied"):
        open_store(hers, "/").header()
    as_administrator(postgres, database, f"GRANT {ROLE} TO ann")
    as_administrator(postgres, database, f"ALTER ROLE ann SET role = {ROLE}")
    use(hers)


@follows("Let the schema's owner run: GRANT ALL ON SCHEMA ", "people of one team share a role, by")
@pytest.mark.parametrize(
    "before",
    [
        "SELECT",
        "GRANT USAGE ON SCHEMA rbsync TO bob",
        "GRANT USAGE ON SCHEMA rbsync TO bob; GRANT SELECT ON ALL TABLES IN SCHEMA rbsync TO bob",
    ],
)
def test_a_role_that_lacks_a_right(postgres: Server, database: str, before: str) -> None:
    use(postgres.url(database))
    as_administrator(postgres, "postgres", "DROP ROLE IF EXISTS bob")
    as_administrator(postgres, "postgres", "CREATE ROLE bob LOGIN")
    as_administrator(postgres, database, before)
    his = postgres.url(database).replace(f"user={ROLE}", "user=bob")
    hint = advised(his)
    for statement in hint.removeprefix("Let the schema's owner run: ").split("; ")[:2]:
        as_administrator(postgres, database, statement)
    use(his)
    as_administrator(postgres, database, "DROP OWNED BY bob")


@follows("Name a role that the server lets in, by the URL or PGUSER")
def test_a_role_that_is_not_there(postgres: Server, database: str) -> None:
    assert "by the URL or PGUSER" in advised(postgres.url(database).replace(ROLE, "nobody"))
    use(postgres.url(database))


@follows("Run it as the role team, or let an administrator run: GRANT team TO eve")
def test_a_lock_of_another_role(postgres: Server, database: str) -> None:
    use(postgres.url(database))
    as_administrator(postgres, database, "CREATE ROLE eve LOGIN")
    as_administrator(postgres, database, "GRANT USAGE ON SCHEMA rbsync TO eve")
    as_administrator(postgres, database, "GRANT ALL ON ALL TABLES IN SCHEMA rbsync TO eve")
    hers = open_store(postgres.url(database).replace(f"user={ROLE}", "user=eve"), "/")
    with open_store(postgres.url(database), "/").writer(OWNER, timeout=0) as writer:
        with pytest.raises(StoreError) as caught:
            hers.unlock()
        # It was not half done: the note is there, and the writer goes on.
        assert hers.owner() == OWNER
        writer.commit([Record("b")])
        as_administrator(postgres, database, caught.value.hint.rpartition("run: ")[2])
        hers.unlock()
        assert not hers.is_held()
        with pytest.raises(StoreError, match="has taken over"):
            writer.commit([Record("late")])
    hers.close()
    as_administrator(postgres, database, "DROP OWNED BY eve")
    as_administrator(postgres, database, "DROP ROLE eve")


@follows("Name another schema, ?schema=NAME: this one has tables of somebody else")
def test_a_schema_with_tables_of_others(postgres: Server, database: str) -> None:
    as_administrator(postgres, database, f"CREATE SCHEMA rbsync AUTHORIZATION {ROLE}")
    as_administrator(postgres, database, "CREATE TABLE rbsync.record (mine text)")
    assert "?schema=NAME" in advised(postgres.url(database))
    use(postgres.url(database, "mine"))


@follows("Name the primary server: a standby cannot be written to")
def test_a_server_that_only_answers(postgres: Server, database: str) -> None:
    setting = f"ALTER DATABASE {database} SET default_transaction_read_only = "
    as_administrator(postgres, database, setting + "on")
    assert "Name the primary server" in advised(postgres.url(database))
    use(postgres.url(postgres.database()))


@follows("Let the server take more connections, or run fewer commands at once")
def test_a_server_with_too_many_clients(postgres: Server, database: str) -> None:
    as_administrator(postgres, database, f"ALTER DATABASE {database} CONNECTION LIMIT 1")
    assert "run fewer commands at once" in advised(postgres.url(database))
    as_administrator(postgres, database, f"ALTER DATABASE {database} CONNECTION LIMIT 9")
    use(postgres.url(database))


@follows("Free some space on the server, then run the command again")
def test_a_server_whose_disk_is_full(postgres: Server) -> None:
    with disk_of(postgres.folder / "disk", mebibytes=24) as disk:
        postgres.own(disk)
        as_administrator(postgres, "postgres", f"CREATE TABLESPACE small LOCATION '{disk}'")
        database = postgres.database("TABLESPACE small")
        url = postgres.url(database)
        use(url)
        ballast = disk / "ballast"
        fill(ballast)
        store = open_store(url, "/")
        with store.writer(OWNER, timeout=0) as writer, pytest.raises(StoreError) as caught:
            writer.commit([Record(f"{one:0>200}") for one in range(5000)])
        assert "Free some space on the server" in caught.value.hint
        ballast.unlink()
        use(url)
        store.close()
        as_administrator(postgres, "postgres", f"DROP DATABASE {database}")
        as_administrator(postgres, "postgres", "DROP TABLESPACE small")


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as ballast:
        for size in (1 << 16, 1 << 12):
            try:
                while ballast.write(bytes(size)):
                    pass
            except OSError:
                continue


@follows("Put the database back from a backup; or rename the schema and rebuild")
def test_a_state_that_is_damaged(
    postgres: Server, database: str, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("RBSYNC_STATE_URL", postgres.url(database))
    project = Project(tmp_path / "data")
    project.manifest(MANIFEST)
    assert project.apply().code == 0
    as_administrator(postgres, database, "UPDATE rbsync.meta SET serial = 7")
    ran = project.run("plan")
    assert "is damaged: the header of 1 is not what was written" in ran.err
    assert "rename the schema and rebuild" in ran.err
    as_administrator(postgres, database, "ALTER SCHEMA rbsync RENAME TO damaged")
    assert project.run("refresh").code == 0
    assert "No changes" in project.run("plan").out


@follows("pip install 'rbsync[postgres]'")
def test_a_driver_that_is_not_installed(postgres: Server, database: str, monkeypatch) -> None:
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "psycopg", None)
        assert advised(postgres.url(database), UsageError) == "pip install 'rbsync[postgres]'"
    use(postgres.url(database))


@follows("Run the command again with the URL of where it is now")
def test_a_state_that_was_moved_while_it_was_waited_for(postgres: Server, database: str) -> None:
    url = postgres.url(database)
    use(url)
    store, waiting = open_store(url, "/"), open_store(url, "/")
    with store.writer(OWNER, timeout=0):
        moved: list[str] = []
        free = iter_taken(store, moved)
        with (
            mock.patch.object(sessions.AdvisoryLock, "take", side_effect=free),
            pytest.raises(StoreError) as caught,
        ):
            waiting.writer(OWNER, timeout=5).__enter__()
    assert "the URL of where it is now" in caught.value.hint
    (away,) = moved
    use(away)
    store.close()
    waiting.close()


def iter_taken(store: Store, moved: list[str]) -> Iterator[bool]:
    """The lock is had as soon as the state is not there any more."""
    yield False
    assert isinstance(store, Movable)
    moved.append(store.retire())
    yield True


# Moves


@pytest.fixture
def moving(tmp_path: Path) -> Project:
    project = Project(tmp_path / "data")
    project.manifest(MANIFEST)
    assert project.apply().code == 0
    return project


@follows("give the URL of another store")
def test_a_move_to_where_it_is(moving: Project) -> None:
    ran = moving.run("state", "migrate", "sqlite:")
    assert "give the URL of another store" in ran.err
    assert moving.run("state", "migrate", "sqlite:other.db").code == 0


@follows("files (sqlite:PATH) and databases (postgresql:) can be moved to and from")
def test_a_move_to_a_store_that_keeps_nothing(
    moving: Project, postgres: Server, database: str
) -> None:
    assert "can be moved to and from" in moving.run("state", "migrate", "memory:").err
    assert moving.run("state", "migrate", postgres.url(database)).code == 0


@follows("Let the database's owner run: GRANT CREATE ON DATABASE ")
def test_a_move_from_a_schema_that_cannot_be_renamed(
    moving: Project, postgres: Server, database: str
) -> None:
    url = postgres.url(database)
    assert moving.run("state", "migrate", url).code == 0
    as_administrator(postgres, database, f"ALTER DATABASE {database} OWNER TO postgres")
    ran = moving.run("state", "migrate", "sqlite:", "--state", url)
    assert "GRANT CREATE ON DATABASE" in ran.err
    # There is one state as before: a copy would be taken for it.
    assert not (moving.folder / ".rbsync/state.db").exists()
    as_administrator(postgres, database, f"GRANT CREATE ON DATABASE {database} TO {ROLE}")
    assert moving.run("state", "migrate", "sqlite:", "--state", url).code == 0


@follows("name another place, or another schema: ?schema=NAME")
def test_a_move_to_where_another_state_is(moving: Project, postgres: Server, database: str) -> None:
    use(postgres.url(database))
    ran = moving.run("state", "migrate", postgres.url(database))
    assert "name another place, or another schema" in ran.err
    assert moving.run("state", "migrate", postgres.url(database, "mine")).code == 0


@follows("go on with that one: name it by RBSYNC_STATE_URL or --state")
def test_a_move_to_where_a_newer_copy_is(moving: Project) -> None:
    SqliteStore(moving.folder / ".rbsync/state.db").backup(moving.folder / "copy.db")
    with SqliteStore(moving.folder / "copy.db").writer(OWNER, timeout=0) as writer:
        writer.commit([Record("b")])
    assert "go on with that one" in moving.run("state", "migrate", "sqlite:copy.db").err
    assert moving.run("--state", "sqlite:copy.db", "state", "list").out.count("\n") == 2


@follows("go on with the old one, and look at the disk or the server of the new one")
def test_a_move_that_does_not_arrive(moving: Project) -> None:
    whole = sqlite_rows.fill

    def half(connection: sqlite3.Connection, content: Content) -> None:
        whole(connection, content._replace(records=content.records[1:]))

    with mock.patch.object(sqlite_rows, "fill", half):
        ran = moving.run("state", "migrate", "sqlite:other.db")
    assert "go on with the old one" in ran.err
    assert "No changes" in moving.run("plan").out


@follows("the first `rbsync apply` makes it")
def test_a_move_of_no_state(moving: Project) -> None:
    (moving.folder / ".rbsync/state.db").unlink()
    assert "makes it" in moving.run("state", "migrate", "sqlite:other.db").err
    assert moving.apply().code == 0
    assert moving.run("state", "migrate", "sqlite:other.db").code == 0


@follows("Move it away, or name another.", "Name another schema")
def test_a_place_that_is_taken_meanwhile(moving: Project, postgres: Server, database: str) -> None:
    use(postgres.url(database))
    moving.write("taken.db", "something")
    for url, hint in (("sqlite:taken.db", "Move it away, or"), (postgres.url(database), "Name an")):
        target = open_store(url, str(moving.folder))
        assert isinstance(target, Movable)
        with pytest.raises(StoreError) as caught:
            target.fill(Content(Header("l", 1, 1, ""), [], [], []))
        assert hint in caught.value.hint
        target.close()
    (moving.folder / "taken.db").unlink()
    assert moving.run("state", "migrate", "sqlite:taken.db").code == 0


@follows("name the state of your team by RBSYNC_STATE_URL, --state, or `state`")
def test_a_manifest_that_wants_the_teams_state(
    moving: Project, postgres: Server, database: str
) -> None:
    manifest = moving.folder / "rbsync.yaml"
    manifest.write_text(manifest.read_text() + "state: required\n")
    assert "name the state of your team" in moving.run("plan").err
    assert moving.run("--state", postgres.url(database), "plan").code == 0

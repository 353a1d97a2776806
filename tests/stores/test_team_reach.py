"""The way to a state's server: one that is not up yet is waited for; what is there is told."""

from __future__ import annotations

import re
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest
import trustme

from rbsync.checks import Check
from rbsync.errors import ExitCode, StoreError
from rbsync.model.record import Record
from rbsync.stores import Waiting, open_store
from rbsync.stores.postgresql import server_checks
from rbsync.stores.postgresql.team_store import TeamStore
from tests.builders import OWNER
from tests.hints.following import follows
from tests.postgres_server import ROLE, Server
from tests.scenarios.project import Project

MANIFEST = "datapoints:\n  - {name: a, storage: public, items: ['https://example.org/a.png']}\n"


@pytest.fixture
def database(postgres: Server) -> str:
    return postgres.database()


class Patience:
    """Waits for as long as a test takes, and knows what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.has_told = threading.Event()
        self.is_over = False

    def tell(self, text: str) -> None:
        self.told.append(text)
        self.has_told.set()

    def pause(self, seconds: float) -> bool:
        time.sleep(seconds)
        return not self.is_over

    def stopped(self, server: Server) -> threading.Thread:
        """Stops a server, which is started as soon as it is waited for."""

        def start() -> None:
            self.has_told.wait(60)
            server.start()

        server.stop()
        starting = threading.Thread(target=start)
        starting.start()
        return starting

    def opened(self, url: str) -> TeamStore:
        store = open_store(url, "/", Waiting(60, self.pause, self.tell))
        assert isinstance(store, TeamStore)
        return store


def test_a_server_that_is_not_up_yet_is_waited_for(postgres: Server, database: str) -> None:
    patience = Patience()
    starting = patience.stopped(postgres)
    store = patience.opened(postgres.url(database))
    assert store.header() is None
    starting.join()
    (told,) = patience.told
    assert told.startswith("The server of the state is not up (")
    assert told.endswith("); waiting for it, up to 60 s.")
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("a")])
    store.close()


@pytest.mark.parametrize("how", ["a question", "the lock", "a lock that is taken away"])
def test_a_server_that_goes_down_between_two_steps_of_a_run_is_waited_for(
    postgres: Server, database: str, how: str
) -> None:
    patience = Patience()
    store = patience.opened(postgres.url(database))
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("a")])
    assert store.records().keys() == {"a"}
    starting = patience.stopped(postgres)
    try:
        if how == "a question":
            assert store.records().keys() == {"a"}
        elif how == "the lock":
            with store.writer(OWNER, timeout=0) as writer:
                assert writer.records().keys() == {"a"}
        else:
            store.unlock()
    finally:
        patience.has_told.set()
        starting.join()
    assert len(patience.told) == 1
    store.close()


def test_it_is_waited_for_once_and_no_longer_than_wanted(postgres: Server, database: str) -> None:
    patience = Patience()
    patience.is_over = True
    postgres.stop()
    try:
        store = patience.opened(postgres.url(database))
        for _ in range(3):
            with pytest.raises(StoreError, match="No such file or directory"):
                store.header()
    finally:
        postgres.start()
    assert len(patience.told) == 1
    assert store.header() is None
    store.close()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda url: url.replace("postgresql:///d", "postgresql:///no"), "does not exist"),
        (lambda url: re.sub(r"host=[^&]*", "host=nowhere.invalid", url), "nowhere.invalid"),
        (lambda url: f"{url}&sslmode=sometimes", "sslmode"),
        (lambda url: re.sub(r"host=[^&]*", "host=/no/such/folder", url), "No such file"),
        # Of two hosts one is down, and the other one refuses.
        (lambda url: re.sub("&user", ",/dev/shm&user", url.replace(ROLE, "no_one")), "no_one"),
        (lambda url: f"{url}&port=5432000", "port"),
        (lambda url: f"{url}&service=none", "service"),
        (lambda url: url.replace(f"user={ROLE}", "user=nobody_at_all"), "nobody_at_all"),
    ],
)
def test_what_no_time_makes_good_is_told_at_once(
    postgres: Server, database: str, change: Callable[[str], str], found: str
) -> None:
    patience = Patience()
    store = patience.opened(change(postgres.url(database)))
    with pytest.raises(StoreError, match=found):
        store.header()
    assert patience.told == []
    store.close()


def refusing(message: bytes) -> Iterator[str]:
    """A server that knows who comes, and refuses them in its own language."""
    fields = b"SFATAL\0VFATAL\0C3D000\0M" + message + b"\0\0"
    answer = b"R" + struct.pack("!ii", 8, 0) + b"E" + struct.pack("!i", len(fields) + 4) + fields

    class Refusal(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusal) as server:
        # A process of its own: who asks whether it is there keeps the threads of this one waiting.
        process = get_context("fork").Process(target=server.serve_forever, daemon=True)
        process.start()
        yield f"postgresql://{ROLE}@127.0.0.1:{server.server_address[1]}/d?sslmode=disable"
        process.kill()
        process.join()


def test_a_refusal_in_another_language_is_told_at_once() -> None:
    patience = Patience()
    for url in refusing("Datenbank »d« existiert nicht".encode()):
        with pytest.raises(StoreError, match="existiert nicht"):
            patience.opened(url).header()
    assert patience.told == []


def test_commands_wait_for_it_and_say_so(postgres: Server, database: str, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.manifest(MANIFEST)
    url = postgres.url(database)
    postgres.stop()
    try:
        began = time.monotonic()
        ran = project.run("plan", "--give-up-after", "1", RBSYNC_STATE_URL=url)
        assert ran.code == ExitCode.ERROR
        assert time.monotonic() - began >= 1
        assert "is not up" in ran.err
        assert "waiting for it, up to 1 s" in ran.err
        at_once = project.run("status", RBSYNC_STATE_URL=url)
        assert at_once.code == ExitCode.ERROR
        assert "waiting" not in at_once.err
    finally:
        postgres.start()
    assert project.run("apply", "--yes", RBSYNC_STATE_URL=url).code == ExitCode.DONE


# What `doctor` says


def checks(project: Project, url: str) -> dict[str, Check]:
    found = project.run("doctor", "--json", RBSYNC_STATE_URL=url).json["checks"]
    return {one["name"]: Check(**one) for one in found if one["name"].startswith("state")}


def test_doctor_tells_of_the_server_the_rights_and_the_state(
    postgres: Server, database: str, tmp_path: Path
) -> None:
    project, url = Project(tmp_path), postgres.url(database)
    project.manifest(MANIFEST)
    found = checks(project, url)
    assert found["state server"].found.startswith("PostgreSQL 1")
    assert found["state server"].found.endswith(", on this machine")
    assert found["state rights"].found == f"{ROLE} may make the state in `rbsync`"
    assert found["state"].verdict == "skipped"
    assert project.run("apply", "--yes", RBSYNC_STATE_URL=url).code == ExitCode.DONE
    found = checks(project, url)
    assert {one.verdict for one in found.values()} == {"ok"}
    assert found["state"].found == "serial 1; 1 applied, 0 failed, 0 not settled"
    assert found["state lock"].found == "nobody writes"


@follows("one that hangs is ended by `rbsync state force-unlock`")
def test_doctor_tells_who_writes(postgres: Server, database: str, tmp_path: Path) -> None:
    project, url = Project(tmp_path), postgres.url(database)
    project.manifest(MANIFEST)
    with open_store(url, "/").writer(OWNER, timeout=0):
        held = checks(project, url)["state lock"]
        assert held.verdict == "warning"
        assert held.found.startswith(f"held by {OWNER}, since ")
        assert "`rbsync state force-unlock`" in held.hint
        assert project.run("state", "force-unlock", "--yes", RBSYNC_STATE_URL=url).code == 0
        assert checks(project, url)["state lock"].verdict == "ok"


def test_doctor_tells_what_a_role_may_not_do(
    postgres: Server, database: str, tmp_path: Path
) -> None:
    project = Project(tmp_path)
    project.manifest(MANIFEST)
    with postgres.asked_as("postgres", database) as session:
        session.execute("CREATE ROLE eva LOGIN")
        hers = postgres.url(database).replace(f"user={ROLE}", "user=eva")
        found = checks(project, hers)["state rights"]
        assert (found.verdict, found.found) == ("failed", "eva may not make the state in `rbsync`")
        assert "CREATE SCHEMA rbsync AUTHORIZATION eva" in found.hint
        with open_store(postgres.url(database), "/").writer(OWNER, timeout=0):
            pass
        assert checks(project, hers)["state"].verdict == "failed"
        session.execute("GRANT ALL ON SCHEMA rbsync TO eva")
        session.execute("GRANT SELECT ON ALL TABLES IN SCHEMA rbsync TO eva")
        session.execute("GRANT ALL ON rbsync.holder, rbsync.intent TO eva")
        found = checks(project, hers)["state rights"]
        assert found.verdict == "failed"
        assert found.found == "eva may not read and write change_log, meta, record, upload"
        statements = found.hint.removeprefix("Let the schema's owner run: ").split("; ")[:2]
        for one in statements:
            session.execute(one.encode())
        assert checks(project, hers)["state rights"].verdict == "ok"
        session.execute("ALTER ROLE eva SET default_transaction_read_only = on")
        found = checks(project, hers)["state rights"]
        assert (found.verdict, found.found) == ("warning", "it can be read, and not written to")


@follows("put sslmode=verify-full and sslrootcert=FILE into the URL, or into PGSSLMODE and")
def test_doctor_tells_whether_the_way_is_encrypted(
    postgres: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, authority = Project(tmp_path), trustme.CA()
    project.manifest(MANIFEST)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    with postgres.reachable(None) as address:
        url = f"postgresql://{ROLE}@{address}/{database}"
        assert checks(project, url)["state server"].found.endswith(", on this machine")
        # What a server on another machine looks like: here there is none.
        monkeypatch.setattr(server_checks, "_is_here", lambda _: False)
        one = checks(project, url)["state server"]
        assert one.verdict == "warning"
        assert one.found.endswith(", without TLS")
        assert "sslmode=verify-full" in one.hint
    with postgres.reachable(authority, "db.example.org") as address:
        rest = f"sslmode=verify-full&sslrootcert={tmp_path}/authority.pem"
        url = f"postgresql://{ROLE}@db.example.org/{database}?hostaddr={address}&{rest}"
        one = checks(project, url)["state server"]
        assert one.verdict == "ok"
        assert ", TLSv1." in one.found
        # Whoever stands in between has a certificate, too.
        one = checks(project, url.replace(f"&{rest}", ""))["state server"]
        assert one.verdict == "warning"
        assert one.found.endswith(", whose certificate is not checked")
        assert "sslmode=verify-full" in one.hint


def test_doctor_tells_of_the_way_to_a_pooler_and_not_of_the_poolers(
    postgres: Server, database: str, tmp_path: Path
) -> None:
    project = Project(tmp_path)
    project.manifest(MANIFEST)
    with (
        postgres.reachable(trustme.CA(), "db.example.org") as address,
        postgres.pooled("session", address) as folder,
    ):
        url = f"postgresql:///{database}?host={folder}&user={ROLE}"
        assert checks(project, url)["state server"].found.endswith(", on this machine")


@pytest.mark.parametrize(
    ("address", "is_here"),
    [("", True), ("127.0.0.7", True), ("::1", True), ("192.0.2.7", False), ("fe80::1%eth0", False)],
)
def test_what_is_on_this_machine_is_told_by_its_address(address: str, is_here: bool) -> None:
    assert server_checks._is_here(address) is is_here


def test_doctor_goes_on_where_the_server_cannot_be_reached(
    postgres: Server, database: str, tmp_path: Path
) -> None:
    project = Project(tmp_path)
    project.manifest(MANIFEST)
    postgres.stop()
    try:
        ran = project.run("doctor", RBSYNC_STATE_URL=postgres.url(database))
    finally:
        postgres.start()
    assert ran.code == ExitCode.ERROR
    assert "failed   state " in ran.out
    assert "See that the server runs" in ran.out
    assert ran.out.splitlines()[-1].startswith("skipped  project ")

"""Clients with one state and one project, killed, stopped, cut off, and their server restarted.

In full size, eight clients for five minutes:

    RBSYNC_TEAM=full pytest -n0 -s --timeout 900 tests/scenarios/test_team_clients.py
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from rbsync.errors import ExitCode
from rbsync.model.record import Record
from rbsync.stores import open_store
from tests.postgres_server import Server
from tests.scenarios.pictures import png
from tests.scenarios.project import Project, Ran
from tests.scenarios.started import Started

FULL = os.environ.get("RBSYNC_TEAM") == "full"
CLIENTS = 8 if FULL else 3
SECONDS = 300.0 if FULL else 4.0
RESTARTS = 3 if FULL else 1
COMMON = 5
MOVES = ("--policy", "on_move=recreate")
"""To one client the names of the others are gone: what is like theirs is no move."""
MANIFEST = """\
version: 1
state: required
datapoints:
  - glob: "{who}/*.png"
  - glob: "common/*.png"
"""
ORDERLY = {
    ExitCode.DONE,
    # The server was away for longer than it is waited for, or another took over.
    ExitCode.ERROR,
    ExitCode.LOCKED,
    # An earlier run was cut off, or this one: what it left is looked up by the next one.
    ExitCode.SOME_FAILED,
    ExitCode.UNSETTLED,
    -signal.SIGKILL,
}


class Client(threading.Thread):
    """Adds and changes files of its own, and applies, until it is told to end."""

    def __init__(self, folder: Path, number: int, url: str) -> None:
        super().__init__()
        self.project = Project(folder)
        self.who, self.url = f"c{number}", url
        self.project.write(f"{self.who}.yaml", MANIFEST.format(who=self.who))
        self.running: Started | None = None
        self.ended = threading.Event()
        self.codes: Counter[int | str] = Counter()
        self.files = 0
        self.wrong: BaseException | None = None
        for one in range(COMMON):
            # The same in all clients: whoever comes first creates it.
            self.project.write(f"common/{one}.png", png(one))

    def run(self) -> None:
        try:
            while not self.ended.is_set() or not self.files:
                self.edit()
                self.apply()
        except BaseException as error:
            self.wrong = error

    def edit(self) -> None:
        for _ in range(3):
            self.project.write(f"{self.who}/{self.files}.png", png(self.files % 100))
            self.files += 1
        # One that is there already has another content from now on.
        self.project.write(f"{self.who}/0.png", png(100 + self.files % 100))

    def apply(self) -> None:
        code, err = self.carry_out("apply", "--yes", *MOVES)
        self.codes[code] += 1
        # Results that the server could not take any more: whoever meets them does as he is told.
        if code == ExitCode.ERROR and "`rbsync state recover`" in err:
            self.carry_out("state", "recover")
            self.codes["recover"] += 1

    def carry_out(self, *arguments: str) -> tuple[int, str]:
        """Runs a command in a process of its own; its exit code, and what it says beside."""
        arguments = (*arguments, "--lock-timeout", "30", "-f", f"{self.who}.yaml")
        environment = {**os.environ, "RBSYNC_STATE_URL": self.url}
        self.running = Started(*arguments, folder=self.project.folder, environment=environment)
        out, err = self.running.communicate()
        code = self.running.wait()
        assert code in ORDERLY, f"{code}\n{out}\n{err}"
        return code, err

    def run_command(self, *arguments: str) -> Ran:
        return self.project.run(*arguments, "--state", self.url, "-f", f"{self.who}.yaml", *MOVES)

    def signal(self, number: int) -> None:
        running = self.running
        if running is not None and running.poll() is None:
            running.send_signal(number)


class Mischief:
    """What happens to clients and their server, in an order that its number decides."""

    def __init__(self, server: Server, database: str, clients: list[Client], number: int) -> None:
        self.server, self.database, self.clients = server, database, clients
        self.choice = random.Random(number)
        self.done: Counter[str] = Counter()
        self.restarts = RESTARTS

    def next(self) -> None:
        """Does one thing."""
        acts: list[Callable[[], None]] = [self.kill, self.cut, self.cut, self.stop]
        act = self.choice.choice(acts)
        act()
        self.done[act.__name__] += 1

    def kill(self) -> None:
        self.choice.choice(self.clients).signal(signal.SIGKILL)

    def cut(self) -> None:
        with self.server.asked_as("postgres", "postgres") as session:
            query = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
            pids = [pid for (pid,) in session.execute(query, (self.database,))]
            if pids:
                session.execute("SELECT pg_terminate_backend(%s)", (self.choice.choice(pids),))

    def stop(self) -> None:
        """One client stands still while the lock is taken from whoever has it."""
        one = self.choice.choice(self.clients)
        one.signal(signal.SIGSTOP)
        ran = one.run_command("state", "force-unlock", "--yes")
        assert ran.code in (ExitCode.DONE, ExitCode.ERROR), ran.err
        threading.Timer(self.choice.uniform(0.5, 3), one.signal, [signal.SIGCONT]).start()

    def restart(self) -> None:
        self.server.restart(self.choice.choice(["fast", "immediate"]))
        self.done["restart"] += 1


def test_nothing_is_lost_and_nothing_is_there_twice(postgres: Server, tmp_path: Path) -> None:
    database = postgres.database()
    url = postgres.url(database)
    clients = [Client(tmp_path, number, url) for number in range(CLIENTS)]
    mischief = Mischief(postgres, database, clients, 18)
    began = time.monotonic()
    for one in clients:
        one.start()
    pauses = threading.Event()
    while not any(one.wrong for one in clients):
        spent = time.monotonic() - began
        if spent > SECONDS and mischief.done["restart"] == RESTARTS:
            break
        if spent > SECONDS * (mischief.done["restart"] + 1) / (RESTARTS + 1):
            mischief.restart()
        mischief.next()
        pauses.wait(mischief.choice.uniform(0.2, 1.2))
    for one in clients:
        one.ended.set()
        one.signal(signal.SIGCONT)
    for one in clients:
        one.join()
        if one.wrong is not None:
            raise one.wrong
    codes = sum((one.codes for one in clients), Counter[int | str]())
    print(f"\n{CLIENTS} clients: exit codes {dict(codes)}; {dict(mischief.done)}")
    assert mischief.done["restart"] == RESTARTS
    check_all_is_there(clients, url)


def check_all_is_there(clients: list[Client], url: str) -> None:
    """Each applies once more, undisturbed; then project, state and files must say the same."""
    for one in clients:
        code, said = one.carry_out("apply", "--yes", *MOVES)
        if "`rbsync state recover`" in said:
            assert one.carry_out("state", "recover")[0] == ExitCode.DONE
            code, said = one.carry_out("apply", "--yes", *MOVES)
        assert code == ExitCode.DONE, said
    declared = {f"common/{one}.png" for one in range(COMMON)}
    declared |= {f"{one.who}/{file}.png" for one in clients for file in range(one.files)}
    for one in clients:
        assert one.run_command("plan", "--json").json["actions"] == []
    (first, *_) = clients
    tasks = first.run_command("ls", "--json").json["tasks"]
    assert Counter(task["name"] for task in tasks) == Counter(declared)
    store = open_store(url, "/")
    records = store.records()
    store.verify(records)
    store.close()
    assert records.keys() == declared
    assert not [name for name, one in records.items() if not is_applied(one)]
    assert {one.task_id for one in records.values()} == {task["task_id"] for task in tasks}


def is_applied(record: Record) -> bool:
    return record.applied is not None and record.is_certain and not record.has_failed

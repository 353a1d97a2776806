"""A process that writes to a state until something happens to it.

PATH is that of a file, or the URL of another store.

python -m tests.stores.victim commit PATH     commits batches, and prints the number of each
python -m tests.stores.victim hold PATH       takes the lock, then commits at each line read
python -m tests.stores.victim upgrade PATH    dies in the middle of an upgrade
python -m tests.stores.victim grow PATH SIZE  commits until a file would exceed SIZE bytes
"""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import sys
from collections.abc import Callable
from itertools import count

from rbsync.errors import RbsyncError
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.record import Intent, Record
from rbsync.stores import formats, open_store
from rbsync.stores.base import Owner, Store, Writer
from rbsync.stores.sqlite import SqliteStore

BATCH = 7
PRINT = Fingerprint("xxh3:" + "0" * 32, "", "s")


def me() -> Owner:
    return Owner("ann", "lab-3", os.getpid(), f"run-{os.getpid()}", 0.0)


def say(what: object) -> None:
    print(what, flush=True)


def put(writer: Writer, number: int) -> None:
    names = [f"{number}/{part}" for part in range(BATCH)]
    writer.intend([Intent(name, "create", PRINT) for name in names])
    writer.commit([Record(name, PRINT, f"task {name}") for name in names])


def opened(path: str) -> Store:
    return open_store(path, "/") if path.startswith("postgresql:") else SqliteStore(path)


def commit(path: str) -> None:
    with opened(path).writer(me(), timeout=0) as writer:
        for number in count(writer.header().serial + 1):
            put(writer, number)
            say(number)


def hold(path: str) -> None:
    with opened(path).writer(me(), timeout=0) as writer:
        say("held")
        for line in sys.stdin:
            try:
                writer.commit([Record(line.strip())])
                say("done")
            except RbsyncError as error:
                say(f"{type(error).__name__}: {error}")


def upgrade(path: str) -> None:
    def die(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE record ADD COLUMN more TEXT")
        connection.execute("DELETE FROM record")
        say("dying")
        os.kill(os.getpid(), signal.SIGKILL)

    formats.STEPS = (*formats.STEPS, die)
    with SqliteStore(path).writer(me(), timeout=0):
        raise AssertionError


def grow(path: str, size: str) -> None:
    with SqliteStore(path).writer(me(), timeout=0) as writer:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), resource.RLIM_INFINITY))
        try:
            for number in count(1):
                put(writer, number)
        except RbsyncError as error:
            say(f"{number - 1} {type(error).__name__}: {error}")


if __name__ == "__main__":
    commands: dict[str, Callable[..., None]] = {
        "commit": commit,
        "hold": hold,
        "upgrade": upgrade,
        "grow": grow,
    }
    commands[sys.argv[1]](*sys.argv[2:])

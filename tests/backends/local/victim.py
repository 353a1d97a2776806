"""A process that works on a local project and tells, line by line, what it was promised.

``python -m tests.backends.local.victim create FOLDER PREFIX COUNT`` uploads a file a datapoint
and creates them by three; ``race`` waits for a line on stdin and creates the names 0 to COUNT;
``open`` waits and opens the project; ``hold`` holds the database's write lock until a line comes.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable

from rbsync.backends.base import Created, Draft
from rbsync.backends.local import LocalBackend
from rbsync.files.body import FileBody
from tests.conformance.backends import BOX, draft, labels


def say(*words: object) -> None:
    print(*words, flush=True)


def data_of(name: str) -> bytes:
    return name.encode() * 2000


def uploaded(backend: LocalBackend, name: str) -> Draft:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data_of(name))
        file.flush()
        with FileBody(os.open(file.name, os.O_RDONLY), name, "xxh3") as body:
            ref = backend.upload(body, storage="redbrick")
    return draft(name, items=[(name, ref)], labels=labels(BOX, BOX), storage="redbrick")


def create(folder: str, prefix: str, count: str) -> None:
    backend = LocalBackend(folder)
    for at in range(0, int(count), 3):
        drafts = [uploaded(backend, f"{prefix}-{number:05}") for number in range(at, at + 3)]
        for answer in backend.create(drafts):
            assert isinstance(answer, Created)
            say(answer.name, answer.task_id)


def race(folder: str, count: str) -> None:
    backend = LocalBackend(folder)
    sys.stdin.readline()
    for number in range(int(count)):
        (answer,) = backend.create([draft(f"{number:05}")])
        if isinstance(answer, Created):
            say(answer.name, answer.task_id)


def open_project(folder: str) -> None:
    backend = LocalBackend(folder)
    sys.stdin.readline()
    say(backend.project().identity)


def hold(database: str) -> None:
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    say("held")
    sys.stdin.readline()


WORK: dict[str, Callable[..., None]] = {
    "create": create,
    "race": race,
    "open": open_project,
    "hold": hold,
}

if __name__ == "__main__":
    WORK[sys.argv[1]](*sys.argv[2:])

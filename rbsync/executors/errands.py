"""A task as it travels to a worker, and the answer as it comes back."""

from __future__ import annotations

import hashlib
import os
import pickle
import secrets
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from rbsync.executors.batches import Call, do_all
from rbsync.version import VERSION

LARGE = 1 << 20
"""Bytes of an answer from which on it comes as a file: a scheduler is no way for pictures."""


class Ground(NamedTuple):
    """The things that a worker has to share with whoever sends it tasks.

    ``folder`` is that of one run, in which ``token`` stands in a file; empty where none could be
    made. ``files`` are some that are there.
    """

    version: str
    folder: str
    token: str
    files: tuple[str, ...] = ()


class Refused(NamedTuple):
    """A worker that cannot do a task: for its ``version``, or for a ``path`` that it lacks."""

    version: str = ""
    path: str = ""


class TaskError(Exception):
    """A task that a worker could not do; by the kind of what was raised, and nothing of it."""


class Stored(NamedTuple):
    """An answer that lies in the run's folder."""

    name: str
    digest: str


_KEPT_SECONDS = 7 * 86400.0
_TOKEN = "token"  # noqa: S105  (a file's name)


def make_ground(parent: str, files: Sequence[str]) -> Ground:
    """Makes a folder for one run, where it can be made."""
    folder, token = os.path.join(parent, f"run-{secrets.token_hex(8)}"), secrets.token_hex(16)
    try:
        os.makedirs(folder)
        _forget_old(parent)
        with open(os.path.join(folder, _TOKEN), "x") as file:
            file.write(token)
    except OSError:
        # A manifest on a disk that is only read: large answers travel as all others.
        folder = ""
    return Ground(VERSION, folder, token, tuple(files))


def _forget_old(parent: str) -> None:
    """Removes what runs left behind that were killed, a week ago or earlier. Raises OSError."""
    with os.scandir(parent) as entries:
        for one in entries:
            if one.stat(follow_symlinks=False).st_mtime < time.time() - _KEPT_SECONDS:
                shutil.rmtree(one.path, ignore_errors=True)


def objection(ground: Ground) -> Refused | None:
    """Returns what a worker lacks; done by the worker. None where it can do tasks."""
    if ground.version != VERSION:
        return Refused(version=VERSION)
    for path in ground.files:
        if not os.path.lexists(path):
            return Refused(path=path)
    return _folder_objection(ground)


def _folder_objection(ground: Ground) -> Refused | None:
    # A folder of the same name on the worker's own disk is another folder.
    with suppress(OSError):
        if not ground.folder:
            return None
        with open(os.path.join(ground.folder, _TOKEN)) as file:
            if file.read() == ground.token:
                return None
    return Refused(path=ground.folder)


def packed(ground: Ground, calls: Sequence[Call]) -> bytes:
    """A task as bytes: what carries it need not look through it."""
    # The calls by themselves: another version may not even know what they are of.
    inner = pickle.dumps(calls, pickle.HIGHEST_PROTOCOL)
    return pickle.dumps((ground._replace(files=()), inner), pickle.HIGHEST_PROTOCOL)


def run_errand(task: bytes) -> bytes | Stored | Refused:
    """Does a task; done by the worker. Raises TaskError."""
    try:
        return _done(task)
    except Exception as error:
        # Dask sends where it was raised, too: of a task that nested too deeply to be read that was
        # too deep itself, and whoever waited for it never heard of it.
        raise TaskError(type(error).__name__) from None


def _done(task: bytes) -> bytes | Stored | Refused:
    ground, inner = pickle.loads(task)  # noqa: S301  (whoever sends tasks runs code here anyway)
    # Workers come and go: this one may have come after all others were looked at.
    refused = objection(ground)
    if refused is not None:
        return refused
    calls = pickle.loads(inner)  # noqa: S301  (as above)
    answer = pickle.dumps(do_all(calls), pickle.HIGHEST_PROTOCOL)
    if len(answer) > LARGE and ground.folder:
        # One that may not write there sends it the long way.
        with suppress(OSError):
            return _stored(ground.folder, answer)
    return answer


def _stored(folder: str, answer: bytes) -> Stored:
    name = secrets.token_hex(16)
    with open(os.path.join(folder, name), "xb") as file:
        file.write(answer)
    return Stored(name, hashlib.sha256(answer).hexdigest())


def answers(ground: Ground, came: bytes | Stored, number: int) -> list[Any]:
    """The answers to a task of so many calls.

    Raises OSError and ValueError for one that was lost on the way, or is of another task.
    """
    data = _fetched(ground.folder, came) if isinstance(came, Stored) else came
    found = pickle.loads(data)  # noqa: S301  (it is the worker's, told by its digest)
    if not isinstance(found, list) or len(found) != number:
        raise ValueError("the answer is not one to the calls of the task")
    return found


def _fetched(folder: str, stored: Stored) -> bytes:
    path = os.path.join(folder, os.path.basename(stored.name))
    with open(path, "rb") as file:
        data = file.read()
    os.unlink(path)
    # Who else may write to a shared disk must not have code run here.
    if hashlib.sha256(data).hexdigest() != stored.digest:
        raise ValueError("the answer is not the one that the worker wrote")
    return data

"""A task as it travels to a worker, and what the worker makes of it."""

from __future__ import annotations

import os
import pickle
import secrets
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from rbsync.executors.batches import Call, do_all
from rbsync.executors.returned_answers import Answer, answer_of
from rbsync.version import VERSION


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


def run_errand(task: bytes) -> Answer | Refused:
    """Does a task; done by the worker. Raises TaskError."""
    try:
        return _done(task)
    except Exception as error:
        # Dask sends where it was raised, too: of a task that nested too deeply to be read that was
        # too deep itself, and whoever waited for it never heard of it.
        raise TaskError(type(error).__name__) from None


def _done(task: bytes) -> Answer | Refused:
    ground, inner = pickle.loads(task)  # noqa: S301  (whoever sends tasks runs code here anyway)
    # Workers come and go: this one may have come after all others were looked at.
    refused = objection(ground)
    if refused is not None:
        return refused
    calls = pickle.loads(inner)  # noqa: S301  (as above)
    return answer_of(ground.folder, do_all(calls))

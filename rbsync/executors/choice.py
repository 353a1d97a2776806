"""The executor that is chosen, by command line, environment or configuration, and its opening."""

from __future__ import annotations

import contextlib
import re
import shutil
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rbsync.errors import UsageError
from rbsync.executors.assured import Doers, Helpers
from rbsync.executors.errands import Ground, make_ground

THREADS, PROCESSES, CLUSTER = "threads", "processes", "dask"
_HINT = "known: threads, processes, dask:tcp://HOST:PORT"
# A host alone: whatever else may stand in an address may be a secret.
_ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://([\w.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}")


class Choice(NamedTuple):
    """A kind of executor; ``address`` is that of a cluster's scheduler, which is no secret."""

    kind: str
    address: str = ""


def read_choice(text: str) -> Choice:
    """The choice in a text such as ``dask:tcp://scheduler:8786``; empty is ``threads``.

    Raises UsageError, which does not repeat an address: it may have a password in it.
    """
    kind, colon, address = text.strip().partition(":")
    if kind in {"", THREADS, PROCESSES}:
        if colon:
            raise UsageError(f"the executor `{kind or ':'}` has no address", hint=_HINT)
        return Choice(kind or THREADS)
    if kind != CLUSTER:
        found = f"`{kind}`" if re.fullmatch(r"[\w-]{1,40}", kind) else "that"
        raise UsageError(f"there is no executor {found}", hint=_HINT)
    if "@" in address:
        raise UsageError(
            "the address of the executor has a user or a password in it, which Dask does not know",
            hint="use dask:tls://HOST:PORT, with the certificates in Dask's own configuration",
        )
    if not _ADDRESS.fullmatch(address):
        raise UsageError(
            "the executor's address is not that of a scheduler",
            hint="write it as dask:tcp://HOST:PORT, such as dask:tcp://scheduler:8786",
        )
    return Choice(CLUSTER, address)


def helpers_of(
    text: str,
    files: Callable[[], Sequence[str]],
    folder: str,
    note: Callable[[str], None],
    stack: contextlib.ExitStack,
) -> Callable[[], Helpers] | None:
    """Returns what opens the helpers of a choice; None where all is done by threads here.

    ``files`` names some that a worker must see, and ``folder`` is for what a run shares with
    workers. ``stack`` closes them. Raises UsageError for a choice that is none; what is returned
    raises RbsyncError for a cluster that cannot be used.
    """
    choice = read_choice(text)
    if choice.kind == THREADS:
        return None
    lock = threading.Lock()
    made: list[Helpers] = []

    def opened() -> Helpers:
        with lock:
            if not made:
                ground = make_ground(folder, files())
                if ground.folder:
                    stack.callback(shutil.rmtree, ground.folder, ignore_errors=True)
                doers = _doers(choice, ground)
                # First of all: one that was found to be of no use is let go of, too.
                stack.callback(doers.close)
                made.append(Helpers(doers, ground, note))
            return made[0]

    return opened


def _doers(choice: Choice, ground: Ground) -> Doers:
    if choice.kind != CLUSTER:
        from rbsync.executors.processes import Processes

        return Processes()
    try:
        from rbsync.executors.cluster import Cluster
    except ImportError:
        raise UsageError(
            "a cluster needs the package distributed, which is not installed",
            hint="pip install 'rbsync[dask]'",
        ) from None
    return Cluster(choice.address, ground)

"""Checks in time: one that hangs is told as that, and keeps nobody waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from queue import Empty, SimpleQueue

from rbsync.checks import Check

LONGEST = 14.0
"""Seconds in which what is wrong has to be found, from the start of the command on."""

LEAST = 3.0
"""Seconds that an answer is waited for, however late it is."""

_HINT = (
    "what hangs comes after the last check above: the name server of this network, the server of "
    "the state, the command that prints the API key (try it by hand), or the service (try again "
    "later)"
)


def in_time(checks: Iterator[Check], seconds: float) -> Iterator[Check]:
    """The checks as they are made, in ``seconds`` for all of them.

    A failed one stands in for one that hangs, and is the last. A name server that does not
    answer, and a command that prints no key, know no deadline of ours: they are waited for in a
    thread, which ends with the process.
    """
    made: SimpleQueue[Check | BaseException | None] = SimpleQueue()

    def make() -> None:
        try:
            for one in checks:
                made.put(one)
            made.put(None)
        except BaseException as error:
            made.put(error)

    threading.Thread(target=make, name="rbsync-doctor", daemon=True).start()
    end, last = time.monotonic() + seconds, "the first"
    while True:
        try:
            found = made.get(timeout=max(0.0, end - time.monotonic()))
        except Empty:
            text = f"the check after {last} did not end within {seconds:.0f} s"
            yield Check("time", "failed", text, _HINT)
            return
        if found is None:
            return
        if isinstance(found, BaseException):
            raise found
        last = f"`{found.name}`"
        yield found

"""Python's garbage collector, out of the way for a while."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Values made until the collector looks through what is new. With Python's 700 it runs dozens of
# times while modules are loaded, of which nothing is garbage; with 50,000 it still runs once.
_SELDOM = 200_000


def collect_seldom() -> None:
    """Lets the collector run once in 200,000 new values, in a process of one command."""
    gc.set_threshold(_SELDOM, *gc.get_threshold()[1:])


def leave_to_system() -> None:
    """Keeps the collector from all that there is, at the end of a process."""
    # Else it looks through every value once more, and the system takes the memory back anyway: with
    # Dask's modules loaded that was a tenth of a second.
    gc.freeze()


@contextmanager
def seldom_collected() -> Iterator[None]:
    """The same within a program of somebody else, which has its own thresholds back afterwards.

    Thousands of creates hold all of their values to the end: the collector would look through
    them again and again, which was a tenth of the work.
    """
    before = gc.get_threshold()
    # With 0 the program has none; with as many, another thread is in here, and puts back its own.
    if not 0 < before[0] < _SELDOM:
        yield
        return
    collect_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def paused_collector() -> Iterator[None]:
    """No search for garbage while very many values are made, none of which is any.

    The collector looks through all that is new again and again: over a million values that
    takes longer than making them.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

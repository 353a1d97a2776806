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

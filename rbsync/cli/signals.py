"""Signals that are heard at once, whatever the main thread waits for."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def heard(handlers: Mapping[int, Callable[[], None]]) -> Iterator[None]:
    """Calls the handler of a signal that comes, one at a time and from a thread of its own.

    The handlers by number of the signal; those that were there before are put back at the end.
    Raises ValueError outside of the main thread.
    """
    # Python runs its handlers in the main thread, between two instructions. A signal that comes
    # when that thread is about to wait, but does not wait yet, interrupts nothing: a watch that was
    # told to end right after a flush slept on until its next look, ten minutes later.
    listening, told = os.pipe()
    os.set_blocking(told, False)
    listener = threading.Thread(target=_listen, args=(listening, handlers), daemon=True)
    listener.start()
    outer = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    before = {number: signal.signal(number, _nothing) for number in handlers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(outer)
        os.close(told)
        listener.join()
        os.close(listening)


def _nothing(_number: int, _frame: object) -> None:
    """Stands for a handler: without one the signal would end the program."""


def _listen(listening: int, handlers: Mapping[int, Callable[[], None]]) -> None:
    while numbers := os.read(listening, 64):
        for number in numbers:
            if number in handlers:
                handlers[number]()

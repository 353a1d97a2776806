"""The standard streams as they are found: closed from the start, full, or without a reader."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rbsync.errors import RbsyncError


class OutputError(RbsyncError):
    """Standard output takes nothing more."""


def open_missing() -> None:
    """Gives the program the streams that it was started without, as with `>&-`.

    They take everything and have nothing; else the next file opened would be such a stream.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115  (until the end)


def write_out(text: str) -> None:
    """Writes to standard output. Raises OutputError, but not when nobody reads any more.

    Who closed the pipe, as `head` does, has seen enough; the work goes on.
    """
    with _explained():
        sys.stdout.write(text)


def flush_out() -> None:
    """Writes what is left in the buffer. Raises as `write_out` does."""
    with _explained():
        sys.stdout.flush()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    # `rbsync ls | head`: who reads no more is no mistake, and what is under way goes on.
    except BrokenPipeError:
        give_up_output()
    except OSError as error:
        message = f"standard output cannot be written: {error.strerror}"
        hint = "what was done is recorded; `rbsync status` shows it"
        raise OutputError(message, hint=hint) from error


def give_up_output() -> None:
    """Nothing more goes to standard output, not even what is left in its buffer."""
    # By its number: the buffer still holds text, and its last flush must not fail again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

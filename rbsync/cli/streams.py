"""The standard streams as they are found: closed from the start, full, or without a reader."""

from __future__ import annotations

import os
import sys

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
    """Writes to standard output. Raises OutputError, and BrokenPipeError when nobody reads."""
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _refused(error) from error


def flush_out() -> None:
    """Writes what is left in the buffer. Raises as `write_out` does."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _refused(error) from error


def give_up_output() -> None:
    """Nothing more goes to standard output, not even what is left in its buffer."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refused(error: OSError) -> OutputError:
    message = f"standard output cannot be written: {error.strerror}"
    return OutputError(message, hint="what was done is recorded; `rbsync status` shows it")

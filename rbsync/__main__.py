"""The program: `rbsync`, and `python -m rbsync`."""

from __future__ import annotations

import os
import sys

from rbsync.version import VERSION


def run() -> None:
    """Runs the command line."""
    if sys.argv[1:] == ["--version"] and _told():
        return
    from rbsync.cli.main import run as run_command

    run_command()


def _told() -> bool:
    """Tells the version; false where it could not be written, which the command line explains."""
    # Editors and scripts ask at each start. What parses arguments takes longer to load than Python.
    try:
        os.write(1, f"rbsync {VERSION}\n".encode())
    except OSError:
        return False
    return True


if __name__ == "__main__":
    run()

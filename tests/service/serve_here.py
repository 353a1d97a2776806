"""`rbsync serve --json` in a process of its own: prints how to reach it, then serves."""

from __future__ import annotations

import sys

from rbsync.cli.options import CommonOptions
from rbsync.cli.serve import command

KEY = "k" * 43

if __name__ == "__main__":
    folder, *more = sys.argv[1:]
    given = ["--path", folder, "--port", "0", "--api-key", KEY, "--json", *more]
    command.main(given, standalone_mode=False, obj=CommonOptions())

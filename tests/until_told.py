"""Runs a server until it has told its address, then interrupts it; ends with its exit code."""

from __future__ import annotations

import signal
import subprocess
import sys


def main() -> int:
    """Runs the command of the arguments, whose first line on stdout is passed on."""
    # After some seconds by a clock a busy machine may still be loading what the server needs.
    with subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE) as server:
        line = server.stdout.readline() if server.stdout else b""
        sys.stdout.write(line.decode())
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=60)
        return server.returncode


if __name__ == "__main__":
    sys.exit(main())

"""Processes that a test starts to stop, kill or race them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]

Start = Callable[..., "Victim"]


class Victim(subprocess.Popen[str]):
    """A Python module that runs as a process of its own and speaks in lines."""

    def __init__(self, module: str, *arguments: object) -> None:
        super().__init__(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def heard(self) -> str:
        """The next line that it prints; empty when it has ended."""
        assert self.stdout is not None
        return self.stdout.readline()

    def told(self, line: str) -> None:
        """Writes it a line."""
        assert self.stdin is not None
        self.stdin.write(line + "\n")
        self.stdin.flush()

    def asked(self, line: str) -> str:
        """What it answers to a line."""
        self.told(line)
        return self.heard()

    def killed(self) -> str:
        """Kills it; answers what it had printed and nobody had heard yet."""
        assert self.stdout is not None
        self.kill()
        # communicate() would pass over what an earlier readline() has read ahead.
        left = self.stdout.read()
        self.wait()
        return left


@contextmanager
def victims(module: str) -> Iterator[Start]:
    """Starts the module with arguments; what is still alive at the end is killed."""
    started: list[Victim] = []

    def start(*arguments: object) -> Victim:
        started.append(Victim(module, *arguments))
        return started[-1]

    try:
        yield start
    finally:
        for one in started:
            one.kill()
            one.communicate()

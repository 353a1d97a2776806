"""Commands that a test starts, reads, signals and waits for, as `subprocess.Popen` has them."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self

from tests.scenarios.forking import fork


class Started:
    """`rbsync` with arguments, in a process of its own whose streams are read as text."""

    def __init__(self, *arguments: str, folder: Path, environment: Mapping[str, str]) -> None:
        self._arguments = arguments
        self.stdout, out = _pipe()
        self.stderr, err = _pipe()
        with out, err:
            known = {**os.environ, **environment}
            self._process = fork(arguments, cwd=folder, env=known, stdout=out, stderr=err)
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code that was found, negative for a signal."""
        return self._process.returncode

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        return self._process.poll()

    def wait(self, timeout: float | None = None) -> int:
        """Waits for the end, and returns the exit code. Raises subprocess.TimeoutExpired."""
        try:
            return self._process.wait(timeout)
        except TimeoutError:
            raise subprocess.TimeoutExpired(self._arguments, timeout or 0) from None

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Reads what it still prints, and waits for the end."""
        end = None if timeout is None else time.monotonic() + timeout
        read = {}

        def rest(stream: IO[str]) -> None:
            read[stream] = "" if stream.closed else stream.read()

        readers = [
            threading.Thread(target=rest, args=[stream], daemon=True)
            for stream in (self.stdout, self.stderr)
        ]
        for one in readers:
            one.start()
        for one in readers:
            one.join(_left(end))
        self.wait(_left(end))
        return read[self.stdout], read[self.stderr]

    def send_signal(self, number: int) -> None:
        """Sends a signal, unless it has ended."""
        self._process.send_signal(number)

    def terminate(self) -> None:
        """Ends it by SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it by SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        self.stderr.close()
        self.wait()


def _pipe() -> tuple[IO[str], IO[bytes]]:
    reading, writing = os.pipe()
    return os.fdopen(reading, encoding="utf-8"), os.fdopen(writing, "wb")


def _left(end: float | None) -> float | None:
    return None if end is None else max(0.0, end - time.monotonic())

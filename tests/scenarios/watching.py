"""A watch that runs as a process of its own, and what it has told."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.scenarios.forking import Forked, fork
from tests.scenarios.project import COMMAND, Project
from tests.schemas import validator

FULL = os.environ.get("RBSYNC_WATCH") == "full"
"""Runs the stories of watch at the size of real life, which takes minutes for each."""

SETTLE = "0.1"
MOST_CHECKED = 200
MANIFEST = 'project: {type: IMAGE_BBOX}\ndatapoints:\n  - glob: "images/**/*.png"\n'


def can_run_as(before: Sequence[str]) -> bool:
    """Tells whether a command that begins so runs rbsync: root may be another user, who may not be
    allowed to read this Python.
    """
    if os.getuid() or not shutil.which(before[0]):
        return False
    return not subprocess.run([*before, *COMMAND, "--version"], capture_output=True).returncode


Process = subprocess.Popen[bytes] | Forked
NOT_ANOTHER = "only root can be another user, who has to be able to run this Python"


class Running:
    """A watch that runs."""

    def __init__(self, project: Project, process: Process, out: Path) -> None:
        self.project, self.process, self.out = project, process, out
        self._told: list[dict[str, Any]] = []
        self._read = 0

    def events(self, kind: str) -> list[dict[str, Any]]:
        """What it has told so far."""
        with self.out.open("rb") as file:
            file.seek(self._read)
            whole, _, _ = file.read().rpartition(b"\n")
        if whole:
            self._read += len(whole) + 1
            self._told += map(json.loads, whole.splitlines())
        return [one for one in self._told if one["event"] == kind]

    def counted(self) -> Counter[tuple[str, str]]:
        """How often each name was created, updated, deleted."""
        done = [one for one in self.events("outcome") if one["outcome"] in ("applied", "removed")]
        return Counter((one["action"], one["name"]) for one in done)

    def messages(self) -> list[str]:
        """The codes of what was said."""
        return [one["code"] for one in self.events("message")]

    def until(self, holds: Callable[[], object]) -> None:
        """Waits until something holds. The limit of time is that of the test."""
        while not holds():
            assert self.process.poll() is None, self.out.read_text()
            time.sleep(0.02)

    def flush(self, *arguments: str) -> int:
        return self.project.run("watch", "--flush", *arguments).code

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait()


@contextmanager
def watching(
    project: Project, *arguments: str, before: Sequence[str] = (), **environment: str
) -> Iterator[Running]:
    """Runs a watch until the block ends; what it prints follows the schema.

    ``before`` is a command that runs it.
    """
    out = project.folder.parent / "events.jsonl"
    given = ["watch", "--json-lines", "--settle", SETTLE, *arguments]
    known = {**os.environ, **environment}
    with out.open("w") as file, (project.folder.parent / "errors").open("w") as errors:
        # At the size of real life memory is measured, which a fork has of its parent too.
        if before or FULL:
            process: Process = subprocess.Popen(
                [*before, *COMMAND, *given],
                cwd=project.folder,
                env=known,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=errors,
            )
        else:
            process = fork(given, cwd=project.folder, env=known, stdout=file, stderr=errors)
    running = Running(project, process, out)
    try:
        running.until(lambda: running.events("look"))
        yield running
    finally:
        if process.poll() is None:
            running.end()
    for line in out.read_text().splitlines()[:MOST_CHECKED]:
        validator("watch", lines=True).validate(json.loads(line))


def names(running: Running) -> list[str]:
    return sorted(one["name"] for one in running.events("outcome") if one["outcome"] == "applied")

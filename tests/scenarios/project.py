"""A folder with a manifest, and rbsync run in it as people run it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from rbsync.cli.main import main
from tests.scenarios.started import Started
from tests.schemas import check_printed

COMMAND = [sys.executable, "-m", "rbsync"]
BOX = {
    "category": [["object", "car"]],
    "attributes": [],
    "bbox2d": {"xnorm": 0.1, "ynorm": 0.2, "wnorm": 0.3, "hnorm": 0.4},
}


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        return self.out.strip().splitlines()[-1] if self.out.strip() else ""

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def ended(process: Started, timeout: float | None = None) -> Ran:
    """The end of a command that was started."""
    with process:
        out, err = process.communicate(timeout)
    return Ran(process.wait(), out, err)


def _text_stream() -> io.TextIOWrapper:
    """A stream that encodes as a pipe would."""
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _written(stream: io.TextIOWrapper) -> str:
    content = stream.detach()
    assert isinstance(content, io.BytesIO)
    return content.getvalue().decode()


class Project:
    """A manifest's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, path: str, content: str | bytes | list[Any] | dict[str, Any]) -> Path:
        """Writes a file, JSON for a list or an object."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, list | dict):
            content = json.dumps(content)
        if isinstance(content, str):
            content = content.encode()
        file.write_bytes(content)
        return file

    def manifest(self, text: str) -> None:
        """Writes the manifest; its version is put in front."""
        self.write("rbsync.yaml", "version: 1\n" + text)

    def run(self, *arguments: str, **environment: str) -> Ran:
        """Runs a command to its end, within this process.

        What needs a process of its own says `start`; the tests of the README run every command in
        one. What it prints as JSON must follow its schema, whatever a test is about.
        """
        out, err = _text_stream(), _text_stream()
        with (
            contextlib.chdir(self.folder),
            mock.patch.dict(os.environ, environment),
            open(os.devnull) as nothing,
            mock.patch("sys.stdin", nothing),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = main(list(arguments))
        ran = Ran(code, _written(out), _written(err))
        check_printed(arguments, code, ran.out)
        return ran

    def start(self, *arguments: str, **environment: str) -> Started:
        """Starts a command and does not wait."""
        return Started(*arguments, folder=self.folder, environment=environment)

    def apply(self, *arguments: str) -> Ran:
        """`rbsync apply --yes`."""
        return self.run("apply", "--yes", *arguments)

    def plan(self, *arguments: str) -> dict[str, Any]:
        """The plan as a document."""
        document: dict[str, Any] = self.run("plan", "--json", *arguments).json
        return document

    def actions(self, *arguments: str) -> list[str]:
        """The plan's actions, as in ``update a.png items``."""
        return [
            " ".join([one["action"], one["name"], *one.get("changed", [])])
            for one in self.plan(*arguments)["actions"]
        ]

    def tasks(self) -> list[dict[str, Any]]:
        """What the project holds."""
        tasks: list[dict[str, Any]] = self.run("ls", "--json").json["tasks"]
        return tasks

    def names(self) -> list[str]:
        """The names of what the project holds."""
        return [task["name"] for task in self.tasks()]

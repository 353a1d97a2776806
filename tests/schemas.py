"""The schemas that are shipped, and whether what a command prints follows them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import click
import jsonschema

from rbsync.cli.commands import POINT
from rbsync.cli.main import cli
from rbsync.documents.catalogue import document_of
from rbsync.exports import EXPORTS

FOLDER = Path(__file__).parent.parent / "schemas"
FLAGS = ("--json", "--json-lines")


def schema(name: str) -> dict[str, Any]:
    """One of `schemas/`, such as manifest, plan or report."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text())
    return found


def commands() -> list[str]:
    """All commands that rbsync itself has, those of groups after their group's name."""
    return sorted(_commands(cli, ""))


def _commands(group: click.Group, prefix: str) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _commands(command, f"{prefix}{name} ")
        elif name not in (*POINT.added(), *EXPORTS.added()):
            yield prefix + name


@cache
def _known() -> frozenset[str]:
    return frozenset(commands())


def command_of(arguments: Sequence[str]) -> str | None:
    """The command that arguments call."""
    known = _known()
    for first, second in zip(arguments, [*arguments[1:], ""], strict=True):
        for one in (f"{first} {second}", first):
            if one in known:
                return one
    return None


@cache
def validator(name: str, *, lines: bool) -> Any:
    """Validates a whole document, or a line of what ``--json-lines`` prints of it."""
    found = schema(name)
    if lines:
        found = {"$defs": found["$defs"], "$ref": "#/$defs/Line"}
    return jsonschema.Draft202012Validator(found)


def check_printed(arguments: Sequence[str], code: int, text: str) -> None:
    """Raises ValidationError when what was printed with ``--json`` follows no schema.

    A command prints its own document, or that of an error, whose exit code is that of the run.
    """
    command = command_of(arguments)
    if (
        not text
        or command is None
        or command in ("browse", "serve")
        or not set(FLAGS) & set(arguments)
    ):
        return
    lines = "--json-lines" in arguments and command != "state pull"
    parts = text.splitlines() if lines else [text]
    read = [json.loads(one) for one in parts]
    failed = read[-1].get("exit_code") == code and "outcomes" not in read[-1]
    name = "error" if failed and "summary" not in read[-1] else document_of(command)
    for one in read:
        validator(name, lines=lines).validate(one)

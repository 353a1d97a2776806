"""Every command of the program, as a pull request's CI could run it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache

import click

from rbsync.cli.main import cli

NO_MANIFEST = frozenset({"init", "serve", "browse", "schema", "completion"})
"""These read no manifest; `serve` and `browse` would not end; the latter has its own test."""

READS_NO_MANIFEST = frozenset({"merge-driver"})
"""These are attacked too, and read other files of a stranger."""

ARGUMENTS: dict[str, list[str]] = {
    "apply": ["apply", "--yes", "--keep-going"],
    "plan": ["plan", "--keep-going", "-o", "p.json", "--markdown", "p.md"],
    "retry": ["retry", "--yes"],
    "explain": ["explain", "images/a.png"],
    "refresh": ["refresh", "--lock-timeout", "1"],
    "diff": ["diff", "lock"],
    "release": ["release", "v1"],
    "export bagit": ["export", "bagit", "bag"],
    "export croissant": ["export", "croissant", "croissant.json"],
    "export masks": ["export", "masks", "exported"],
    "export labels": ["export", "labels", "exported.json"],
    "state show": ["state", "show", "images/a.png"],
    "state rm": ["state", "rm", "images/a.png"],
    "state mv": ["state", "mv", "images/a.png", "images/b.png"],
    "state push": ["state", "push", "images/a.png"],
    "state migrate": ["state", "migrate", "sqlite:elsewhere.db"],
    "state unlock": ["state", "unlock", "--yes"],
    "state force-unlock": ["state", "force-unlock", "--yes"],
    "undo": ["undo", "--yes"],
    # It waits for files to stand still, and alone it would not end.
    "watch": ["watch", "--once", "--settle", "0", "--settle-group", "0", "--timeout", "5"],
}
"""How a command is run that needs more than its name."""


def commands() -> list[str]:
    """The names of all commands that may read a manifest, those of groups with their group's."""
    return [words for words in _every() if words.split()[0] not in NO_MANIFEST]


def arguments_of(words: str) -> list[str]:
    """What a command is run with."""
    if words in ARGUMENTS:
        return ARGUMENTS[words]
    command = _every()[words]
    needed = [one for one in command.params if isinstance(one, click.Argument) and one.required]
    return [*words.split(), *("images/a.png" for _ in needed)]


@cache
def _every() -> dict[str, click.Command]:
    return dict(_found())


def _found() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            within = click.Context(command)
            for below in command.list_commands(within):
                found = command.get_command(within, below)
                assert found is not None, below
                yield f"{name} {below}", found
        else:
            yield name, command


if __name__ == "__main__":
    sys.stdout.write("\n".join(commands()) + "\n")

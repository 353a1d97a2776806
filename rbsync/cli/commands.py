"""The commands: one line each, with what it does; its module is the one of its name.

A command is imported when it is called: most need what the others do not. What it prints as JSON
has a schema: `rbsync.documents.catalogue` says how it gets one.
"""

from __future__ import annotations

from typing import Any

import click

from rbsync.errors import PluginError
from rbsync.plugins import ExtensionPoint

COMMANDS = {
    "init": "write a commented manifest for this folder",
    "validate": "report all problems of the manifest and of what it names",
    "expand": "print the datapoints that the manifest declares",
    "plan": "say what the project lacks",
    "apply": "make the project what the manifest says",
    "status": "show where manifest, state and project stand",
    "explain": "say why a datapoint has its action, facet by facet",
    "failures": "list what failed, grouped by cause",
    "report": "tell what became of the last run",
    "retry": "plan and apply only what failed",
    "refresh": "rebuild or correct the state from the project",
    "log": "list the runs, or what became of one datapoint",
    "undo": "put back what a run changed",
    "pull": "bring labels that people changed back into the files",
    "lock": "write the version of the dataset, to be committed",
    "verify": "tell whether the files at hand are those of the lock",
    "diff": "tell in what two versions of the dataset differ",
    "release": "keep the project as it is under a name, bound to the lock",
    "merge-driver": "merge two versions of a lock file, for git",
    "drift": "say what changed at the project behind our back",
    "adopt": "take over what the project has already",
    "ls": "list what the project holds",
    "export": "write masks or labels of the project to files",
    "watch": "keep the project in step with the files, and send none half-written",
    "show": "draw a datapoint with its labels",
    "browse": "look at datapoints and their labels in a browser",
    "doctor": "check this machine, the way to the service, and the project",
    "serve": "speak RedBrick's protocol over a local project, offline",
    "completion": "make a shell complete commands and names",
    "schema": "print the JSON Schema of the manifest, or of what a command prints",
    "state": "look at the state, or change it by hand",
}


def _objection(_: str, found: Any) -> str:
    return "" if isinstance(found, click.Command) else "it is no command of click"


POINT: ExtensionPoint[click.Command] = ExtensionPoint(
    "rbsync.commands",
    "command",
    {name: f"rbsync.cli.{name.replace('-', '_')}:command" for name in COMMANDS},
    _objection,
)


def summaries_of_plugins() -> list[tuple[str, str]]:
    """The commands that distributions add, each with what it does; also those that are broken."""
    return [(name, _summary(name)) for name in POINT.added()]


def _summary(name: str) -> str:
    try:
        return POINT.member(name).get_short_help_str(60)
    # One broken plug-in must not take the help of all other commands away.
    except PluginError as error:
        return str(error)

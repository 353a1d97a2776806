"""`rbsync --version`, and with `-v` what is at work."""

from __future__ import annotations

import os
import sys

import click

from rbsync.version import VERSION


def show_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Prints the version and ends the program, when that is asked for."""
    if not wanted or context.resilient_parsing:
        return
    click.echo(f"rbsync {VERSION}")
    # `-v` is read before, wherever it stands: its option is eager.
    if context.params.get("verbose"):
        for line in _details():
            click.echo(line)
    context.exit()


def _details() -> list[str]:
    import rbsync
    from rbsync.masks.kernel.compiled import describe

    version = ".".join(map(str, sys.version_info[:3]))
    return [
        f"python   {version}, {sys.executable}",
        f"package  {os.path.dirname(os.path.abspath(rbsync.__file__))}",
        f"masks    {describe()}",
    ]

"""`rbsync export`: a command for each format."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getdoc
from typing import Any

import click

from rbsync.cli.export_files import whole_file, whole_folder
from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import complaint, document, note
from rbsync.cli.render.numbers import plural
from rbsync.errors import ExitCode, PluginError
from rbsync.exports import EXPORTS
from rbsync.exports.base import Export, labelled

only = click.option("--target", metavar="GLOB", help="Only datapoints whose names match.")
force = click.option("--force", is_flag=True, help="Write over files of the same names.")


class Formats(click.Group):
    """A command for each format of rbsync and of its plug-ins."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (as click has it)
        return EXPORTS.names()

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002  (as click has it)
        found = EXPORTS.find(name)
        return _command(name, found) if found else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._summary(ctx, name)) for name in EXPORTS.names()])

    def _summary(self, ctx: click.Context, name: str) -> str:
        try:
            found = self.get_command(ctx, name)
        except PluginError as error:
            return str(error)
        return found.get_short_help_str(60) if found else ""


@click.group("export", cls=Formats)
def command() -> None:
    """Write what the project holds to files."""


def _command(name: str, kind: type[Export]) -> click.Command:
    @with_common_options
    def run(common: CommonOptions, path: str, target: str | None, force: bool) -> int:
        return _export(common, kind, path, target=target, force=force)

    options: list[Callable[..., Any]] = [
        click.argument("path", metavar=kind.takes),
        only,
        force,
    ]
    called: Callable[..., Any] = run
    for option in reversed(options):
        called = option(called)
    return click.command(name, help=getdoc(kind))(called)


def _export(
    common: CommonOptions, kind: type[Export], path: str, *, target: str | None, force: bool
) -> int:
    with opened(common, looks_on=True) as workspace:
        export = kind(workspace)
        tasks = labelled(workspace, target)
        blocks = export.stream(path, tasks)
        if blocks is not None:
            with whole_file(path, force=force) as file:
                file.writelines(blocks)
        else:
            with whole_folder(path, force=force) as write:
                for one in export.files(tasks):
                    write(one.path, one.data)
    _conclude(common, path, export)
    return ExitCode.SOME_FAILED if export.is_partial else ExitCode.DONE


def _conclude(common: CommonOptions, path: str, export: Export) -> None:
    for one in export.losses:
        complaint(common, str(one), fg="yellow")
    if export.losses and export.loss_hint:
        complaint(common, f"hint: {export.loss_hint}")
    for why in export.left_out:
        complaint(common, f"left out: {why}", fg="yellow")
    if common.json:
        counted = {"path": path, "written": export.written, "left_out": export.left_out}
        document(common, {**counted, **export.facts()})
    else:
        note(common, f"{plural(export.written, export.noun)} written to {path}.")

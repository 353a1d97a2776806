"""`rbsync export`: a command for each format."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from inspect import getdoc
from typing import Any, BinaryIO

import click

from rbsync.cli.name_completion import complete_names
from rbsync.cli.naming_groups import NamingGroup
from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, no_stream, with_common_options
from rbsync.cli.output import complaint, document, note
from rbsync.cli.planning_options import give_up_after
from rbsync.cli.render.numbers import plural
from rbsync.errors import ExitCode, PluginError, RefusedError, UsageError
from rbsync.exports import EXPORTS
from rbsync.exports.base import Export, labelled
from rbsync.written_files import draft_beside, failures, whole

Write = Callable[[str, bytes | Iterator[bytes]], None]


@contextmanager
def whole_folder(path: str, *, force: bool) -> Iterator[Write]:
    """Gives a function that writes a file by its path in the folder, parted by ``/``.

    The files appear together when all is done. Raises RefusedError for a folder that has
    something in it, unless forced: then files of the same names are written over. Raises
    UsageError for an empty path, and RbsyncError when it cannot be written.
    """
    _refuse(path, is_taken=os.path.lexists(path) and not _is_empty_folder(path), force=force)
    # Beside it, not in the folder for temporary files: only inside of one file system is moving a
    # matter of names.
    draft = draft_beside(path)
    with failures(path):
        os.makedirs(draft)
        try:
            yield lambda name, data: _write(os.path.join(draft, *name.split("/")), data)
            _move(draft, path)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def whole_file(path: str, *, force: bool) -> Iterator[BinaryIO]:
    """A file to be written; it appears when all is done. Raises as `whole_folder`."""
    _refuse(path, is_taken=os.path.lexists(path), force=force)
    with failures(path):
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with whole(path) as file:
        yield file


def _refuse(path: str, *, is_taken: bool, force: bool) -> None:
    if not path:
        # The names of files would be joined to nothing, and so be those of this folder.
        hint = "a variable may be unset; this folder is `.`"
        raise UsageError("the name of what is to be written is empty", hint=hint)
    if is_taken and not force:
        hint = "name another one, or pass --force to write over what has the same names"
        raise RefusedError(f"{path} is there already", hint=hint)


def _is_empty_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.listdir(path)


def _write(path: str, data: bytes | Iterator[bytes]) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    # Never over another: two datapoints with one path are a mistake of the export's.
    with open(path, "xb") as file:
        file.writelines([data] if isinstance(data, bytes) else data)


def _move(draft: str, path: str) -> None:
    with suppress(OSError):  # there is a folder that is not empty
        os.rename(draft, path)
        return
    for folder, _, names in os.walk(draft):
        there = os.path.normpath(os.path.join(path, os.path.relpath(folder, draft)))
        os.makedirs(there, exist_ok=True)
        for name in names:
            # File by file: the folder has others' files too, which stay.
            os.replace(os.path.join(folder, name), os.path.join(there, name))


only = click.option(
    "--target",
    metavar="GLOB",
    shell_complete=complete_names,
    help="Only datapoints whose names match.",
)
force = click.option("--force", is_flag=True, help="Write over files of the same names.")


class Formats(NamingGroup):
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
        # One broken plug-in must not take the help of all other formats away.
        except PluginError as error:
            return str(error)
        return found.get_short_help_str(60) if found else ""


@click.group("export", cls=Formats)
def command() -> None:
    """Write what the project holds to files, or the locked version for archives and catalogues.

    \b
    Examples:
      rbsync export masks exported/
      rbsync export labels labels.json
      rbsync export bagit bag/
      rbsync export croissant croissant.json
    """


def _command(name: str, kind: type[Export]) -> click.Command:
    @with_common_options
    def run(common: CommonOptions, path: str, **given: Any) -> int:
        return _export(common, kind, path, **given)

    options: list[Callable[..., Any]] = [
        click.argument("path", metavar=kind.takes, callback=no_stream),
        only,
        force,
        give_up_after,
    ]
    called: Callable[..., Any] = run
    for option in reversed(options):
        called = option(called)
    return click.command(name, help=getdoc(kind))(called)


def _export(
    common: CommonOptions,
    kind: type[Export],
    path: str,
    *,
    target: str | None,
    force: bool,
    give_up_after: float,
) -> int:
    # A part of the lock has no digest: the files would be of no version that anybody can check.
    if target and kind.of_files:
        raise UsageError("--target does not go with this format, which has the whole version")
    with opened(common, looks_on=True, give_up_after=give_up_after) as workspace:
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
    # Told with -q too: a folder that lacks some would be taken for all that there is.
    for why in export.left_out:
        complaint(common, f"left out: {why}", fg="yellow")
    if common.json:
        counted = {"path": path, "written": export.written, "left_out": export.left_out}
        document(common, {**counted, **export.facts()})
    else:
        note(common, f"{plural(export.written, export.noun)} written to {path}.")

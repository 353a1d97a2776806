"""`rbsync verify`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from rbsync.cli.name_completion import complete_names
from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, note, result
from rbsync.cli.render.numbers import plural
from rbsync.errors import ExitCode

if TYPE_CHECKING:
    from rbsync.locks.differences import Difference
    from rbsync.sync.workspace import Workspace


@click.command("verify")
@click.argument("patterns", nargs=-1, metavar="[PATTERN]...", shell_complete=complete_names)
@click.option("--deep", is_flag=True, help="Read every byte, whatever is remembered of files.")
@click.option(
    "--project", is_flag=True, help="Read the project too: does it hold what the lock says?"
)
@with_common_options
def command(common: CommonOptions, patterns: tuple[str, ...], deep: bool, project: bool) -> int:
    """Tell whether the files at hand are those of the lock. Changes nothing.

    With --project, also whether all that the lock says has arrived there; what else the project
    has is no difference. PATTERN narrows what is told and counted to names and paths that match.
    Exits with 2 when something differs.

    \b
    Examples:
      rbsync verify
      rbsync verify --deep "images/**"
      rbsync verify --project
    """
    from rbsync.cli.render.difference_view import show_difference
    from rbsync.cli.render.error_view import show_warnings
    from rbsync.files.name_patterns import name_pattern
    from rbsync.sync.locking import patterns_without_effect, verify

    given = [name_pattern(one) for one in patterns]

    def covers(name: str) -> bool:
        return not given or any(one(name) for one in given)

    with opened(common, rehash=deep, strict=False, asks_nobody=not project, sums=True) as workspace:
        found = verify(workspace, covers) if patterns else verify(workspace)
        there = _there(common, workspace, covers) if project else None
        idle = patterns_without_effect(workspace, patterns, found.difference)
    is_same = not found.difference and not found.unread
    arrived = there is None or not replace(there, added=())
    if common.json:
        from rbsync.documents.parts import problem_json
        from rbsync.documents.versions import difference_json

        facts = {"digest": found.digest, "datapoints": found.datapoints, "files": found.files}
        problems = [problem_json(one) for one in (*found.unread, *idle)]
        differs = difference_json(found.difference)
        beside = difference_json(there) if there is not None else None
        document(common, {**facts, "difference": differs, "problems": problems, "project": beside})
    else:
        show_warnings((*found.unread, *idle), common)
        show_difference(common, found.difference)
        if there is not None and not arrived:
            result(common, "At the project:")
            show_difference(common, replace(there, added=()))
        result(common, _verdict(found.digest, is_same=is_same, arrived=arrived))
    if is_same:
        told = f"{plural(found.datapoints, 'datapoint')}, {plural(found.files, 'file')}"
        note(common, f"{told}: as locked.")
    if there is not None and arrived:
        more = f" Beside it {plural(len(there.added), 'other datapoint')}." if there.added else ""
        note(common, f"The project holds what the lock says.{more}")
    return ExitCode.DONE if is_same and arrived else ExitCode.CHANGES


def _verdict(digest: str, *, is_same: bool, arrived: bool) -> str:
    if not is_same:
        return "The files are not those of the lock."
    return digest if arrived else "The project does not hold what the lock says."


def _there(common: CommonOptions, by_sums: Workspace, covers: Callable[[str], bool]) -> Difference:
    """In what the project differs from the lock; ``by_sums`` knows the files by their SHA-256."""
    from rbsync.sync.diffing import project_against_lock

    with opened(common, strict=False) as workspace:
        return project_against_lock(workspace, by_sums, covers)

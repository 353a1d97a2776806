"""`rbsync verify`."""

from __future__ import annotations

import click

from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, note, result
from rbsync.cli.render.numbers import plural
from rbsync.errors import ExitCode


@click.command("verify")
@click.argument("patterns", nargs=-1, metavar="[PATTERN]...")
@click.option("--deep", is_flag=True, help="Read every byte, whatever is remembered of files.")
@with_common_options
def command(common: CommonOptions, patterns: tuple[str, ...], deep: bool) -> int:
    """Tell whether the files at hand are those of the lock. Changes nothing.

    PATTERN narrows what is told to names and paths that match. Exits with 2 when something differs.

    \b
    Examples:
      rbsync verify
      rbsync verify --deep "images/**"
    """
    from rbsync.cli.render.difference_view import show_difference
    from rbsync.cli.render.error_view import show_warnings
    from rbsync.documents.parts import problem_json
    from rbsync.documents.versions import difference_json
    from rbsync.files.name_patterns import name_pattern
    from rbsync.sync.locking import verify

    covered = [name_pattern(one) for one in patterns]
    with opened(common, rehash=deep, strict=False, asks_nobody=True, sums=True) as workspace:
        found = verify(workspace, lambda name: not covered or any(one(name) for one in covered))
    is_same = not found.difference and not found.unread
    if common.json:
        facts = {"digest": found.digest, "datapoints": found.datapoints, "files": found.files}
        problems = [problem_json(one) for one in found.unread]
        differs = difference_json(found.difference)
        document(common, {**facts, "difference": differs, "problems": problems})
    else:
        show_warnings(found.unread, common)
        show_difference(common, found.difference)
        result(common, found.digest if is_same else "The files are not those of the lock.")
    if is_same:
        told = f"{plural(found.datapoints, 'datapoint')}, {plural(found.files, 'file')}"
        note(common, f"{told}: as locked.")
    return ExitCode.DONE if is_same else ExitCode.CHANGES

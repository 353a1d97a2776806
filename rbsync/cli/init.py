"""`rbsync init`."""

from __future__ import annotations

import os

import click

from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, note, result
from rbsync.errors import ExitCode, RbsyncError
from rbsync.written_files import write_whole


@click.command("init")
@click.option("--from", "source", metavar="PATH", help="An items list or an exported folder.")
@click.option("--force", is_flag=True, help="Overwrite a manifest that is there.")
@with_common_options
def command(common: CommonOptions, source: str | None, force: bool) -> int:
    """Write a commented manifest for this folder, from what is in it.

    \b
    Example:
      rbsync init --from exports/2f0f6f3e
    """
    from rbsync.backends.redbrick.binding import known_place
    from rbsync.sync.scaffolding import draft_manifest

    path = common.manifest_path
    # What somebody wrote there may be nowhere else.
    if os.path.exists(path) and not force:
        raise RbsyncError(f"there is a manifest at {path}", hint="pass --force to overwrite it")
    place = known_place(common.folder, common.trust)
    write_whole(path, draft_manifest(common.folder, source, place._asdict()))
    if common.json:
        document(common, {"manifest": path})
        return ExitCode.DONE
    result(common, path)
    note(common, "Look it over, then: rbsync plan")
    return ExitCode.DONE

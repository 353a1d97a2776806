"""`rbsync lock`."""

from __future__ import annotations

import click

from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, no_stream, with_common_options
from rbsync.cli.output import answer, document, note, result
from rbsync.cli.render.numbers import plural
from rbsync.errors import ExitCode, UsageError


@click.command("lock")
@click.option("--check", is_flag=True, help="Only say whether the lock is current; exit 2 if not.")
@click.option(
    "--install-merge-driver",
    is_flag=True,
    help="Let git merge lock files by path, in this clone.",
)
@click.option(
    "--attest",
    default="",
    metavar="FILE",
    callback=no_stream,
    help="Write an in-toto statement too, to be signed.",
)
@with_common_options
def command(common: CommonOptions, check: bool, install_merge_driver: bool, attest: str) -> int:
    """Write the version of the dataset to rbsync.lock/, to be committed.

    The lock has the SHA-256 of each file and the meaning of each label. Its digest is the version.

    \b
    Examples:
      rbsync lock
      rbsync lock --check
      rbsync lock --install-merge-driver
      rbsync lock --attest lock.intoto.json
    """
    if check and attest:
        raise UsageError("--check and --attest do not go together")
    if check and install_merge_driver:
        raise UsageError("--check and --install-merge-driver do not go together")
    if install_merge_driver:
        _install(common)
    return _check(common) if check else _write(common, attest)


def _write(common: CommonOptions, attest: str) -> int:
    from rbsync.sync.locking import write_lock

    with opened(common, strict=False, sums=True) as workspace:
        made = write_lock(workspace)
        if attest:
            from rbsync.sync.attesting import statement
            from rbsync.written_files import write_whole

            write_whole(attest, statement(made, workspace.manifest.root))
    facts = {"digest": made.digest, "datapoints": made.datapoints, "files": made.files}
    answer(common, made.digest, **facts, written=made.written, difference=None)
    told = f"{plural(made.datapoints, 'datapoint')}, {plural(made.files, 'file')} locked; "
    note(common, f"{told}{plural(made.written, 'lock file')} changed.")
    return ExitCode.DONE


def _check(common: CommonOptions) -> int:
    from rbsync.cli.render.difference_view import show_difference
    from rbsync.cli.render.error_view import show_warnings
    from rbsync.sync.locking import hint_of_part, verify

    with opened(common, strict=False, asks_nobody=True, sums=True) as workspace:
        found = verify(workspace)
        part = hint_of_part(workspace, found.difference)
    current = not found.difference and not found.unread
    show_warnings(found.unread, common)
    if common.json:
        from rbsync.documents.versions import difference_json

        facts = {"digest": found.digest, "datapoints": found.datapoints, "files": found.files}
        document(common, {**facts, "written": 0, "difference": difference_json(found.difference)})
    else:
        show_difference(common, found.difference)
        result(common, found.digest if current else "The lock is not that of the files.")
    # What cannot be read is to be mended first: of it no lock is written.
    if not current and not found.unread:
        note(common, f"{part[:1].upper()}{part[1:]}." if part else "`rbsync lock` writes it anew.")
    return ExitCode.DONE if current else ExitCode.CHANGES


def _install(common: CommonOptions) -> None:
    import os

    from rbsync.sync.lock_merging import install

    install(os.path.dirname(os.path.abspath(common.manifest_path)))
    note(common, "git merges lock files with `rbsync merge-driver` in this clone.")

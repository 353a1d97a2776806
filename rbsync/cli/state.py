"""`rbsync state`."""

from __future__ import annotations

import sys
from typing import BinaryIO

import click

from rbsync.cli.escaping import one_line
from rbsync.cli.name_completion import complete_names, composed_names
from rbsync.cli.naming_groups import NamingGroup
from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, no_stream, with_common_options
from rbsync.cli.output import answer, document, note, result
from rbsync.cli.planning_options import lock_timeout_of
from rbsync.cli.render.numbers import plural, size
from rbsync.cli.streams import write_out
from rbsync.documents.text import dump
from rbsync.errors import ExitCode, RbsyncError
from rbsync.files.name_patterns import name_pattern
from rbsync.model.record import Record
from rbsync.stores.record_json import record_json
from rbsync.stores.record_pages import each_record
from rbsync.sync import state_editing

# Shorter than that of apply: somebody sits before it and waits.
lock_timeout = lock_timeout_of(60)


@click.group("state", cls=NamingGroup)
def command() -> None:
    """Look at the state, or change it by hand: locked, and backed up before.

    \b
    Example:
      rbsync state list
    """


@command.command("list")
@click.argument("pattern", required=False, shell_complete=complete_names)
@with_common_options
def list_records(common: CommonOptions, pattern: str | None) -> int:
    """List what is recorded, or what of it matches the glob PATTERN.

    \b
    Example:
      rbsync state list "images/**"
    """
    matches = name_pattern(pattern, anywhere=True)
    with opened(common) as workspace:
        records = (one for one in each_record(workspace.store) if matches(one.name))
        if common.json:
            document(common, {"records": map(record_json, records)}, may_break_off=True)
            return ExitCode.DONE
        count = 0
        for count, one in enumerate(records, 1):  # noqa: B007  (told below)
            result(common, one_line(f"{one.name}  ({_status(one)})"))
    note(common, f"{plural(count, 'record')}.")
    return ExitCode.DONE


@command.command("show")
@click.argument("name", shell_complete=complete_names, callback=composed_names)
@with_common_options
def show(common: CommonOptions, name: str) -> int:
    """Show what is recorded of NAME.

    \b
    Example:
      rbsync state show images/a.png
    """
    with opened(common) as workspace:
        record = workspace.store.record(name)
    if record is None:
        raise RbsyncError(f"the state has no `{name}`", hint="`rbsync state list` lists all")
    if common.json:
        document(common, record_json(record))
        return ExitCode.DONE
    result(common, one_line(f"{record.name}  ({_status(record)})"))
    result(common, f"  task      {record.task_id or '-'}")
    for facet, value in (record.applied._asdict() if record.applied else {}).items():
        result(common, f"  {facet:8}  {value or '-'}")
    if record.failure is not None:
        failure = record.failure
        result(common, one_line(f"  failure   {failure.kind}, {failure.phase}: {failure.message}"))
    return ExitCode.DONE


@command.command("rm")
@click.argument(
    "names", nargs=-1, required=True, shell_complete=complete_names, callback=composed_names
)
@lock_timeout
@with_common_options
def remove(common: CommonOptions, names: tuple[str, ...], lock_timeout: float) -> int:
    """Forget NAMES. The project keeps what it has.

    \b
    Example:
      rbsync state rm images/a.png
    """
    with opened(common) as workspace:
        state_editing.forget(workspace, names, lock_timeout)
    answer(common, f"{plural(len(names), 'record')} removed.", removed=sorted(names))
    return ExitCode.DONE


@command.command("mv")
@click.argument("old", callback=composed_names)
@click.argument("new", callback=composed_names)
@lock_timeout
@with_common_options
def move(common: CommonOptions, old: str, new: str, lock_timeout: float) -> int:
    """Record under NEW what is recorded under OLD, a name or a pattern with captures.

    The embedded project renames too; tasks of a service must have their new names already.

    \b
    Examples:
      rbsync state mv images/a.png images/b.png
      rbsync state mv "day1/{case}.png" "first/{case}.png"
    """
    with opened(common) as workspace:
        renamed = state_editing.rename(workspace, old, new, lock_timeout)
    count = len(renamed)
    text = f"{old} is recorded as {new} now."
    if old not in renamed:
        text = f"{plural(count, 'record has', 'records have')} another name now."
    answer(common, text, old=old, new=new, records=count)
    return ExitCode.DONE


@command.command("pull")
@with_common_options
def pull(common: CommonOptions) -> int:
    """Print the whole state as a JSON document.

    \b
    Example:
      rbsync state pull > state.json
    """
    with opened(common) as workspace:
        write_out(dump(state_editing.pull(workspace)))
    return ExitCode.DONE


@command.command("push")
@click.argument("file", type=click.File("rb"))
@click.option("--force", is_flag=True, help="Also a document of another state, or an older one.")
@lock_timeout
@with_common_options
def push(common: CommonOptions, file: BinaryIO, force: bool, lock_timeout: float) -> int:
    """Make the state what the JSON document FILE says.

    \b
    Example:
      rbsync state push state.json
    """
    with opened(common) as workspace:
        count = state_editing.push(
            workspace, file.read(), lock_timeout, force=force, file=file.name
        )
    answer(common, f"The state has {plural(count, 'record')} now.", records=count)
    return ExitCode.DONE


@command.command("recover")
@lock_timeout
@with_common_options
def recover(common: CommonOptions, lock_timeout: float) -> int:
    """Take in the results that an earlier run could not write to the state.

    \b
    Example:
      rbsync state recover
    """
    with opened(common) as workspace, state_editing.editing(workspace, lock_timeout) as writer:
        count = workspace.recovery_file.recover(writer)
    answer(common, f"{plural(count, 'result')} taken in.", recovered=count)
    return ExitCode.DONE


@command.command("backup")
@click.argument("file", required=False, callback=no_stream)
@with_common_options
def backup(common: CommonOptions, file: str | None) -> int:
    """Copy the state, also while it is written to.

    \b
    Example:
      rbsync state backup before-the-move.db
    """
    with opened(common) as workspace:
        # Without the lock: a writer may hold it for hours, and the copy is whole beside one too.
        path = file or state_editing.backup_path(workspace)
        workspace.store.backup(path)
    answer(common, path, path=path)
    return ExitCode.DONE


@command.command("collect")
@lock_timeout
@with_common_options
def collect(common: CommonOptions, lock_timeout: float) -> int:
    """Remove the stored files that no datapoint and no history needs.

    An apply does so once a day with what is older than a day; this does it at once.

    \b
    Example:
      rbsync state collect
    """
    with opened(common) as workspace:
        found = state_editing.collect(workspace, lock_timeout)
    text = f"{plural(found.files, 'file')} removed, {size(found.size)}."
    answer(common, text, files=found.files, bytes=found.size)
    return ExitCode.DONE


@command.command("migrate")
@click.argument("target", metavar="URL")
@lock_timeout
@with_common_options
def migrate(common: CommonOptions, target: str, lock_timeout: float) -> int:
    """Move the state to the store of URL, and put the old one away.

    \b
    Examples:
      rbsync state migrate postgresql://team@db.example.org/labels
      rbsync state migrate sqlite: --state postgresql://team@db.example.org/labels
    """
    from rbsync.sync.state_migration import migrate as moved_to

    with opened(common) as workspace:
        moved = moved_to(workspace, target, lock_timeout)
    text = one_line(f"{plural(moved.records, 'record')} moved to {target}.")
    answer(
        common,
        text,
        url=target,
        records=moved.records,
        uploads=moved.uploads,
        put_away=moved.put_away,
    )
    note(common, one_line(f"The old state is kept at {moved.put_away}."))
    note(common, "Name the new one by RBSYNC_STATE_URL, --state or `state` in the configuration.")
    return ExitCode.DONE


@command.command("unlock")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_common_options
def unlock(common: CommonOptions, yes: bool) -> int:
    """Take the lock from a holder that is stopped or out of reach.

    A holder that wakes up later cannot write any more.

    \b
    Example:
      rbsync state unlock --yes
    """
    return _take_lock(common, is_sure=yes)


# By the name that people of infrastructure know it by.
@command.command("force-unlock")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_common_options
def force_unlock(common: CommonOptions, yes: bool) -> int:
    """Take the lock from a holder, as `state unlock` does.

    \b
    Example:
      rbsync state force-unlock --yes
    """
    return _take_lock(common, is_sure=yes)


def _take_lock(common: CommonOptions, *, is_sure: bool) -> int:
    with opened(common) as workspace:
        owner: object = workspace.store.owner()
        if owner is None and workspace.store.is_held():
            owner = "somebody who left no note"
        if owner is None:
            answer(common, "Nobody holds the lock.", taken_from=None)
            return ExitCode.DONE
        if not is_sure and sys.stdin.isatty():
            click.confirm(f"Take the lock from {owner}?", abort=True, err=True)
        # In a script nobody can say that the holder is dead, and a lock that is taken by mistake
        # lets two write.
        elif not is_sure:
            raise RbsyncError(f"the lock is held by {owner}", hint="pass --yes to take it")
        workspace.store.unlock()
    answer(common, f"The lock was taken from {owner}.", taken_from=str(owner))
    return ExitCode.DONE


def _status(record: Record) -> str:
    # First: what an unsettled request did is not known, so a failure noted before says little.
    if record.is_accepted:
        return "being taken in"
    if record.pending is not None:
        return f"{record.pending.operation} not settled"
    if record.failure is not None:
        return f"failed: {record.failure.kind}"
    return "applied"

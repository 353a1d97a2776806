"""`rbsync status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rbsync.cli.escaping import one_line
from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, result
from rbsync.cli.render.numbers import plural
from rbsync.errors import ExitCode

if TYPE_CHECKING:
    from rbsync.sync.workspace import Workspace


@click.command("status")
@with_common_options
def command(common: CommonOptions) -> int:
    """Show where manifest, state and project stand. Reads no data files."""
    with opened(common, looks_on=True) as workspace:
        found = _status(workspace)
    if common.json:
        document(common, found)
        return ExitCode.DONE
    project, state, lock = found["project"], found["state"], found["lock"]
    result(common, f"manifest  {found['manifest']}, {plural(found['sources'], 'source')}")
    if project:
        kind = f" ({project['type']})" if project["type"] else ""
        result(common, one_line(f"project   {project['name']}{kind}, {project['identity']}"))
    else:
        result(common, "project   not there yet; apply makes it")
    if state:
        result(
            common,
            f"state     {plural(state['applied'], 'datapoint')} applied, "
            f"{state['failed']:,} failed, {state['pending']:,} not settled; "
            f"serial {state['serial']}",
        )
    else:
        result(common, "state     none yet")
    if lock:
        who = f"{lock['user']}@{lock['host']}, pid {lock['pid']}"
        result(common, one_line(f"lock      held by {who}"))
    return ExitCode.DONE


def _status(workspace: Workspace) -> dict[str, Any]:
    project = workspace.backend.describe()
    owner = workspace.store.owner()
    return {
        "manifest": workspace.manifest.file,
        "sources": len(workspace.manifest.datapoints) + len(workspace.manifest.masks),
        "project": {"identity": project.identity, "name": project.name, "type": project.type}
        if project
        else None,
        "state": _state(workspace),
        "lock": {"user": owner.user, "host": owner.host, "pid": owner.pid, "since": owner.since}
        if owner
        else None,
    }


def _state(workspace: Workspace) -> dict[str, Any] | None:
    header = workspace.store.header()
    if header is None:
        return None
    records = workspace.store.records().values()
    return {
        "lineage": header.lineage,
        "serial": header.serial,
        "target": header.target,
        "applied": sum(1 for one in records if one.applied is not None),
        "failed": sum(1 for one in records if one.failure is not None),
        "pending": sum(1 for one in records if one.pending is not None),
    }

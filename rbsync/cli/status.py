"""`rbsync status`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from rbsync.cli.escaping import one_line
from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, result
from rbsync.cli.plan_facts import NOT_KNOWN
from rbsync.cli.render.numbers import plural
from rbsync.errors import ExitCode

if TYPE_CHECKING:
    from rbsync.backends.base import Project
    from rbsync.sync.workspace import Workspace


NAMED = 3


@click.command("status")
@with_common_options
def command(common: CommonOptions) -> int:
    """Show where manifest, state and project stand. Reads no data files.

    \b
    Example:
      rbsync status --json
    """
    with opened(common, looks_on=True) as workspace:
        found = _status(workspace)
    if common.json:
        document(common, found)
        return ExitCode.DONE
    project, state = found["project"], found["state"]
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
    if found["version"]:
        result(common, f"dataset   {found['version']}")
    elif found["has_lock"]:
        result(common, f"dataset   {NOT_KNOWN}")
    for line in _remarks(found):
        result(common, one_line(line))
    return ExitCode.DONE


def _remarks(found: dict[str, Any]) -> Iterator[str]:
    """Yields the things that somebody should know, or do something about."""
    lock, lost = found["lock"], found["lost"]
    if lock:
        who = f"{lock['user']}@{lock['host']}, pid {lock['pid']}"
        if lock["dead"]:
            yield f"lock      of a run that is dead, {who}; the next run takes it"
        else:
            yield f"lock      held by {who}"
    if found["interrupted"]:
        yield "run       interrupted: run `rbsync apply`, which settles what was left open"
    if lost:
        names = sorted({one["name"] for one in lost})
        more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
        yield (
            f"files     {plural(len(lost), 'stored file is', 'stored files are')} gone, of "
            f"{', '.join(names[:NAMED])}{more}: `rbsync state rm NAME`, then `rbsync apply` "
            "sends them again"
        )


def _project(project: Project) -> dict[str, str]:
    kind = project.type or project.unknown_type
    return {"identity": project.identity, "name": project.name, "type": kind}


def _status(workspace: Workspace) -> dict[str, Any]:
    from rbsync.sync.known_project import known_project
    from rbsync.sync.known_version import has_lock, known_version
    from rbsync.sync.sweeping import lost_files

    project = known_project(workspace)
    owner = workspace.store.owner()
    is_dead = owner is not None and not workspace.store.is_held()
    state = _state(workspace)
    # What a run that lives has sent and not settled is no interruption.
    is_open = bool(state and state["pending"]) and (owner is None or is_dead)
    return {
        "manifest": workspace.manifest.file,
        "sources": len(workspace.manifest.datapoints) + len(workspace.manifest.masks),
        "project": {
            "identity": project.identity,
            "name": project.name,
            "type": project.type or project.unknown_type,
        }
        if project
        else None,
        "state": state,
        "lock": {
            "user": owner.user,
            "host": owner.host,
            "pid": owner.pid,
            "since": owner.since,
            "dead": is_dead,
        }
        if owner
        else None,
        "version": known_version(workspace),
        "has_lock": has_lock(workspace),
        "interrupted": is_open or is_dead,
        "lost": [one._asdict() for one in lost_files(workspace)],
    }


def _state(workspace: Workspace) -> dict[str, Any] | None:
    from rbsync.stores.record_pages import amounts

    header = workspace.store.header()
    if header is None:
        return None
    return {
        "lineage": header.lineage,
        "serial": header.serial,
        "target": header.target,
        **amounts(workspace.store)._asdict(),
    }

"""`rbsync ls`."""

from __future__ import annotations

from typing import Any

import click

from rbsync.backends.base import Task
from rbsync.cli.escaping import one_line
from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, note, result
from rbsync.cli.planning_options import give_up_after as give_up_after_option
from rbsync.cli.render.numbers import plural
from rbsync.errors import ExitCode
from rbsync.files.name_patterns import name_pattern


@click.command("ls")
@click.argument("pattern", required=False)
@give_up_after_option
@with_common_options
def command(common: CommonOptions, pattern: str | None, give_up_after: float) -> int:
    """List what the project holds, or what of it matches the glob PATTERN.

    \b
    Example:
      rbsync ls "images/**"
    """
    from rbsync.sync.known_project import known_project

    shown = name_pattern(pattern, anywhere=True)
    # Labels of names that are not shown are not fetched: each may cost a request.
    with opened(common, looks_on=True, give_up_after=give_up_after) as workspace:
        known_project(workspace)
        tasks = [one for one in workspace.backend.list(counted=shown) if shown(one.name)]
    if common.json:
        document(common, {"tasks": [_as_json(one) for one in tasks]})
        return ExitCode.DONE
    for task in tasks:
        result(common, _line(task))
    note(common, f"{plural(len(tasks), 'datapoint')}.")
    return ExitCode.DONE


def _line(task: Task) -> str:
    parts = [plural(len(task.items), "item")]
    if task.labels:
        parts.append(plural(task.labels, "label"))
    if task.ground_truth:
        parts.append("ground truth")
    return one_line(f"{task.name}  ({', '.join(parts)})")


def _as_json(task: Task) -> dict[str, Any]:
    settings = task.settings("").as_json()
    del settings["storage"]
    return {
        "name": task.name,
        "task_id": task.task_id,
        "items": list(task.items),
        "labels": task.labels,
        **settings,
        "fingerprint": task.stamp._asdict() if task.stamp else None,
    }

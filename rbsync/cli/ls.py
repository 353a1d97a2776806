"""`rbsync ls`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from rbsync.backends.base import Task
from rbsync.cli.escaping import one_line
from rbsync.cli.name_completion import complete_names
from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, note, result
from rbsync.cli.planning_options import give_up_after as give_up_after_option
from rbsync.cli.render.numbers import plural, size
from rbsync.errors import ExitCode
from rbsync.files.name_patterns import name_pattern

if TYPE_CHECKING:
    from rbsync.sync.long_listing import Listed


@click.command("ls")
@click.argument("pattern", required=False, shell_complete=complete_names)
@click.option("-l", "--long", is_flag=True, help="Also sizes, times and categories of labels.")
@give_up_after_option
@with_common_options
def command(common: CommonOptions, pattern: str | None, long: bool, give_up_after: float) -> int:
    """List what the project holds, or what of it matches the glob PATTERN.

    \b
    Examples:
      rbsync ls "images/**"
      rbsync ls -l
    """
    from rbsync.sync.gaps import Gaps
    from rbsync.sync.known_project import known_project
    from rbsync.sync.long_listing import long_listing

    shown = name_pattern(pattern, anywhere=True)
    # Labels of names that are not shown are not fetched: each may cost a request.
    with opened(common, looks_on=True, give_up_after=give_up_after) as workspace:
        if long:
            _show_long(common, long_listing(workspace, shown))
            return ExitCode.DONE
        known_project(workspace)
        listing = Gaps(workspace.note).passing(workspace.backend.list(counted=shown))
        _show(common, (one for one in listing if shown(one.name)))
    return ExitCode.DONE


def _show(common: CommonOptions, tasks: Iterator[Task]) -> None:
    if common.json:
        document(common, {"tasks": map(_as_json, tasks)}, may_break_off=True)
        return
    count = 0
    for count, task in enumerate(tasks, 1):  # noqa: B007  (told below)
        result(common, _line(task))
    note(common, f"{plural(count, 'datapoint')}.")


def _show_long(common: CommonOptions, listed: Iterator[Listed]) -> None:
    if common.json:
        entries = ({**_as_json(one.task), **_long_facts(one)} for one in listed)
        document(common, {"tasks": entries}, may_break_off=True)
        return
    count = total = 0
    for count, one in enumerate(listed, 1):  # noqa: B007
        bytes_ = one.kept.size if one.kept else None
        # Of what is elsewhere nobody can tell the size; a dash keeps the columns in line.
        told = "-" if bytes_ is None else size(bytes_)
        when = one.kept.changed_at[:16].replace("T", " ") if one.kept else "-"
        categories = f": {', '.join(one.categories)}" * bool(one.categories)
        line = _line(one.task).removesuffix(")") + one_line(categories) + ")"
        result(common, f"{told:>10}  {when:16}  {line}")
        total += bytes_ or 0
    note(common, f"{plural(count, 'datapoint')}, {size(total)}.")


def _long_facts(one: Listed) -> dict[str, Any]:
    kept = one.kept
    return {
        "bytes": kept.size if kept else None,
        "changed_at": kept.changed_at if kept else "",
        "categories": list(one.categories),
    }


def _line(task: Task) -> str:
    parts = [plural(len(task.items), "item")]
    if task.labels:
        parts.append(plural(task.labels, "label"))
    if task.ground_truth:
        parts.append("ground truth")
    if task.archived:
        parts.append("archived")
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
        "version": task.mark.version,
        "revision": task.mark.revision,
    }

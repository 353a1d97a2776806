"""A plan as pages to be looked at, one or many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rbsync.cli.pages.html_page import Change, Page, Row, Section
from rbsync.cli.pages.many_pages import paged
from rbsync.cli.render.markdown import HEADINGS
from rbsync.cli.render.numbers import plural, size
from rbsync.cli.render.plan_view import (
    SYMBOLS,
    called,
    losses,
    outlook,
    project_lines,
    remark,
    summary_line,
    undeclared,
)
from rbsync.model.plan import Action, Create, Move, Plan

if TYPE_CHECKING:
    from rbsync.sync.pictured_changes import Pictured

_DETAILED = 10_000
"""Actions up to which what is said of each of them is on the page too."""


def plan_pages(
    plan: Plan, pictured: Mapping[str, Pictured], file: str
) -> Iterator[tuple[str, str]]:
    """The pages of a plan, each with its path: that of the first is empty.

    ``pictured`` is what is known of labels, by name; ``file`` is the name of the first page.
    """
    counts = plan.summary
    numbers = (
        (counts.create, "to create", "create"),
        (counts.move, "to move", "move"),
        (counts.update, "to update", "update"),
        (counts.delete, "to delete", "delete"),
        (counts.blocked, "blocked", "blocked"),
        (counts.keep, "unchanged", "quiet"),
    )
    shown = [(f"{number:,}", what, kind) for number, what, kind in numbers if number]
    shown += [(size(counts.bytes), "to upload", "quiet")] if counts.bytes else []
    warnings = [f"warning: {one}" for one in (*plan.unread, *plan.warnings)]
    project = [" ".join(parts) for parts, _ in project_lines(plan)]
    told = (*outlook(plan), *losses(plan), *undeclared(plan), *project[:20], *warnings[:20])
    page = Page(
        "Plan",
        "" if plan.actions else summary_line(plan),
        shown,
        told,
        list(_sections(plan, pictured)),
    )
    return paged(page, file)


def _sections(plan: Plan, pictured: Mapping[str, Pictured]) -> Iterator[Section]:
    says_all = len(plan.actions) <= _DETAILED
    for kind, heading in HEADINGS.items():
        actions = [one for one in plan.actions if type(one) is kind]
        if actions:
            yield Section(
                kind.__name__.lower(),
                f"{SYMBOLS[kind][0]} {plural(len(actions), 'datapoint')} {heading}",
                [_change(one, pictured[one.name]) for one in actions if one.name in pictured],
                [_row(one, says_all) for one in actions if one.name not in pictured],
            )


def _change(action: Action, found: Pictured) -> Change:
    return Change(called(action), _said(action), action.reason, *found)


def _row(action: Action, says_all: bool) -> Row:
    folder, slash, name = action.name.rpartition("/")
    if isinstance(action, Move):
        name = f"{action.old} → {name}"
    # Of 100,000 files to create the sum is worth knowing, and each size is not.
    is_plain = isinstance(action, Create) and not says_all
    said, reason = ("", "") if is_plain else (_said(action), action.reason)
    return Row(folder + slash, name, said, reason)


def _said(action: Action) -> str:
    return remark(action).removeprefix("(").removesuffix(")")

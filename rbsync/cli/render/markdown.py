"""A plan as Markdown, for a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from rbsync.cli.escaping import for_markdown
from rbsync.cli.plan_facts import NO_FACTS, About
from rbsync.cli.render.markdown_page import (
    LIMIT,
    Page,
    Row,
    Section,
    cut,
    page_line,
    quoted,
)
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
from rbsync.label_changes.change_kinds import LabelChanges
from rbsync.label_changes.change_wording import told
from rbsync.model.plan import Action, Blocked, Create, Delete, Move, Plan, Replace, Update

SHOWN = 200
"""Datapoints whose labels are looked into for a page."""
MARKER = "rbsync-plan"
_WARNINGS = 20
_FEW = 10
"""Rows that are not folded by folder."""
_PLAIN = re.compile(r"[0-9A-Za-z:./_+-]*")

# What deletes and what blocks is cut last.
HEADINGS: dict[type[Action], str] = {
    Delete: "to delete",
    Blocked: "blocked",
    Replace: "to replace",
    Update: "to update",
    Move: "to move",
    Create: "to create",
}
_UNFOLDED = (Delete, Blocked)


def plan_markdown(
    plan: Plan,
    labels: Mapping[str, LabelChanges] = MappingProxyType({}),
    about: About = NO_FACTS,
) -> str:
    """The plan as a page of at most `LIMIT` letters: counts, what stands in the way, actions.

    ``labels`` says what changes in labels, by name. The first line is a comment by which the next
    page finds the one that it is to replace.
    """
    page = Page(LIMIT)
    page.add(f"<!-- {MARKER} {_plain(about.key)}-->\n")
    tail = f"\n<!-- {_hidden(about)}-->\n"
    page.reserve(len(tail))
    page.add(f"### rbsync plan\n\n{summary_line(plan)}\n")
    for line in losses(plan):
        page.add(f"\n**{line}**\n")
    for line in undeclared(plan):
        page.add(f"\n{line}\n")
    for line in outlook(plan):
        page.add(f"\n> **{for_markdown(cut(line))}**\n")
    if about.version:
        page.add(f"\nDataset `{_plain(about.version).strip()}`\n")
    page.add(page_line(about.page))
    for line in _warnings(plan):
        page.add(line)
    page.add_sections(list(_sections(plan, labels)))
    page.reserve(-len(tail))
    page.add(tail)
    return page.text()


def _warnings(plan: Plan) -> Iterator[str]:
    told_of = [" ".join(parts) for parts, _ in project_lines(plan)]
    told_of += [f"warning: {one}" for one in (*plan.unread, *plan.warnings)]
    yield from quoted(told_of[:_WARNINGS])
    if len(told_of) > _WARNINGS:
        yield f"\n> … and {plural(len(told_of) - _WARNINGS, 'warning')} more.\n"


def _sections(plan: Plan, labels: Mapping[str, LabelChanges]) -> Iterator[Section]:
    for kind, heading in HEADINGS.items():
        actions = [one for one in plan.actions if type(one) is kind]
        if not actions:
            continue
        folds = kind not in _UNFOLDED and len(actions) > _FEW
        # Where it is known how labels change comes first: it is what a reviewer looks for.
        actions.sort(key=lambda one: one.name not in labels)
        rows = [_row(one, labels.get(one.name), folds=folds) for one in actions]
        yield Section(f"{len(actions):,} {heading}{_bytes(plan, kind)}", rows, folds)


def _bytes(plan: Plan, kind: type[Action]) -> str:
    total = plan.summary.bytes if kind is Create else 0
    return f", {size(total)} to upload with all" if total else ""


def _row(action: Action, changes: LabelChanges | None, *, folds: bool) -> Row:
    said = remark(action).removeprefix("(").removesuffix(")")
    if changes:
        said = f"labels: {told(changes)} ({said})"
    group = action.name.rpartition("/")[0] or "." if folds else ""
    return Row(SYMBOLS[type(action)][0], called(action), said, group)


def _hidden(about: About) -> str:
    facts = [("plan", about.digest), ("head", about.head), ("base", about.base)]
    facts.append(("dataset", about.version))
    return " · ".join(f"{name} {_plain(value).strip()}" for name, value in facts if value) + " "


def _plain(text: str) -> str:
    """A word that cannot end a comment, with a space after it; nothing for any other text."""
    fits = _PLAIN.fullmatch(text) and "--" not in text
    return f"{text} " if text and fits else ""

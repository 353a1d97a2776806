"""A plan as Markdown, for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from rbsync.cli.escaping import for_markdown
from rbsync.cli.render.plan_view import SYMBOLS, losses, outlook, summary_line
from rbsync.model.plan import Plan

SHOWN = 200


def plan_markdown(plan: Plan) -> str:
    """The plan as a heading, its summary and a table."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield "### rbsync plan"
    yield ""
    yield summary_line(plan)
    for line in losses(plan):
        yield f"\n**{for_markdown(line)}**"
    for line in outlook(plan):
        yield f"\n> **{for_markdown(line)}**"
    for problem in (*plan.unread, *plan.warnings):
        yield f"\n> warning: {for_markdown(str(problem))}"
    if not plan.actions:
        return
    yield "\n| | datapoint | why |"
    yield "|---|---|---|"
    for action in plan.actions[:SHOWN]:
        symbol = SYMBOLS[type(action)][0]
        yield f"| `{symbol}` | {for_markdown(action.name)} | {for_markdown(action.message)} |"
    # A comment on a pull request has a limit of length, and past it there would be none at all.
    if len(plan.actions) > SHOWN:
        yield f"\n… and {len(plan.actions) - SHOWN:,} more."

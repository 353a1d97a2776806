"""A plan for people: an action a line, and the summary."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from rbsync import reasons
from rbsync.cli.escaping import one_line
from rbsync.cli.options import CommonOptions
from rbsync.cli.output import complaint, note, result
from rbsync.cli.render.error_view import show_warnings
from rbsync.cli.render.numbers import duration, plural, size
from rbsync.label_changes.change_kinds import LabelChanges
from rbsync.label_changes.change_wording import told
from rbsync.model.datapoint import Datapoint
from rbsync.model.plan import (
    Action,
    Blocked,
    Create,
    Delete,
    Move,
    Overwriting,
    Plan,
    Replace,
    Update,
)

SHOWN = 20
"""Actions of a kind that are listed unless `-v` asks for all."""

SYMBOLS: dict[type[Action], tuple[str, str]] = {
    Create: ("+", "green"),
    Move: ("→", "cyan"),
    Update: ("~", "yellow"),
    Replace: ("±", "yellow"),
    Delete: ("-", "red"),
    Blocked: ("!", "magenta"),
}
NO_CHANGES = "No changes. The project matches the manifest."


Labels = Mapping[str, LabelChanges]
NONE: Labels = MappingProxyType({})


def show_plan(plan: Plan, common: CommonOptions, nothing: str = "", labels: Labels = NONE) -> None:
    """Prints the actions, what else is worth knowing, and the summary.

    ``nothing`` is what is said of a plan without any actions, where its summary does not do.
    ``labels`` says what changes in labels, by name.
    """
    show_warnings((*plan.unread, *plan.warnings), common)
    for line, color in _lines(plan, common, labels):
        note(common, line, fg=color)
    if plan.orphans:
        what = plural(len(plan.orphans), "datapoint is", "datapoints are")
        note(common, f"{what} in the project and not in the manifest (--prune deletes them).")
    if not plan.looked and any(isinstance(one, Overwriting | Move) for one in plan.actions):
        note(common, "The project was not looked at: apply looks before it overwrites anything.")
    for line in losses(plan):
        note(common, line, fg="yellow")
    for line in outlook(plan):
        # Also with -q: who prints results only wants to know most of all that there will be none.
        complaint(common, line, fg="red")
    result(common, summary_line(plan) if plan.actions or not nothing else nothing)


def losses(plan: Plan) -> Iterator[str]:
    """Yields what the summary does not tell of the updates."""
    number = len(plan.labels_removed)
    if number:
        yield f"{plural(number, 'update removes', 'updates remove')} all labels of a datapoint."
    number = len(plan.fewer_labels)
    if number:
        what = plural(number, "update leaves", "updates leave")
        yield f"{what} fewer labels: a third or more of those of a datapoint go."


def outlook(plan: Plan) -> Iterator[str]:
    """Yields what apply will come to, where that is known to be no success."""
    code = plan.apply_exit_code
    if plan.refused is not None:
        yield f"The guard will refuse this (exit code {int(code)}): {plan.refused}"
    elif code:
        yield f"Apply will end with exit code {int(code)}, for what is blocked or unknown."


def summary_line(plan: Plan) -> str:
    """The line that scripts may look for."""
    counts = plan.summary
    if not plan.actions and plan.unread:
        # Nobody may take it for the news that all is in order.
        return f"No changes to what could be read; {plural(len(plan.unread), 'part')} could not."
    if not plan.actions:
        return NO_CHANGES if plan.unseen_for is None else _not_looked(plan.unseen_for)
    # Only where there are some: scripts know the line from before there were moves.
    moves = f"{counts.move:,} to move, " if counts.move else ""
    return (
        f"Plan: {counts.create:,} to create, {moves}{counts.update:,} to update, "
        f"{counts.delete:,} to delete, {counts.blocked:,} blocked, {counts.keep:,} unchanged. "
        f"{size(counts.bytes)} to upload."
    )


def _not_looked(seconds: float) -> str:
    """A plan with nothing to do compares with the state, and has not looked at a service."""
    when = "never looked at from here"
    if math.isfinite(seconds):
        when = f"last looked at {duration(seconds)} ago"
    return f"No changes. The project was {when}; --refresh looks."


def _lines(plan: Plan, common: CommonOptions, labels: Labels) -> Iterator[tuple[str, str]]:
    for kind, (symbol, color) in SYMBOLS.items():
        # By its very type: an Update and a Replace share a base and have symbols of their own.
        actions = [one for one in plan.actions if type(one) is kind]
        # 40,000 lines of creates would scroll away what is to be deleted.
        shown = actions if common.verbose else actions[:SHOWN]
        for action in shown:
            yield one_line(f"  {symbol} {called(action)}  {remark(action)}".rstrip()), color
            if changes := labels.get(action.name):
                yield one_line(f"      labels: {told(changes)}"), color
        if len(actions) > len(shown):
            yield f"  {symbol} … and {len(actions) - len(shown):,} more (-v lists all)", color


def called(action: Action) -> str:
    """The name of an action; of a move both."""
    return f"{action.old} → {action.name}" if isinstance(action, Move) else action.name


def remark(action: Action) -> str:
    """The words beside the name of an action, in brackets."""
    match action:
        case Create(datapoint=datapoint, reason=reasons.NEW):
            return f"({_contents(datapoint)})"
        case _:
            return f"({action.message})"


def _contents(datapoint: Datapoint) -> str:
    parts = [plural(len(datapoint.items), "item")]
    if datapoint.size:
        parts.append(size(datapoint.size))
    if datapoint.labels:
        parts.append("labels")
    return ", ".join(parts)

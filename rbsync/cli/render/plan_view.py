"""A plan for people: an action a line, or a folder of them, and the summary."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from rbsync import reasons
from rbsync.cli.escaping import one_line
from rbsync.cli.options import CommonOptions
from rbsync.cli.output import complaint, note, result
from rbsync.cli.render.by_folder import folded
from rbsync.cli.render.columns import columns_of
from rbsync.cli.render.error_view import show_warnings
from rbsync.cli.render.numbers import duration, plural, size
from rbsync.cli.render.screen import NARROWEST, beside, shortened, width_of
from rbsync.cli.streams import flush_out
from rbsync.model.datapoint import Datapoint
from rbsync.model.packed import FolderPoints
from rbsync.model.plan import (
    LACKING,
    Action,
    Actions,
    Blocked,
    Create,
    Delete,
    Move,
    Overwriting,
    Plan,
    Replace,
    Update,
)

if TYPE_CHECKING:
    from rbsync.label_changes.change_kinds import LabelChanges

    Labels = Mapping[str, LabelChanges]

SHOWN = 20
"""Actions of a kind that are listed unless `-v` asks for all."""
LISTED = 30
"""Actions that are listed one by one; more are folded by folder, unless `-v` asks for all."""
LINES = 15
"""Lines that folded actions take: with what stands around them they fit one screen."""

SYMBOLS: dict[type[Action], tuple[str, str]] = {
    Create: ("+", "green"),
    Move: ("→", "cyan"),
    Update: ("~", "yellow"),
    Replace: ("±", "yellow"),
    Delete: ("-", "red"),
    Blocked: ("!", "magenta"),
}
NO_CHANGES = "No changes. The project matches the manifest."


NONE: Labels = MappingProxyType({})


def show_plan(
    plan: Plan, common: CommonOptions, nothing: str = "", labels: Labels = NONE, *, asks: bool
) -> None:
    """Prints the actions, what else is worth knowing, and the summary.

    ``nothing`` is what is said of a plan without any actions, where its summary does not do.
    ``labels`` says what changes in labels, by name. ``asks`` says that the plan is shown to be
    agreed to: it stands beside the question then, and is no result.
    """
    show_warnings((*plan.unread, *plan.warnings), common)
    # What is agreed to has to be seen, also by who sends the result into a file.
    say, stream = (note, sys.stderr) if asks else (_result_unless_quiet, sys.stdout)
    for line, color in plan_lines(plan, labels, width_of(stream), all_of_it=bool(common.verbose)):
        say(common, line, fg=color)
    for (start, words), color in project_lines(plan):
        say(common, beside(start, words, width_of(stream)), fg=color)
    if len(plan.actions) > LISTED and not common.verbose:
        say(common, f"  -v lists all {len(plan.actions):,} one by one.")
    if not asks:
        # Else what stands below it comes before it, where both go into one file.
        flush_out()
    for line in undeclared(plan):
        note(common, line)
    for name in plan.orphans if common.verbose else ():
        note(common, f"  {one_line(name)}")
    if not plan.looked and any(isinstance(one, Overwriting | Move) for one in plan.singled_out):
        note(common, "The project was not looked at: apply looks before it overwrites anything.")
    for line in losses(plan):
        note(common, line, fg="yellow")
    for line in outlook(plan):
        # Also with -q: who prints results only wants to know most of all that there will be none.
        complaint(common, line, fg="red")
    result(common, summary_line(plan) if plan.actions or not nothing else nothing)


def _result_unless_quiet(common: CommonOptions, text: str, **style: str) -> None:
    if not common.quiet:
        result(common, text, **style)


def undeclared(plan: Plan) -> Iterator[str]:
    """Yields how many datapoints the project has that nothing declares."""
    if plan.orphans:
        what = plural(len(plan.orphans), "datapoint is", "datapoints are")
        where = "not in the manifest (--prune deletes them)."
        # They may be in what could not be read, and then no option deletes them.
        where = "not in what could be read; none is deleted." if plan.unread else where
        yield f"{what} in the project and {where}"


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
        return (
            f"Nothing to do in what could be read; {plural(len(plan.unread), 'part')} could not be."
        )
    if not plan.actions and plan.new_project:
        return "No datapoints to create; the project is not there, and --project makes it."
    if not plan.actions and (number := len(plan.added_categories)):
        what = plural(number, "category", "categories")
        return f"No changes to datapoints; the project lacks {what}, which --project adds."
    if not plan.actions and plan.project:
        what = plural(len(plan.project), "thing")
        return f"No changes to datapoints; the project itself differs in {what}, only told here."
    if not plan.actions:
        return NO_CHANGES if plan.unseen_for is None else _not_looked(plan.unseen_for)
    # Only where there are some: scripts know the line from before there were moves.
    moves = f"{counts.move:,} to move, " if counts.move else ""
    return (
        f"Plan: {counts.create:,} to create, {moves}{counts.update:,} to update, "
        f"{counts.delete:,} to delete, {counts.blocked:,} blocked, {counts.keep:,} unchanged. "
        f"{size(counts.bytes)} to upload."
    )


def project_lines(plan: Plan) -> Iterator[tuple[tuple[str, str], str]]:
    """Yields what the project itself is not, as a line's two parts, with their colours."""
    for one in plan.project:
        if one.is_added:
            how = "a project; apply --project makes it"
            how = "a category; apply --project adds it" if one.what == "category" else how
            parts = f"  + {one_line(one.declared)}", f"({how})"
            yield parts, SYMBOLS[Create][1]
        else:
            there = one_line(one.present) or "not there"
            parts = f"  ! {one_line(one.declared)}", f"({one.what} of the project: {there})"
            yield parts, SYMBOLS[Blocked][1]


def _not_looked(seconds: float) -> str:
    """A plan with nothing to do compares with the state, and has not looked at a service."""
    when = "never looked at from here"
    if math.isfinite(seconds):
        when = f"last looked at {duration(seconds)} ago"
    return f"No changes. The project was {when}; --refresh looks."


def plan_lines(
    plan: Plan, labels: Labels = NONE, width: int = 0, *, all_of_it: bool = False
) -> Iterator[tuple[str, str]]:
    """Yields the lines of the actions with their colours, for a screen of ``width`` columns.

    More than `LISTED` are folded by folder, unless all are asked for.
    """
    lists_all = all_of_it or len(plan.actions) <= LISTED
    found = plan.actions if lists_all else plan.singled_out
    by_kind = {kind: [one for one in found if type(one) is kind] for kind in SYMBOLS}
    heaps = [] if lists_all else _heaps_of(plan)
    counts = {kind: len(some) for kind, some in by_kind.items()}
    counts[Create] += sum(one.number for one in heaps)
    room = _room({kind: number for kind, number in counts.items() if number})
    for kind, actions in by_kind.items():
        symbol, color = SYMBOLS[kind]
        if lists_all or counts[kind] <= room.get(kind, 0):
            # Creates come first in every plan.
            some = islice(plan.actions, counts[kind]) if kind is Create else actions
            lines: Iterator[str] = chain.from_iterable(
                _listed(symbol, one, labels, width) for one in some
            )
        else:
            lines = _folded(symbol, actions, heaps if kind is Create else (), room[kind], width)
        yield from ((line, color) for line in lines)


class Heap(NamedTuple):
    """Creates in one folder: the first of them, so many, and their bytes."""

    first: Create
    number: int
    size: int


def _heaps_of(plan: Plan) -> list[Heap]:
    """The creates that come packed, by the folders of their names."""
    if not isinstance(plan.actions, Actions):
        return []
    return [heap for one in plan.actions.new.folders for heap in _heaps_in(one)]


def _heaps_in(points: FolderPoints) -> Iterator[Heap]:
    # Names that are paths are all in the folder of their files.
    if not points.names:
        yield Heap(_create(points.only(0)), len(points), sum(points.sizes))
        return
    groups: dict[str, list[int]] = {}
    for at, name in enumerate(points.all_names()):
        groups.setdefault(name.rpartition("/")[0], []).append(at)
    for some in groups.values():
        total = sum(points.sizes[at] for at in some)
        yield Heap(_create(points.only(some[0])), len(some), total)


def _create(datapoint: Datapoint) -> Create:
    return Create(datapoint, reasons.NEW, LACKING)


def _room(counts: Mapping[type[Action], int]) -> dict[type[Action], int]:
    """Shares out the lines, so that three deletes are not folded for 40,000 creates."""
    room: dict[type[Action], int] = {}
    left = LINES
    for number, (kind, count) in enumerate(sorted(counts.items(), key=lambda one: one[1])):
        room[kind] = min(count, left // (len(counts) - number))
        left -= room[kind]
    return room


def _listed(symbol: str, action: Action, labels: Labels, width: int) -> Iterator[str]:
    yield beside(f"  {symbol} {one_line(called(action))}", one_line(remark(action)), width)
    if changes := labels.get(action.name):
        # Nearly every plan has nothing to say of labels.
        from rbsync.label_changes.change_wording import told

        yield beside("    ", f"labels: {one_line(told(changes))}", width)


def _folded(
    symbol: str, actions: Sequence[Action], heaps: Sequence[Heap], most: int, width: int
) -> Iterator[str]:
    by_name = {one.name: one for one in actions}
    heaped = {one.first.name: one for one in heaps}

    def count(names: Sequence[str]) -> int:
        return sum(heaped[name].number if name in heaped else 1 for name in names)

    for fold in folded([*by_name, *heaped], most, count if heaped else len):
        heaps = [heaped[name] for name in fold.names if name in heaped]
        some = [*(by_name[name] for name in fold.names if name in by_name)]
        number = len(some) + sum(one.number for one in heaps)
        some += [one.first for one in heaps]
        if number == 1:
            name, parts = called(some[0]), [remark(some[0])]
        else:
            more = sum(one.size - one.first.datapoint.size for one in heaps)
            name, parts = fold.label, list(_told_together(some, number, more, fold.folders))
        yield _one_row(f"  {symbol} ", one_line(name), list(map(one_line, parts)), width)


def _one_row(symbol: str, name: str, parts: list[str], width: int) -> str:
    """A line that is not wrapped: details give way to the name, and it to how many there are."""
    line = f"{symbol}{name}  {', '.join(parts)}"
    while width and columns_of(line) > width and len(parts) > 1:
        parts.pop()
        line = f"{symbol}{name}  {', '.join(parts)}"
    if not width or columns_of(line) <= width:
        return line
    room = max(width - columns_of(parts[0]) - columns_of(symbol) - 2, NARROWEST // 2)
    return shortened(f"{symbol}{shortened(name, room)}  {parts[0]}", width)


def _told_together(
    actions: Sequence[Action], number: int, more: int, folders: int
) -> Iterator[str]:
    """``more`` are bytes of others than these actions, which are ``number`` with them."""
    yield plural(number, "datapoint")
    first = actions[0]
    if isinstance(first, Create | Replace) and (total := _size_of(actions) + more):
        yield size(total)
    if labelled := sum(isinstance(one, Create) and bool(one.datapoint.labels) for one in actions):
        yield f"{labelled:,} with labels"
    if isinstance(first, Update | Blocked):
        yield from _counted(actions)
    if folders > 1:
        yield plural(folders, "folder")
    # What a service said of them is told nowhere else where they are told together.
    said = {
        one.message for one in actions if isinstance(one, Blocked) and one.reason == reasons.REFUSED
    }
    if len(said) == 1:
        yield said.pop()


def _size_of(actions: Iterable[Action]) -> int:
    return sum(one.datapoint.size for one in actions if isinstance(one, Create | Replace))


def _counted(actions: Iterable[Action]) -> list[str]:
    """The facets of updates, and the reasons of what is blocked, each with its number."""
    counts: dict[str, int] = {}
    for one in actions:
        match one:
            case Update(changed=changed):
                words: Sequence[str] = changed
            case _:
                words = [one.reason]
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    return [f"{word} {number:,}" for word, number in counts.items()]


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

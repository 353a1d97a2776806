"""Taking back: what runs changed, name by name, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from rbsync.model.datapoint import Datapoint
from rbsync.model.fingerprint import FACETS, NO_LABELS, Facet, Fingerprint
from rbsync.model.history import Change, Run
from rbsync.model.plan import Action, Blocked, Create, Delete, Move, Update
from rbsync.model.record import Declined, Record
from rbsync.planner.decide import half_changed, half_told
from rbsync.reasons import CONFLICT, UNDONE

Source = tuple[str, tuple[Facet, ...]]
"""The digest of a document of the history, and the facets that are to be taken from it."""


class Reversal(NamedTuple):
    """One name, before the runs and after them.

    ``was`` is None when it was not there before, ``now`` when it is not there after. ``sources``
    say where its content is: of each facet the last one counts. ``declined`` is what its record
    is to say once it is taken back. ``old`` is the name that it had before, where that is another.
    ``left`` is what was recorded of it before: of a run that was cut off before it came to some
    facets, ``was`` has these as that run would have left them.
    """

    name: str
    was: Fingerprint | None
    now: Fingerprint | None
    sources: tuple[Source, ...]
    declined: tuple[Declined, ...]
    old: str = ""
    left: Fingerprint | None = None


def reversals(changes: Iterable[Change], runs: Sequence[Run]) -> list[Reversal]:
    """Returns what the changes of some runs amount to, by name. ``changes`` come newest first.

    ``runs`` are all that the history has, newest first too: they tell which took back another.
    """
    undoing = undoing_runs(runs)
    by_name: dict[str, list[Change]] = {}
    held: set[str] = set()
    later: dict[str, str] = {}
    olds: dict[str, str] = {}
    for change in changes:
        name = later.pop(change.name, "") if change.verb == "create" else ""
        name = name or later.get(change.name, change.name)
        if change.verb == "move":
            # Newest first: what is told of the old name from here on is the same datapoint's.
            name = later.pop(change.renamed, change.renamed)
            later[change.name], olds[name] = name, change.name
            # What takes back an undo makes it as declared again: nothing is to be held.
            if change.run not in undoing:
                held.add(name)
        # A decision to leave what others made sent nothing: there is nothing to take back of it.
        if change.facets or change.verb != "update":
            by_name.setdefault(name, []).append(change)
    return [
        _renamed(_reversal(name, by_name[name], undoing), olds.get(name, ""), name in held)
        for name in sorted(by_name)
    ]


def _renamed(one: Reversal, old: str, is_held: bool) -> Reversal:
    """A reversal that also gives back an old name; what is moved is held by that name."""
    if not old or one.was is None:
        return one
    return one._replace(old=old, declined=(Declined(UNDONE, None),) if is_held else ())


def undoing_runs(runs: Sequence[Run]) -> frozenset[str]:
    """The runs after which the project was not as declared: those that took back such as were.

    What takes back an undo makes the project as declared again.
    """
    found: set[str] = set()
    for run in reversed(runs):
        if run.undoes and not found.intersection(run.undoes):
            found.add(run.id)
    return frozenset(found)


def _reversal(name: str, newest_first: Sequence[Change], undoing: frozenset[str]) -> Reversal:
    first, last = newest_first[-1], newest_first[0]
    was = None if first.verb == "create" else first.was
    now = None if last.verb == "delete" else last.now
    if was and now and all(one.verb in ("update", "move") for one in newest_first):
        # What else is another one now was made by others, and recorded: it is not ours to undo.
        changed = [one for one in FACETS if any(one in each.facets for each in newest_first)]
        was = now.merged(was, changed)
    facets = was.changed_since(now) if was and now else FACETS
    declared = next((one for one in newest_first if one.run not in undoing), None)
    declined: tuple[Declined, ...] = ()
    if declared is not None:
        wanted = None if declared.verb == "delete" else declared.now
        if wanted != was:
            declined = (Declined(UNDONE, wanted, facets),)
    left = None if first.verb == "create" else first.was
    return Reversal(name, was, now, tuple(_sources(newest_first)), declined, left=left)


def _sources(newest_first: Sequence[Change]) -> list[Source]:
    """The documents in the order in which they count: those of the first run come last.

    Within a run the later one counts: it was written right before the change was sent.
    """
    kept = [one for one in newest_first if one.before]
    runs = list(dict.fromkeys(one.run for one in kept))
    ordered = [one for run in runs for one in reversed(kept) if one.run == run]
    whole = [(one.before, FACETS) for one in ordered]
    return [*whole, *((one.before, one.facets) for one in ordered)]


def decide_reversal(
    one: Reversal, record: Record | None, put_back: Callable[[Reversal], Datapoint]
) -> Action | None:
    """Returns what takes a name back, None when it is as it was before.

    Raises what ``put_back`` does.
    """
    present = record.applied if record else None
    task_id = record.task_id if record else ""
    is_renamed = bool(one.old) and one.old != one.name
    if (present == one.was or (present and present == one.left)) and not (is_renamed and present):
        return _half_undone(one._replace(was=present), record, put_back)
    if present != one.now:
        message = "a later run, or somebody else, changed it since"
        return Blocked(one.name, CONFLICT, message)
    if one.was is None:
        message = "it was created; that is taken back"
        return Delete(one.name, task_id, UNDONE, message, declined=one.declined)
    if one.now is None:
        message = "it was deleted; that is taken back"
        back = put_back(one._replace(name=one.old or one.name))
        return Create(back, UNDONE, message, declined=one.declined)
    changed = one.was.changed_since(one.now)
    if is_renamed:
        message = "; ".join(["the move is taken back", *changed])
        back = put_back(one._replace(name=one.old))
        return Move(
            back, one.name, task_id, one.now, UNDONE, message, changed, declined=one.declined
        )
    message = f"taken back: {', '.join(changed)}"
    return Update(put_back(one), changed, task_id, UNDONE, message, declined=one.declined)


def _half_undone(
    one: Reversal, record: Record | None, put_back: Callable[[Reversal], Datapoint]
) -> Update | None:
    """The action to take back the half of an update that was cut off, None where there was none."""
    half = half_changed(record) if record else ()
    if record is None or one.was is None or not half:
        return None
    datapoint = put_back(one)
    if datapoint.labels is None and one.was.labels not in NO_LABELS:
        # It was cut off before its labels were looked at: they are as they were.
        half = tuple(facet for facet in half if facet != "labels")
    message = f"taken back: {half_told(half)}"
    return Update(datapoint, half, record.task_id, UNDONE, message, declined=one.declined)

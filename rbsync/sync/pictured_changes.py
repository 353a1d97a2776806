"""Changes of labels with their pictures: by a plan, and between two versions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, TypeGuard

from rbsync.errors import RbsyncError
from rbsync.files.body import read_whole
from rbsync.files.roots import Roots
from rbsync.label_changes.change_kinds import LabelChanges
from rbsync.label_changes.change_wording import (
    BEFORE_AFTER,
    LEFT_HERE,
    LEFT_THERE,
    THERE_HERE,
    Between,
)
from rbsync.label_changes.label_content import LabelContent, as_pictures, compare
from rbsync.model.datapoint import Datapoint
from rbsync.model.plan import Action, Create, Plan, Rewriting
from rbsync.pictures.change_pictures import Detail
from rbsync.pictures.views import Read, change_views
from rbsync.sync.common_labels import common_labels
from rbsync.sync.diffing import Version
from rbsync.sync.label_news import Rewrite, contested_labels, rewriting_labels, sides_of
from rbsync.sync.label_sides import LIMIT, NOTHING, Side, declared_content, picture_size, side_of
from rbsync.sync.workspace import READERS, Workspace

FULL = 20
"""Changes that are shown in full; of more each is cut to where it differs."""
MOST = 500
"""Changes that have a picture."""
_TOGETHER = 25
_SIDES = ((100, 384), (250, 320), (MOST, 256))
_BYTES = 6_000_000
"""Letters of all photographs of a page together."""


class Pictured(NamedTuple):
    """A change of labels, and its pictures as far as they can be drawn, as by `change_views`.

    ``between`` is what its two sides are called; a picture of two others says so itself. One that
    is the ``same`` on both has nothing to be compared.
    """

    changes: LabelChanges | None
    pictures: Sequence[Mapping[str, Any]] = ()
    between: Between = BEFORE_AFTER


def detail_of(number: int) -> Detail:
    """The detail of each of so many pictures, for all of them to fit one page."""
    if number <= FULL:
        return Detail()
    side = next(side for most, side in _SIDES if number <= most or most == MOST)
    return Detail(side, _BYTES // max(number, 1))


def pictured_plan(workspace: Workspace, plan: Plan) -> Iterator[tuple[str, Pictured]]:
    """The changes of labels that a plan makes, and what it creates where there is room for it.

    A conflict about labels has the sides between which somebody has to decide. One after another:
    the pictures of all of them together may be large.
    """
    # A stranger's manifest has nobody asked, and a plan that did not look knows no side of before.
    contested = contested_labels(plan)[:MOST] if plan.looked else []
    changed = rewriting_labels(plan, MOST - len(contested)) if plan.looked else []
    created = [one for one in plan.actions if isinstance(one, Create)]
    replaced = [one for one in plan.singled_out if _has_other_items_alone(one)]
    # What is new has nothing to be compared with: it is drawn only where that takes no room.
    number = len(created) + len(replaced) + len(changed) + len(contested)
    created, replaced = (created, replaced) if number <= FULL else ([], [])
    detail = detail_of(len(changed) + len(contested) + len(created) + len(replaced))
    nothing: Side = lambda: NOTHING  # noqa: E731  (it has a type)
    with _threads() as threads:
        yield from _conflicts(workspace, contested, threads, detail)
        for at in range(0, len(changed), _TOGETHER):
            some = sides_of(workspace, changed[at : at + _TOGETHER])
            jobs = [(before, after, one.datapoint) for one, before, after in some]
            yield from _drawn(threads, jobs, workspace.roots, detail)
        news = [(nothing, _declared(workspace, one.datapoint), one.datapoint) for one in created]
        yield from _drawn(threads, news, workspace.roots, detail)
        same = ((_declared(workspace, one.datapoint), one.datapoint) for one in replaced)
        others = [(labels, labels, found) for labels, found in same]
        for name, found in _drawn(threads, others, workspace.roots, detail):
            yield name, Pictured(None, [{**one, "same": True} for one in found.pictures])


def _has_other_items_alone(action: Action) -> TypeGuard[Rewriting]:
    """Tells of other pictures under the labels that the project has."""
    return isinstance(action, Rewriting) and (
        "items" in action.changed and "labels" not in action.changed
    )


Job = tuple[Side, Side, Datapoint]


def _conflicts(
    workspace: Workspace, actions: Sequence[Action], threads: ThreadPoolExecutor, detail: Detail
) -> Iterator[tuple[str, Pictured]]:
    """Both sides, and each of them beside what they began with where that is known."""
    for at in range(0, len(actions), _TOGETHER):
        both = list(sides_of(workspace, actions[at : at + _TOGETHER]))
        jobs = [(there, here, one.datapoint) for one, there, here in both]
        drawn = {
            name: _between(found, THERE_HERE)
            for name, found in _drawn(threads, jobs, workspace.roots, detail)
        }
        # Git is asked about each, which for hundreds would take longer than all else.
        for between, jobs in [] if at else _since_left(workspace, both):
            for name, more in _drawn(threads, jobs, workspace.roots, detail):
                known, told = drawn[name], _between(more, between)
                drawn[name] = known._replace(pictures=[*known.pictures, *told.pictures])
        yield from drawn.items()


def _since_left(
    workspace: Workspace, both: Sequence[tuple[Rewrite, Side, Side]]
) -> list[tuple[Between, list[Job]]]:
    jobs: dict[Between, list[Job]] = {LEFT_THERE: [], LEFT_HERE: []}
    for one, there, here in both:
        if (left := common_labels(workspace, one)) is not None:
            for between, side in ((LEFT_THERE, there), (LEFT_HERE, here)):
                jobs[between].append((partial(_same, left), side, one.datapoint))
    return list(jobs.items())


def _same(content: LabelContent) -> LabelContent:
    return content


def _between(found: Pictured, between: Between) -> Pictured:
    title = " and ".join(between)
    pictures = [
        {**one, "between": between, "title": f"{title}: {own}" if (own := one["title"]) else title}
        for one in found.pictures
    ]
    return found._replace(pictures=pictures, between=between)


def _threads() -> ThreadPoolExecutor:
    # Threads and not processes: what takes longest, to decode and to encode, leaves the
    # interpreter alone, and processes would load NumPy and Pillow anew.
    return ThreadPoolExecutor(READERS, "rbsync-draw")


def _drawn(
    threads: ThreadPoolExecutor, jobs: Sequence[Job], roots: Roots | None, detail: Detail
) -> Iterator[tuple[str, Pictured]]:
    def draw(job: Job) -> Pictured:
        return _pictured(*job, roots, detail)

    names = [found.name for _, _, found in jobs]
    return zip(names, threads.map(draw, jobs), strict=True)


def pictured_difference(
    old: Version, new: Version, names: Collection[str]
) -> Iterator[tuple[str, Pictured]]:
    """The changes of labels between two versions, of these names."""
    detail = detail_of(len(names))
    with old.declared(names) as before, new.declared(names) as after, _threads() as threads:
        for known in (after, before):
            some = {name for name in names if name in known.datapoints}
            names = set(names) - some
            sides = ((name, side_of(before, name), side_of(after, name)) for name in sorted(some))
            jobs = [
                (old_side, new_side, known.datapoints[name])
                for name, old_side, new_side in sides
                if old_side and new_side
            ]
            yield from _drawn(threads, jobs, known.roots, detail)


def _declared(workspace: Workspace, found: Datapoint) -> Side:
    roots, algorithm = workspace.roots, workspace.manifest.settings.hash
    return lambda: declared_content(found.labels, roots, algorithm, workspace.history.content)


def _pictured(
    before: Side, after: Side, found: Datapoint, roots: Roots | None, detail: Detail
) -> Pictured:
    # Whatever is wrong with one of 500: the page has the other 499, and its name.
    with suppress(RbsyncError, OSError, ValueError, KeyError, TypeError, RecursionError):
        # For the picture and the counts: outlines are drawn once.
        sides = as_pictures(before(), after())
        size = picture_size(found, roots)
        changes = compare(*sides, size) if sides[0] != NOTHING else None
        return Pictured(changes, change_views(*sides, _readers(found, roots), detail))
    return Pictured(None)


def _readers(found: Datapoint, roots: Roots | None) -> list[Read]:
    """Readers of the items of a datapoint; none for one of which some are elsewhere."""
    items: Sequence[Any] = [one for one in found.items if one.is_local]
    if roots is None or len(items) < len(found.items):
        return []

    def read(ref: str) -> bytes | None:
        # It may have changed or gone since it was planned; its labels are drawn without it.
        with suppress(RbsyncError, OSError):
            return read_whole(roots, ref, "xxh3", LIMIT)[0]
        return None

    return [partial(read, one.ref) for one in items]

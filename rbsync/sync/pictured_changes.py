"""Changes of labels with their pictures: by a plan, and between two versions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from rbsync.errors import RbsyncError
from rbsync.files.body import read_whole
from rbsync.files.roots import Roots
from rbsync.label_changes.change_kinds import LabelChanges
from rbsync.label_changes.label_content import compare
from rbsync.model.datapoint import Datapoint
from rbsync.model.plan import Create, Plan
from rbsync.pictures.change_pictures import Detail, change_picture
from rbsync.sync.diffing import Version
from rbsync.sync.label_news import rewriting_labels, sides_of
from rbsync.sync.label_sides import LIMIT, NOTHING, Side, declared_content, picture_size, side_of
from rbsync.sync.workspace import Workspace

FULL = 20
"""Changes that are shown in full; of more each is cut to where it differs."""
MOST = 500
"""Changes that have a picture."""
_TOGETHER = 25
_SIDES = ((100, 384), (250, 320), (MOST, 256))
_BYTES = 6_000_000
"""Letters of all photographs of a page together."""


class Pictured(NamedTuple):
    """A change of labels, and its picture where it can be drawn, as `change_picture` makes it."""

    changes: LabelChanges | None
    picture: dict[str, Any] | None


def detail_of(number: int) -> Detail:
    """The detail of each of so many pictures, for all of them to fit one page."""
    if number <= FULL:
        return Detail()
    side = next(side for most, side in _SIDES if number <= most or most == MOST)
    return Detail(side, _BYTES // max(number, 1))


def pictured_plan(workspace: Workspace, plan: Plan) -> Iterator[tuple[str, Pictured]]:
    """The changes of labels that a plan makes, and what it creates where there is room for it.

    One after another: the pictures of all of them together may be large.
    """
    # A stranger's manifest has nobody asked, and a plan that did not look knows no side of before.
    changed = rewriting_labels(plan, MOST) if plan.looked else []
    created = [one for one in plan.actions if isinstance(one, Create)]
    # What is new has nothing to be compared with: it is drawn only where that takes no room.
    created = created if len(created) + len(changed) <= FULL else []
    detail = detail_of(len(changed) + len(created))
    roots = workspace.roots
    for at in range(0, len(changed), _TOGETHER):
        for one, before, after in sides_of(workspace, changed[at : at + _TOGETHER]):
            yield one.name, _pictured(before, after, one.datapoint, roots, detail)
    for new in created:
        after = _declared(workspace, new.datapoint)
        yield new.name, _pictured(lambda: NOTHING, after, new.datapoint, roots, detail)


def pictured_difference(
    old: Version, new: Version, names: Collection[str]
) -> Iterator[tuple[str, Pictured]]:
    """The changes of labels between two versions, of these names."""
    detail = detail_of(len(names))
    with old.declared(names) as before, new.declared(names) as after:
        for name in sorted(names):
            sides = side_of(before, name), side_of(after, name)
            known = after if name in after.datapoints else before
            if sides[0] and sides[1] and name in known.datapoints:
                found = known.datapoints[name]
                yield name, _pictured(sides[0], sides[1], found, known.roots, detail)


def _declared(workspace: Workspace, found: Datapoint) -> Side:
    roots, algorithm = workspace.roots, workspace.manifest.settings.hash
    return lambda: declared_content(found.labels, roots, algorithm, workspace.history.content)


def _pictured(
    before: Side, after: Side, found: Datapoint, roots: Roots | None, detail: Detail
) -> Pictured:
    # Whatever is wrong with one of 500: the page has the other 499, and its name.
    with suppress(RbsyncError, OSError, ValueError, KeyError, TypeError, RecursionError):
        sides = before(), after()
        photo = _photo(found, roots)
        size = picture_size(found, roots)
        changes = compare(*sides, size) if sides[0] != NOTHING else None
        return Pictured(changes, change_picture(*sides, photo, detail))
    return Pictured(None, None)


def _photo(found: Datapoint, roots: Roots | None) -> bytes | None:
    """The one picture of a datapoint; None for frames, volumes and what is elsewhere."""
    items: Sequence[Any] = [one for one in found.items if one.is_local]
    if len(items) != 1 or roots is None:
        return None
    # It may have changed or gone since it was planned; its labels are drawn without it.
    with suppress(RbsyncError, OSError):
        return read_whole(roots, items[0].ref, "xxh3", LIMIT)[0]
    return None

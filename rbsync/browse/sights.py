"""One datapoint of the table to be looked at: its picture, its labels, its history."""

from __future__ import annotations

import glob
import json
import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, BinaryIO, NamedTuple

from rbsync.backends.base import OpensItems, TaskContent
from rbsync.browse.filling import Filling
from rbsync.browse.table import Row, Table
from rbsync.dataset.declared_taxonomy import declared_taxonomy
from rbsync.documents.history_documents import change_json
from rbsync.documents.label_changes import label_changes_json
from rbsync.errors import BackendError, RbsyncError
from rbsync.files.body import read_whole
from rbsync.label_changes.change_wording import (
    BEFORE_AFTER,
    LEFT_HERE,
    LEFT_THERE,
    THERE_HERE,
    Between,
    told,
)
from rbsync.label_changes.label_content import LabelContent, as_pictures, compare
from rbsync.model.datapoint import Datapoint
from rbsync.model.plan import Action, Blocked
from rbsync.pictures.change_pictures import Part
from rbsync.pictures.class_colours import recoloured
from rbsync.pictures.views import Read, part_view, screen_views
from rbsync.pictures.whole_scan import is_scan, whole_scan
from rbsync.sync.common_labels import common_labels
from rbsync.sync.label_news import labels_of_life
from rbsync.sync.label_sides import LIMIT, NOTHING, declared_content, kept_content, present_content
from rbsync.sync.workspace import Workspace

_LIFE = 20
_SINCE_LEFT: Mapping[str, Between] = {"there": LEFT_THERE, "here": LEFT_HERE}
"""More ways to look at a conflict, where it is known what both sides began with."""
Sides = tuple[LabelContent, LabelContent]
_UNDRAWN = (RbsyncError, OSError, ValueError, KeyError, TypeError, RecursionError)
"""What is wrong with a picture or with labels of which the rest of a page is told all the same."""


class Sight(NamedTuple):
    """A datapoint: what the project has, and what the next apply would do, each None for none."""

    row: Row
    present: TaskContent | None
    action: Action | None

    @property
    def coming(self) -> Datapoint | None:
        """The datapoint as the next apply makes it; None where that leaves it as it is."""
        return getattr(self.action, "datapoint", None)

    @property
    def declared(self) -> Datapoint | None:
        """The declared datapoint, also while a conflict withholds it; None where nobody knows."""
        withheld = getattr(self.action, "withheld", None)
        return self.coming or getattr(withheld, "datapoint", None)

    @property
    def between(self) -> Between:
        """The names of both sides of its labels."""
        return BEFORE_AFTER if self.declared is self.coming else THERE_HERE

    @property
    def items(self) -> tuple[str, ...]:
        """The names of the items, as declared where that is known."""
        if self.declared is not None:
            return tuple(one.ref for one in self.declared.items)
        return self.present.task.items if self.present else ()


class Looker:
    """Looks at datapoints for the page. Used by several threads."""

    def __init__(self, workspace: Workspace, table: Table, filling: Filling) -> None:
        self._workspace, self._table, self._filling = workspace, table, filling
        # A taxonomy that is wrong is told of by the plan.
        with suppress(RbsyncError):
            declared = declared_taxonomy(workspace.manifest, workspace.inputs.tree)
            self.classes = tuple(sorted(declared.names))

    classes: tuple[str, ...] = ()
    """The classes of the taxonomy: all pictures agree on their colours."""

    def sight(self, name: str) -> Sight | None:
        """The datapoint of a name in the table. Raises BackendError."""
        row = self._table.row(name)
        if row is None:
            return None
        found = self._workspace.backend.look([row.task_id]) if row.task_id else {}
        return Sight(row, found.get(row.task_id), self._filling.actions.get(name))

    def contents(self, sight: Sight) -> Sides:
        """The labels that the project has, and those that are declared where that is known.

        Raises RbsyncError, OSError, ValueError for labels that cannot be read.
        """
        before = present_content(sight.present)
        return before, before if sight.declared is None else self._labels_of(sight.declared)

    def coming(self, sight: Sight) -> LabelContent:
        """The labels that there are after the next apply. Raises as `contents`."""
        return self._labels_of(sight.coming) if sight.coming else present_content(sight.present)

    def _labels_of(self, declared: Datapoint) -> LabelContent:
        read = self._workspace.history.content
        algorithm = self._workspace.manifest.settings.hash
        return declared_content(declared.labels, self._workspace.roots, algorithm, read)

    def item(self, sight: Sight, number: int) -> bytes | None:
        """The bytes of an item; None where it is not at hand."""
        declared = sight.declared
        # The file may have changed or gone since; labels are worth a look without their picture.
        with suppress(RbsyncError, OSError):
            if declared is not None and declared.items[number].is_local:
                ref = declared.items[number].ref
                return read_whole(self._workspace.roots, ref, "xxh3", LIMIT)[0]
        return self._kept(sight.present, number)

    def items(self, sight: Sight) -> list[Read]:
        """Readers of the items, in their order."""
        return [partial(self.item, sight, number) for number in range(len(sight.items))]

    def _kept(self, present: TaskContent | None, number: int) -> bytes | None:
        backend = self._workspace.backend
        if present is None or number >= len(present.refs):
            return None
        with suppress(BackendError, OSError):
            if isinstance(backend, OpensItems):
                with backend.open_item(present.refs[number]) as file:
                    return file.read(_size(file))
            # A service's files are elsewhere, but those that were sent lie here still.
            ref = present.task.items[number]
            return read_whole(self._workspace.roots, ref, "xxh3", LIMIT)[0]
        return None

    def facts(self, sight: Sight) -> dict[str, Any]:
        """All that is told of a datapoint, with its picture, as the page takes it."""
        row, present = sight.row, sight.present
        return {
            **row._asdict(),
            "items": list(sight.items),
            "metadata": dict(present.task.metadata) if present else {},
            "ground_truth": bool(present and present.task.ground_truth),
            "priority": present.task.priority if present else None,
            **self._labels(sight),
            "between": sight.between,
            "ways": list(self._ways(sight)),
            "is_scan": is_scan(self.items(sight)),
            "life": list(self._life(row.name)),
            "commands": list(_commands(sight)),
        }

    def _labels(self, sight: Sight) -> dict[str, Any]:
        try:
            before, after = self.contents(sight)
            return self._drawn(sight, before, after)
        # One whose labels cannot be read is told of, and the rest of its page is there.
        except _UNDRAWN as error:
            return {"pictures": [], "labels": f"its labels cannot be drawn: {error}"}

    def _drawn(self, sight: Sight, before: LabelContent, after: LabelContent) -> dict[str, Any]:
        sides = as_pictures(before, after)
        items = self.items(sight)
        pictures = recoloured(screen_views(*sides, items), self.classes)
        if before == after:
            return {"pictures": pictures, "labels": "", "changes": None}
        changes = compare(*sides)
        return {
            "pictures": pictures,
            "labels": told(changes),
            "changes": label_changes_json(changes),
        }

    def _life(self, name: str) -> Iterator[dict[str, Any]]:
        life = self._workspace.history.life(name)[:_LIFE]
        labels = labels_of_life(self._workspace, life)
        for at, one in enumerate(life):
            found = change_json(one, labels.get(at))
            yield {
                **{key: found[key] for key in ("run", "verb", "facets", "time")},
                "labels": told(labels[at]) if at in labels else "",
                "has_before": bool(one.before),
            }

    def scan(self, sight: Sight) -> bytes | None:
        """The whole scan of a datapoint, as `whole_scan` has it; None where there is none."""
        items = self.items(sight)
        with suppress(*_UNDRAWN):
            before, after = self.contents(sight)
            return whole_scan(before, after, items, self.classes)
        # Labels that cannot be drawn hide no scan.
        with suppress(*_UNDRAWN):
            return whole_scan(NOTHING, NOTHING, items)
        return None

    def version(self, sight: Sight, at: str) -> dict[str, Any]:
        """The picture of two versions, as `_sides` has them."""
        between = _SINCE_LEFT.get(at, ("then", "now") if at else sight.between)
        try:
            sides = self._sides(sight, at)
            if sides is None:
                return {"pictures": [], "labels": "this version was not kept"}
            return {**self._drawn(sight, *sides), "between": between}
        except _UNDRAWN as error:
            return {"pictures": [], "labels": f"this version cannot be drawn: {error}"}

    def _sides(self, sight: Sight, at: str) -> Sides | None:
        """The labels of two versions, of which ``at`` says one; None where that was not kept.

        It is the place of a change in the history, for what was there before it beside what the
        project has now; ``there`` or ``here`` for what was last left beside what the project has
        or what is declared; and else empty. Raises as `contents` and `kept_content` do.
        """
        if not at:
            return self.contents(sight)
        if at in _SINCE_LEFT:
            left = self._left(sight)
            return (left, self.contents(sight)[at == "here"]) if left is not None else None
        return self._since(sight, int(at)) if at.isdecimal() else None

    def _left(self, sight: Sight) -> LabelContent | None:
        withheld = getattr(sight.action, "withheld", None)
        return common_labels(self._workspace, withheld) if sight.declared and withheld else None

    def _ways(self, sight: Sight) -> Iterator[dict[str, str]]:
        """The ways to look at a conflict, where there are several."""
        if self._left(sight) is not None:
            for at, between in (("", sight.between), *_SINCE_LEFT.items()):
                yield {"at": at, "text": " and ".join(between)}

    def _since(self, sight: Sight, at: int) -> Sides | None:
        life = self._workspace.history.life(sight.row.name)
        if not 0 <= at < len(life) or not life[at].before:
            return None
        read = self._workspace.history.content
        document = json.loads(read(life[at].before))
        before = kept_content(document, read) if "labels" in document else NOTHING
        return before, present_content(sight.present)

    def part(self, sight: Sight, title: str, part: Part, at: str = "") -> dict[str, Any] | None:
        """A part of the picture of a title; ``at`` is as for `_sides`."""
        with suppress(*_UNDRAWN):
            if (sides := self._sides(sight, at)) is not None:
                found = part_view(*as_pictures(*sides), self.items(sight), title, part)
                return recoloured([found], self.classes)[0] if found else None
        return None


def _size(file: BinaryIO) -> int:
    """The bytes to be read of an open file, `LIMIT` where nobody can tell how many it has."""
    # Room is made for as many as are asked for, which for the limit takes longer than to read.
    with suppress(OSError):
        return min(LIMIT, os.fstat(file.fileno()).st_size)
    return LIMIT


def _commands(sight: Sight) -> Iterator[dict[str, str]]:
    """Commands to be typed: the page itself changes nothing."""
    name = shlex.quote(sight.row.name)
    # Of a name with brackets the pattern is another one.
    pattern = shlex.quote(glob.escape(sight.row.name))
    yield {"what": "say why", "command": f"rbsync explain {name}"}
    if sight.coming is None and sight.declared is not None:
        yield {"what": "overwrite what others made", "command": f"rbsync apply --ours {pattern}"}
        yield {"what": "keep what others made", "command": f"rbsync apply --theirs {pattern}"}
    elif sight.action is not None and not isinstance(sight.action, Blocked):
        yield {"what": "do it", "command": f"rbsync apply --target {pattern}"}
    if sight.present is not None:
        yield {"what": "bring its labels into the files", "command": f"rbsync pull {pattern}"}
    yield {"what": "its history", "command": f"rbsync log {name}"}

"""A task as a row of the database, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from rbsync.backends.base import NOTHING_LEFT, Draft, Left, Mark, Task
from rbsync.backends.left import left_text, read_left
from rbsync.backends.local.clock import now
from rbsync.backends.local.disk_failures import parsed
from rbsync.model.declined_text import declined_json, declined_of
from rbsync.model.fingerprint import Facet, Fingerprint

COLUMNS = (
    "task_id, dp_id, name, items, storage, labels, stage, priority, metadata, stamp,"
    " created_at, updated_at"
)
FIRST_STAGE = "Label"
LAST_STAGE = "END"
"""Where ground truth is: behind the last stage of the service's pipeline."""

ARCHIVED = "ARCHIVED"
"""Where tasks are that were put away."""

NO_STAMP = Fingerprint("", "", "")


class StoredTask(NamedTuple):
    """All that the project knows of a task but its labels.

    ``items`` are pairs of an item's name and its ref; ``stage`` is where the task is in the
    pipeline; times are ISO 8601 in UTC.
    """

    task: Task
    dp_id: str
    items: tuple[tuple[str, str], ...]
    storage: str
    stage: str
    created_at: str
    updated_at: str


def new_row(draft: Draft) -> tuple[Any, ...]:
    """The values of COLUMNS for a datapoint that is to be created."""
    storage, ground_truth, priority, metadata, _ = draft.settings
    time = now()
    return (
        str(uuid4()),
        str(uuid4()),
        draft.name,
        _items_text(draft),
        storage,
        draft.labels.count if draft.labels else 0,
        LAST_STAGE if ground_truth else FIRST_STAGE,
        priority,
        json.dumps(dict(metadata)),
        stamp_text(draft.fingerprint, draft.mark),
        time,
        time,
    )


def changes(draft: Draft, changed: Sequence[Facet], stage: str) -> dict[str, object]:
    """The columns that an update sets; ``stage`` is where the task is."""
    made: dict[str, object] = {
        "stamp": stamp_text(draft.fingerprint, draft.mark),
        "updated_at": now(),
    }
    storage, ground_truth, priority, metadata, _ = draft.settings
    if "items" in changed:
        made |= {"items": _items_text(draft), "storage": storage}
    if "labels" in changed:
        made["labels"] = draft.labels.count if draft.labels else 0
    if "settings" in changed:
        made |= {
            "storage": storage,
            "stage": _stage(ground_truth, stage),
            "priority": priority,
            "metadata": json.dumps(dict(metadata)),
        }
    return made


def _stage(ground_truth: bool, stage: str) -> str:
    """People move tasks on: only a change of ground truth moves one here."""
    if ground_truth:
        return LAST_STAGE
    return FIRST_STAGE if stage == LAST_STAGE else stage


def _items_text(draft: Draft) -> str:
    return json.dumps([list(pair) for pair in draft.items])


def stamp_text(fingerprint: Fingerprint | None, mark: Mark) -> str | None:
    """Returns the text of a stamp, None for none."""
    # Clients of the service create tasks without a fingerprint; these must not look like ours.
    if fingerprint is None or fingerprint == NO_STAMP:
        return None
    # Rows of earlier versions have three members, and are equal to those without a mark.
    if mark == Mark():
        return json.dumps(fingerprint)
    said = [mark.lineage, mark.serial, declined_json(mark.declined)]
    if mark.left != NOTHING_LEFT or mark.version or mark.revision:
        said.append(left_text(mark.left))
    if mark.version or mark.revision:
        said += [mark.version, mark.revision]
    return json.dumps([*fingerprint, *said])


def _stamp_of(text: str | None) -> tuple[Fingerprint | None, Mark, Left]:
    """A stamp, and what it says beside the fingerprint; older ones say nothing."""
    if not text:
        return None, Mark(), NOTHING_LEFT
    items, labels, settings, *said = parsed(text)
    fingerprint = Fingerprint(items, labels, settings)
    if not said:
        return fingerprint, Mark(), NOTHING_LEFT
    lineage, serial, declined, *rest = said
    note = read_left(rest[0]) if rest else NOTHING_LEFT
    version, revision = map(str, (*rest[1:], "", "")[:2])
    mark = Mark(lineage, serial, declined_of(declined), version=version, revision=revision)
    return fingerprint, mark, note


def task_of(row: Sequence[Any]) -> Task:
    """The task of a row of COLUMNS."""
    return _task_of(row, parsed(row[3]))


def _task_of(row: Sequence[Any], pairs: Sequence[Sequence[str]]) -> Task:
    task_id, _, name, _, _, labels, stage, priority, metadata, text, *_ = row
    stamp, mark, left = _stamp_of(text)
    return Task(
        name=name,
        task_id=task_id,
        stamp=stamp,
        items=tuple(pair[0] for pair in pairs),
        labels=labels,
        ground_truth=stage == LAST_STAGE,
        priority=priority,
        metadata=parsed(metadata),
        mark=mark,
        left=left,
    )


def items_of(text: str) -> tuple[tuple[str, str], ...]:
    """The items of a row: the name and the ref of each."""
    return tuple((name, ref) for name, ref in parsed(text))


def stored_of(row: Sequence[Any]) -> StoredTask:
    """All of a row of COLUMNS."""
    _, dp_id, _, items, storage, _, stage, _, _, _, created_at, updated_at = row
    pairs = items_of(items)
    return StoredTask(_task_of(row, pairs), dp_id, pairs, storage, stage, created_at, updated_at)

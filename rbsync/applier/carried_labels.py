"""Labels on their way from the task of an old name to that of a new one, and what goes along.

Pure but for label maps.

A service may add members to labels. So labels are compared by the members that were given, and of
labels that rbsync left only what it had sent goes along.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rbsync.applier.overwriting import in_progress
from rbsync.backends.base import LabelFile, LabelText, Task, TaskContent
from rbsync.backends.left import MADE_MEMBERS, UNNOTED, has_labels_left, members_of, only_members
from rbsync.labels.normal import normal_labels
from rbsync.model.datapoint import Datapoint, Settings
from rbsync.model.fingerprint import digest


def labels_to_carry(present: TaskContent, *, as_left: bool) -> LabelText | None:
    """The labels of a task for a new one, None when it has none. Reads its label maps.

    ``as_left`` says that nobody has changed them: then without what the service added, so that
    they are known again as what rbsync left. Raises BackendError.
    """
    labels = labels_of(present)
    if not labels:
        return None
    files = tuple(LabelFile(one.series, one.read()) for one in present.maps)
    made_of: tuple[str, ...] = ()
    is_made = present.left.members == MADE_MEMBERS and not files
    if as_left and (is_made or has_labels_left(present, labels)):
        labels = only_members(labels, present.left.members)
    if as_left and is_made:
        # Of what was made of a mask nobody looks into the outlines.
        made_of = tuple(_category(one) for one in labels)
    text = json.dumps(labels, separators=(",", ":"), ensure_ascii=False)
    return LabelText(text, len(labels), made_of, files)


def _category(label: Mapping[str, Any]) -> str:
    try:
        return str(label["category"][0][-1])
    except (KeyError, IndexError, TypeError):
        return ""


def labels_of(present: TaskContent) -> list[Any]:
    """The labels of a task."""
    found: list[Any] = normal_labels(json.loads(present.labels or "[]"))
    return found


def has_labels(found: TaskContent, given: LabelText | None) -> bool:
    """Tells whether a task has the labels that it was given, whatever was added. Reads its maps."""
    text = given or LabelText("[]", 0)
    wanted = normal_labels(json.loads(text.json))
    members = members_of(wanted)
    if only_members(labels_of(found), members) != only_members(wanted, members):
        return False
    return {one.series: one.data for one in text.files} == {
        one.series: one.read() for one in found.maps
    }


def has_settings(found: Task, given: Settings) -> bool:
    """Tells whether a task has the priority and metadata that it was given, whatever was added."""
    # None and the lowest are the same to a service.
    is_alike = (found.priority or 0.0) == (given.priority or 0.0)
    return is_alike and given.metadata.items() <= found.metadata.items()


def has_noted(new: TaskContent, labels: Sequence[Any]) -> bool | None:
    """Tells whether labels are those that a task was made with, by what was noted with it.

    None where that cannot be told: there were too many, or what they show stands elsewhere, as the
    outlines of a mask and label maps do.
    """
    return None if new.maps else has_labels_left(new, labels)


def is_as_carried(found: TaskContent, before: Datapoint) -> bool:
    """Tells whether a task that was carried with people's work is as the carry made it.

    ``before`` is what it was under its old name, as the history kept it. Reads its label maps.
    """
    # What people had done before a move is no reason against taking it back: it goes back along.
    if in_progress(found.progress):
        return False
    # It was no ground truth before: somebody has finished it since.
    if found.task.ground_truth and not before.settings.ground_truth:
        return False
    if UNNOTED[0] not in found.left.members or not has_labels_left(found, labels_of(found)):
        return False
    kept = json.loads(before.labels.inline)["maps"] if before.labels else []
    return [[one.series, digest(one.read())] for one in found.maps] == kept

"""Looks at a project through the port of backends: its listing, and one datapoint as a probe."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

from rbsync.backends.base import (
    Backend,
    Created,
    Draft,
    GapsError,
    LabelText,
    NamedTask,
    TaskContent,
    no_name,
)
from rbsync.checks import Check
from rbsync.errors import BackendError
from rbsync.labels.project_types import project_type
from rbsync.model.datapoint import Settings
from rbsync.model.fingerprint import Fingerprint

PREFIX = "rbsync-doctor/"
"""The names of probes begin so, that one which could not be deleted is known for what it is."""

_SHOWN = 3
_GAPS_HINT = (
    "look again, for others may have worked meanwhile; plans go on with what can be read, and who "
    "runs the service wants to know of it (--report FILE)"
)
_SILENT_HINT = "try again later; plans need the listing only with --refresh, or without a state"
# A URL needs no upload, and this host is reserved for examples: nothing of anybody is shown.
_URL = "https://example.org/rbsync-doctor.png"
_SETTINGS = Settings(
    storage="public", ground_truth=False, priority=0.25, metadata={"rbsync.doctor": "a b"}
)
_BOX = {"xnorm": 0.25, "ynorm": 0.25, "wnorm": 0.5, "hnorm": 0.5}


def listing_check(backend: Backend) -> Check:
    """Counts what the project holds, by its whole listing; names that occur twice are told."""
    try:
        names = Counter(one.name for one in backend.list(counted=no_name))
    except BackendError as error:
        hint = _GAPS_HINT if isinstance(error, GapsError) else error.hint or _SILENT_HINT
        return Check("listing", "failed", str(error), hint)
    twice = [name for name, count in names.items() if count > 1]
    text = f"{sum(names.values()):,} datapoints"
    if not twice:
        return Check("listing", "ok", text)
    shown = ", ".join(sorted(twice)[:_SHOWN])
    hint = "rename or delete one of each there: rbsync knows a datapoint by its name"
    found = f"{text}, {len(twice):,} names twice, such as {shown}"
    return Check("listing", "warning", found, hint)


def probe_checks(backend: Backend) -> Iterator[Check]:
    """Creates one datapoint, reads it back, deletes it, and tells every difference."""
    draft = _draft(backend)
    try:
        (made,) = backend.create([draft])
    except BackendError as error:
        yield Check("probe", "failed", f"it cannot be created: {error}", error.hint)
        return
    if not isinstance(made, Created):
        yield Check("probe", "failed", made.failure.message, made.failure.hint)
        return
    try:
        found = backend.look([made.task_id]).get(made.task_id)
        yield from _compared(draft, found, stamped=backend.capabilities.stamps)
    except BackendError as error:
        yield Check("probe", "failed", f"it cannot be read back: {error}", error.hint)
    finally:
        # Also when it could not be read: a probe that stays is one more datapoint to label.
        yield _deleted(backend, NamedTask(draft.name, made.task_id))


def _draft(backend: Backend) -> Draft:
    """A probe with a label, where the project takes one."""
    project = backend.project()
    takes_boxes = "bbox2d" in project_type(project.type).kinds
    name = f"{PREFIX}{uuid4()}"
    plain = Draft(name, ((_URL, _URL),), None, _SETTINGS, Fingerprint("x:1", "x:2", "x:3"))
    # A label that the project refuses would look like a service that refuses everything.
    if not takes_boxes or not project.categories:
        return plain
    label = {"category": [["object", project.categories[0]]], "attributes": [], "bbox2d": _BOX}
    return plain._replace(labels=LabelText(json.dumps([label]), 1))


def _compared(draft: Draft, found: TaskContent | None, *, stamped: bool) -> Iterator[Check]:
    if found is None:
        yield Check("probe", "failed", "it was created, and is not there", "try again later")
        return
    task = found.task
    sent_labels = json.loads(draft.labels.json) if draft.labels else []
    pairs: list[tuple[str, object, object]] = [
        ("name", draft.name, task.name),
        ("items", [ref for _, ref in draft.items], list(found.refs)),
        ("priority", draft.settings.priority, task.priority),
        ("ground truth", draft.settings.ground_truth, task.ground_truth),
        ("metadata", dict(draft.settings.metadata), dict(task.metadata)),
        ("labels", sent_labels, json.loads(found.labels) if draft.labels else []),
    ]
    if stamped:
        pairs.append(("stamp", draft.fingerprint, task.stamp))
    different = [_difference(*one) for one in pairs if one[1] != one[2]]
    yield from different
    if not different:
        what = "with a label " if draft.labels else ""
        yield Check("probe", "ok", f"a datapoint {what}came back as it was sent")


def _difference(what: str, sent: object, found: object) -> Check:
    text = f"{what}: {_short(sent)} was sent, and {_short(found)} came back"
    hint = (
        "attach this to an issue: rbsync should know its own again all the same "
        "(`rbsync doctor --write --report FILE`)"
    )
    return Check("probe", "warning", text, hint)


def _short(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:200]


def _deleted(backend: Backend, task: NamedTask) -> Check:
    try:
        left = backend.delete([task])
    except BackendError as error:
        return _remains(task, str(error))
    if left:
        return _remains(task, "the project keeps it")
    return Check("probe deleted", "ok", "nothing of it is left")


def _remains(task: NamedTask, why: str) -> Check:
    hint = f"delete the datapoint {task.name} at the project"
    return Check("probe deleted", "failed", why, hint)

"""The changes of labels: by a plan, and by what runs did to one datapoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from rbsync.applier.snapshot import Document, read_document
from rbsync.backends.base import TaskContent
from rbsync.errors import RbsyncError, StoreError
from rbsync.label_changes.change_kinds import LabelChanges
from rbsync.model.history import Change
from rbsync.model.plan import Action, Blocked, Move, Plan, Replace, Update
from rbsync.sync.workspace import Workspace

if TYPE_CHECKING:
    from rbsync.label_changes.label_content import LabelContent
    from rbsync.sync.label_sides import Side

Rewrite = Update | Replace | Move


def labels_of_plan(
    workspace: Workspace, plan: Plan, most: int | None = None
) -> dict[str, LabelChanges]:
    """The changes that a plan makes in the labels that the project has now, by name.

    Looks at the first ``most`` datapoints, None for all. What cannot be looked at is left out, and
    so is all of a plan that was made without a look at the project.
    """
    if not plan.looked:
        return {}
    return dict(_changes(workspace, rewriting_labels(plan, most)))


def rewriting_labels(plan: Plan, most: int | None = None) -> list[Action]:
    """The first actions of a plan that rewrite labels, None for all."""
    return list(islice((one for one in plan.singled_out if _rewrites_labels(one)), most))


def contested_labels(plan: Plan) -> list[Update | Replace]:
    """The actions of which a conflict about labels keeps a plan: both sides are worth a look."""
    blocked = (one for one in plan.singled_out if isinstance(one, Blocked))
    return [
        one.withheld
        for one in blocked
        if isinstance(one.withheld, Update | Replace)
        and any(side.facet == "labels" for side in one.sides)
    ]


def labels_of_action(workspace: Workspace, action: Action) -> LabelChanges | None:
    """The changes by an action in labels; None where it changes none, or nobody can tell."""
    if workspace.manifest.trust.untrusted or not _rewrites_labels(action):
        return None
    return dict(_changes(workspace, [action])).get(action.name)


def _rewrites_labels(action: Action) -> bool:
    return isinstance(action, Rewrite) and "labels" in action.changed and bool(action.task_id)


def _changes(workspace: Workspace, actions: Sequence[Action]) -> Iterator[tuple[str, LabelChanges]]:
    for one, before, after in sides_of(workspace, actions):
        # Here: a plan without changes of labels loads neither NumPy nor Pillow.
        from rbsync.sync.label_sides import label_changes, picture_size

        size = picture_size(one.datapoint, workspace.roots)
        if (changes := label_changes(before, after, size)) is not None:
            yield one.name, changes


def sides_of(
    workspace: Workspace, actions: Sequence[Action]
) -> Iterator[tuple[Rewrite, Side, Side]]:
    """The actions that rewrite what the project has, with their labels there and as declared."""
    rewrites = [one for one in actions if isinstance(one, Rewrite)]
    found = _looked_at(workspace, [one.task_id for one in rewrites])
    if not found:
        return
    from rbsync.sync.label_sides import declared_content, present_content

    roots, algorithm = workspace.roots, workspace.manifest.settings.hash
    for one in rewrites:
        if (there := found.get(one.task_id)) is not None:
            labels = one.datapoint.labels
            after = partial(declared_content, labels, roots, algorithm, workspace.history.content)
            # What becomes a mask is compared as one. Else each label is, with its attributes.
            is_mask = labels is not None and labels.kind == "mask"
            yield one, partial(present_content, there, as_mask=is_mask), after


def _looked_at(workspace: Workspace, task_ids: Sequence[str]) -> Mapping[str, TaskContent]:
    # That labels differ is known; a service that does not answer keeps nobody from being told so.
    with suppress(RbsyncError):
        return workspace.backend.look(task_ids) if task_ids else {}
    return {}


def labels_of_life(workspace: Workspace, life: Sequence[Change]) -> dict[int, LabelChanges]:
    """The effects of the changes of one datapoint, newest first, on its labels, by places.

    The history has what was there before each; after the newest comes what the project has now.
    """
    kept = [(at, one) for at, one in enumerate(map(partial(_kept, workspace), life)) if one]
    if not kept:
        return {}
    from rbsync.sync.label_sides import NOTHING, kept_content, label_changes

    found: dict[int, LabelChanges] = {}
    after: Side = _present(workspace, life[0])
    for at, document in kept:
        before = partial(kept_content, document, workspace.history.content)
        newer = (lambda: NOTHING) if life[at].verb == "delete" else after
        if changes := label_changes(before, newer):
            found[at] = changes
        after = before
    return found


def _kept(workspace: Workspace, change: Change) -> Document | None:
    """The document of what was there before a change, if it has the labels."""
    if not change.before:
        return None
    with suppress(StoreError):
        found = read_document(workspace.history.content, change.before)
        return found if "labels" in found else None
    return None


def _present(workspace: Workspace, newest: Change) -> Side:
    """The labels that the project has now; asked for only when they are needed."""
    from rbsync.sync.label_sides import present_content

    def read() -> LabelContent:
        record = workspace.store.record(newest.renamed or newest.name)
        if record is None or not record.task_id:
            raise ValueError("the project has no such task any more")
        return present_content(_looked_at(workspace, [record.task_id])[record.task_id])

    return read

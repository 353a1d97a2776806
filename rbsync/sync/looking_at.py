"""One datapoint to be looked at: its picture and its labels, as declared or as at the project."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from rbsync.backends.base import OpensItems
from rbsync.errors import BackendError, RbsyncError
from rbsync.files.body import read_whole
from rbsync.label_changes.label_content import LabelContent
from rbsync.model.datapoint import Datapoint
from rbsync.sync.declared_dataset import expand
from rbsync.sync.known_project import known_project
from rbsync.sync.label_sides import LIMIT, NOTHING, declared_content, present_content
from rbsync.sync.workspace import Workspace


class LookedAt(NamedTuple):
    """``picture`` is the file of its first item, None where it is not here; ``items`` are all."""

    name: str
    items: tuple[str, ...]
    picture: bytes | None
    labels: LabelContent


class NoSuchNameError(RbsyncError):
    """Nobody has a datapoint of this name. ``names`` are those that there are."""

    def __init__(self, name: str, names: tuple[str, ...]) -> None:
        super().__init__(f"neither the manifest nor the project has `{name}`")
        self.names = names


def look_at(workspace: Workspace, name: str, *, at_project: bool = False) -> LookedAt:
    """The datapoint of a name: as declared, or as the project has it where none is.

    Raises UserError, BackendError, NoSuchNameError; MaskError, OSError and ValueError where its
    labels cannot be read.
    """
    # Names of the project are not listed for a guess: of a service that takes minutes.
    names: tuple[str, ...] = ()
    if not at_project:
        declared = {one.name: one for one in expand(workspace, keep_going=True).datapoints}
        if name in declared:
            return _declared(workspace, declared[name])
        names = tuple(declared)
    known_project(workspace)
    task = workspace.backend.find([name]).get(name)
    if task is None:
        raise NoSuchNameError(name, names)
    found = workspace.backend.look([task.task_id])[task.task_id]
    picture = _kept_item(workspace, found.refs)
    return LookedAt(name, task.items, picture, present_content(found))


def _declared(workspace: Workspace, found: Datapoint) -> LookedAt:
    roots, algorithm = workspace.roots, workspace.manifest.settings.hash
    picture = None
    if found.items[0].is_local:
        picture, _ = read_whole(roots, found.items[0].ref, algorithm, LIMIT)
    labels = NOTHING
    if found.labels is not None:
        labels = declared_content(found.labels, roots, algorithm, workspace.history.content)
    return LookedAt(found.name, tuple(one.ref for one in found.items), picture, labels)


def _kept_item(workspace: Workspace, refs: tuple[str, ...]) -> bytes | None:
    """The first item of a task; None where the project is not at hand."""
    if refs and isinstance(workspace.backend, OpensItems):
        # Labels are worth a look without their picture.
        with suppress(BackendError), workspace.backend.open_item(refs[0]) as file:
            return file.read()
    return None

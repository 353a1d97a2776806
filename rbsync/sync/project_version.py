"""The project as a version of the dataset, as far as it can be compared with a lock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from rbsync.applier.comparing import differing
from rbsync.backends.base import TaskContent
from rbsync.locks.lock_content import LABELS, SETTINGS, Lock, Note
from rbsync.model.datapoint import Datapoint
from rbsync.model.fingerprint import Fingerprint
from rbsync.sync.declared_dataset import expand
from rbsync.sync.revision_dataset import Declared
from rbsync.sync.workspace import Workspace

_OTHER = "project:"


@dataclass(frozen=True, slots=True)
class ProjectVersion:
    """The tasks of a project against a lock.

    ``lock`` has the notes of that lock for what is the same, and others for what is not.
    """

    lock: Lock
    task_ids: Mapping[str, str] = field(default_factory=dict)


def project_version(
    workspace: Workspace,
    tasks: Iterable[TaskContent],
    lock: Lock,
    is_at_hand: Callable[[str], bool],
) -> ProjectVersion:
    """Compares tasks of the project, as they are or were, with what a lock says of each.

    The items at a service are known by their stamp alone, in the manifest's ``hash``: they count
    as those of the lock where ``is_at_hand`` says that the files of a name are, and the stamp is
    that of these. Raises BackendError.
    """
    declared = {one.name: one for one in expand(workspace, keep_going=True).datapoints}
    found = Lock(lock.sums)
    task_ids: dict[str, str] = {}
    for task in tasks:
        name = task.task.name
        task_ids[name] = task.task.task_id
        note = lock.notes.get(name)
        desired = declared.get(name) if is_at_hand(name) else None
        found.notes[name] = _as_there(task, note, desired) if note else _unlocked(name)
    return ProjectVersion(found, task_ids)


def _unlocked(name: str) -> Note:
    return Note(name, "", _OTHER, 0, _OTHER + name)


def _as_there(task: TaskContent, note: Note, desired: Datapoint | None) -> Note:
    wanted = Fingerprint(
        desired.fingerprint.items if desired else "",
        note.labels.removeprefix(LABELS),
        note.settings.removeprefix(SETTINGS),
    )
    others = set(differing(task, [wanted]))
    # Without the files nobody can tell whether a stamp is that of the locked items.
    if desired is None:
        others.add("items")
    return note._replace(
        items=_OTHER if "items" in others else note.items,
        labels=_OTHER if "labels" in others else note.labels,
        settings=_OTHER if "settings" in others else note.settings,
    )


@contextmanager
def tasks_of(
    workspace: Workspace, version: ProjectVersion, names: Collection[str]
) -> Iterator[Declared]:
    """The tasks of these names, with what is in them."""
    wanted = [version.task_ids[one] for one in names if one in version.task_ids]
    found = workspace.backend.look(wanted)
    yield Declared({}, tasks={one.task.name: one for one in found.values()})

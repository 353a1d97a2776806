"""Without a state: what the project has already is recognised, and never planned to be created.

A fresh clone, a job of CI and a colleague have no state, and the project has tasks. Their stamps
say what rbsync left there, so that one listing stands in for the state. What has no stamp was made
by others: it is taken over when it is as declared, and a conflict when it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from rbsync.backends.base import Backend, Project, Task, no_name
from rbsync.model.datapoint import Dataset
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.record import Header, Record
from rbsync.stores.base import Writer
from rbsync.sync.gaps import Gaps
from rbsync.sync.listed import as_listed

if TYPE_CHECKING:
    from rbsync.sync.overlay import Overlay

LOOKED_AT_ONCE = 500
"""Tasks whose content is asked for in one go; what they hold is in memory meanwhile."""


class FirstLook:
    """The tasks of a project, for a state that knows nothing of it; listed once a command."""

    def __init__(self, backend: Backend, note: Callable[[str], None]) -> None:
        """``note`` is told that the project is read, and how much it has."""
        self._backend = backend
        self._note = note
        self._tasks: Mapping[str, Task] | None = None
        self._alike: dict[str, Record] = {}

    def is_called_for(self, header: Header | None, project: Project | None) -> bool:
        """Tells whether there is no state that belongs to a project, and there is a project."""
        return project is not None and (header is None or not header.target)

    def tasks(self) -> Mapping[str, Task]:
        """All tasks by name. Raises BackendError when they cannot be listed to their end."""
        if self._tasks is None:
            listing = Gaps(self._note).passing(self._backend.list(counted=no_name))
            self._tasks = {one.name: one for one in listing}
            if self._tasks:
                count = len(self._tasks)
                what = "1 datapoint" if count == 1 else f"{count:,} datapoints"
                self._note(f"No state here yet: read {what} of the project.")
        return self._tasks

    @property
    def recognised(self) -> Mapping[str, Record]:
        """The records that the state has to take in; none where nobody looked."""
        return {**as_listed({}, self._tasks or {}), **self._alike}

    def overlay(self, records: Mapping[str, Record], dataset: Dataset) -> Overlay:
        """The records as the project's stamps tell them, and the conflicts with what has none."""
        # The first plan of a folder is the only one that lays anything over records.
        from rbsync.applier.recovery import CONFLICT
        from rbsync.sync.overlay import STEP, Overlay

        tasks = self.tasks()
        known = as_listed(records, tasks)
        wanted = {one.name: one.fingerprint for one in dataset.datapoints if one.name in tasks}
        foreign = {name: print_ for name, print_ in wanted.items() if name not in known}
        self._alike = dict(self._taken_over(foreign, tasks))
        others = foreign.keys() - self._alike.keys()
        known.update(self._alike)
        return Overlay(known, frozenset(), dict.fromkeys(others, f"{CONFLICT}; {STEP}"))

    def _taken_over(
        self, wanted: Mapping[str, Fingerprint], tasks: Mapping[str, Task]
    ) -> Iterator[tuple[str, Record]]:
        """Records of the tasks that hold what is declared, whoever made them."""
        from rbsync.applier.comparing import differing

        names = {tasks[name].task_id: name for name in wanted}
        ids = list(names)
        for at in range(0, len(ids), LOOKED_AT_ONCE):
            for task_id, content in self._backend.look(ids[at : at + LOOKED_AT_ONCE]).items():
                name = names[task_id]
                # Items that nobody can compare are no proof that they are the declared ones.
                is_known = content.contents is not None
                if is_known and not differing(content, [wanted[name]]):
                    yield name, Record(name, wanted[name], task_id)

    def take_in(self, writer: Writer) -> None:
        """Writes down what was recognised, in a state that has just been made."""
        recognised = self.recognised
        known = writer.some_records(recognised)
        new = [record for name, record in recognised.items() if name not in known]
        if new:
            writer.commit(new)

"""A backend: a project as one pickled file. Other processes must not use it at the same time."""

from __future__ import annotations

import os
import pickle
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from rbsync.backends.base import (
    Backend,
    Before,
    Body,
    Capabilities,
    Created,
    Draft,
    MisnamedError,
    NamedTask,
    Project,
    Rejected,
    StoppedError,
    StoredMap,
    Task,
    TaskContent,
    every_name,
    unasked,
)
from rbsync.backends.rules import Rules
from rbsync.backends.settings import BackendSettings, Judge, Objection, Surroundings
from rbsync.errors import BackendError
from rbsync.labels.project_types import project_type
from rbsync.labels.taxonomy import Taxonomy
from rbsync.model.datapoint import REMOTE
from rbsync.model.fingerprint import Facet
from rbsync.model.outcome import Failure
from rbsync.trust.places import own_folder_objection


class ShelfSettings(BackendSettings):
    """A project in one pickled file."""

    kind: Literal["shelf"] = Field(description="The project is a pickled file.", examples=["shelf"])
    file: str = Field(description="The file of the project.", examples=["project.pickle"])

    def objections(self, judge: Judge) -> Iterator[Objection]:
        """A file outside of the manifest's folder."""
        objection = own_folder_objection(judge.root, self.file)
        if objection:
            yield Objection("file", "backend-file", f"`backend.file` {objection}")

    def open(self, surroundings: Surroundings) -> Backend:
        path = os.path.join(surroundings.root, self.file)
        return ShelfBackend(path, surroundings.type, surroundings.taxonomy)


@dataclass
class Shelf:
    """All that a project is: drafts by task id, the bytes of files by content identity."""

    identity: str
    tasks: dict[str, Draft] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


class ShelfBackend:
    """Satisfies ``Backend``."""

    capabilities = Capabilities()

    def __init__(self, path: str, type_name: str, taxonomy: Taxonomy) -> None:
        self._path = path
        self._rules = Rules(project_type(type_name), taxonomy)
        self._turn = threading.RLock()

    def project(self) -> Project:
        with self._changing():
            pass
        found = self.describe()
        assert found is not None
        return found

    def describe(self) -> Project | None:
        shelf = self._read()
        if shelf is None:
            return None
        categories = tuple(one.name for one in self._rules.taxonomy.walk())
        name = os.path.basename(self._path)
        return Project(shelf.identity, name, self._rules.type.name, categories)

    def storages(self) -> None:
        """Any will do."""

    def upload(self, body: Body, *, storage: str) -> str:
        body.rewind()
        data = b"".join(iter(lambda: body.read(1 << 20), b""))
        with self._changing() as shelf:
            shelf.files[body.content()] = data
        return body.content()

    def create(self, drafts: Sequence[Draft]) -> list[Created | Rejected]:
        if len(drafts) > self.capabilities.batch:
            raise BackendError("too many datapoints at once", kind="invalid")
        with self._changing() as shelf:
            return [self._create(shelf, one) for one in drafts]

    def _create(self, shelf: Shelf, draft: Draft) -> Created | Rejected:
        flaw = self._rules.flaw(draft)
        if flaw:
            return Rejected(draft.name, Failure("invalid", "create", flaw.message, hint=flaw.hint))
        if any(one.name == draft.name for one in shelf.tasks.values()):
            message = "the project has a datapoint of this name"
            return Rejected(draft.name, Failure("conflict", "create", message))
        task_id = str(uuid.uuid4())
        shelf.tasks[task_id] = draft
        return Created(draft.name, task_id)

    def update(
        self, task_id: str, draft: Draft, changed: Sequence[Facet], may: Before = unasked
    ) -> None:
        with self._changing() as shelf:
            before = shelf.tasks.get(task_id)
            if before is not None and before.name != draft.name:
                raise MisnamedError(task_id, before.name, draft.name)
            if before is None:
                raise BackendError("there is no such task", kind="conflict", answered=True)
            flaw = self._rules.flaw(draft, changed)
            if flaw:
                raise BackendError(flaw.message, kind="invalid", hint=flaw.hint, answered=True)
            present = _content(task_id, before, shelf.files)
            if not all(may(present, facet) for facet in changed):
                raise StoppedError(draft.name)
            shelf.tasks[task_id] = Draft(
                draft.name,
                draft.items if "items" in changed else before.items,
                draft.labels if "labels" in changed else before.labels,
                draft.settings if "settings" in changed else before.settings,
                before.fingerprint.merged(draft.fingerprint, changed),
                draft.series if "items" in changed else before.series,
            )

    def delete(self, tasks: Sequence[NamedTask], before: Before = unasked) -> dict[str, str]:
        others: dict[str, str] = {}
        with self._changing() as shelf:
            for name, task_id in tasks:
                found = shelf.tasks.get(task_id)
                if found is not None and found.name != name:
                    others[task_id] = found.name
                elif found is not None and before(_content(task_id, found, shelf.files), None):
                    del shelf.tasks[task_id]
        return others

    def find(
        self, names: Sequence[str], *, counted: Callable[[str], bool] = every_name
    ) -> dict[str, Task]:
        wanted = frozenset(names)
        return {one.name: one for one in self.list() if one.name in wanted}

    def list(self, *, counted: Callable[[str], bool] = every_name) -> Iterator[Task]:
        return (one.task for one in self.read())

    def read(self) -> Iterator[TaskContent]:
        shelf = self._read()
        tasks = shelf.tasks.items() if shelf else ()
        for task_id, draft in sorted(tasks, key=lambda pair: pair[1].name):
            yield _content(task_id, draft, shelf.files if shelf else {})

    def look(self, task_ids: Sequence[str]) -> dict[str, TaskContent]:
        return {one.task.task_id: one for one in self.read() if one.task.task_id in task_ids}

    def close(self) -> None:
        """Does nothing: nothing is open."""

    def _read(self) -> Shelf | None:
        if not os.path.exists(self._path):
            return None
        with self._turn, open(self._path, "rb") as file:
            shelf: Shelf = pickle.load(file)
            return shelf

    @contextmanager
    def _changing(self) -> Iterator[Shelf]:
        with self._turn:
            shelf = self._read() or Shelf(f"shelf:{uuid.uuid4()}")
            yield shelf
            with open(self._path + ".new", "wb") as file:
                pickle.dump(shelf, file)
            os.replace(self._path + ".new", self._path)


def _content(task_id: str, draft: Draft, files: Mapping[str, bytes]) -> TaskContent:
    labels, settings = draft.labels, draft.settings
    task = Task(
        draft.name,
        task_id,
        draft.fingerprint,
        tuple(name for name, _ in draft.items),
        labels.count if labels else 0,
        settings.ground_truth,
        settings.priority,
        dict(settings.metadata),
        series=settings.series,
    )
    contents = tuple(ref if ref in files else REMOTE + ref for _, ref in draft.items)
    maps = tuple(
        StoredMap(one.series, lambda data=one.data: data)  # type: ignore[misc]  # the default binds it
        for one in (labels.files if labels else ())
    )
    text = labels.json if labels else "[]"
    refs = tuple(ref for _, ref in draft.items)
    return TaskContent(task, text, contents, (settings.storage,), maps, draft.series, refs)

"""The table is filled from the plan, the state and the project, and follows what runs do."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from rbsync.backends.base import KeptFiles, Task, TaskContent, TellsKept
from rbsync.browse.table import Row, Table
from rbsync.errors import RbsyncError
from rbsync.label_changes.pairing import category_of
from rbsync.labels.normal import read_labels
from rbsync.model.plan import Action, Blocked
from rbsync.model.record import Record
from rbsync.reasons import CONFLICT
from rbsync.stores.base import Mark, Traced
from rbsync.sync.drifting import drifted_how
from rbsync.sync.plan_options import PlanOptions
from rbsync.sync.planning import make_plan
from rbsync.sync.workspace import Workspace

_TOGETHER = 200
Tasks = list[tuple[str, str]]
Contents = Mapping[str, TaskContent]
IN_STEP, PLANNED, FAILED, DRIFTED, THEIRS = "in step", "planned", "failed", "drifted", "not ours"


class Filling:
    """Fills a table with the datapoints of a workspace, and keeps it up to date.

    ``actions`` is what the next apply would do, by name. ``why`` says why nobody knows it, empty
    where it is known.
    """

    def __init__(self, workspace: Workspace, table: Table) -> None:
        self._workspace, self._table = workspace, table
        self._stopped, self._asked = threading.Event(), threading.Event()
        self._mark: Mark | None = None
        self.actions: Mapping[str, Action] = {}
        self.why = ""
        self.is_planned = self.is_done = False

    def fill(self) -> None:
        """Reads the state. Raises StoreError for one that is none."""
        # Before the records: what is committed meanwhile is read again, and never left out.
        self._mark = self._latest()
        records = self._workspace.store.records()
        self._table.put(_row_of(one) for one in records.values())

    def look_on(self) -> None:
        """Reads what takes long: the project, the plan, and the classes of all labels."""
        self._asked.wait()
        # A project that cannot be read is told of by the plan.
        with suppress(RbsyncError):
            self._look_at_project(self._workspace.store.records())
        if not self._stopped.is_set():
            self._plan()
            self._table.put(map(self._planned, self.actions.values()))
        self.is_planned = True
        records = self._workspace.store.records()
        last = ""
        while not self._stopped.is_set() and (some := self._table.tasks_after(last, _TOGETHER)):
            last = some[-1][0]
            # A service that does not answer leaves the filter by classes short, and no more.
            with suppress(RbsyncError):
                found = self._workspace.backend.look([task_id for _, task_id in some])
                self._table.put_classes(self._classes(some, found))
                self._table.put(self._drifted(some, found, records))
        self.is_done = True

    def begin(self) -> None:
        """Lets `look_on` begin: somebody has seen a first screen, and does not wait for it."""
        self._asked.set()

    def stop(self) -> None:
        """Ends `look_on` soon."""
        self._stopped.set()
        self._asked.set()

    def follow(self) -> dict[str, Any]:
        """Takes in what runs have committed since the last time, and says how things stand."""
        store, names = self._workspace.store, frozenset[str]()
        if isinstance(store, Traced) and self._mark is not None:
            names = store.changed_since(self._mark) or frozenset()
            self._mark = store.mark() or self._mark
        if names and isinstance(store, Traced):
            records = store.some_records(names)
            self._table.forget(names - records.keys())
            self._table.put(_row_of(one) for one in records.values())
            self._look_at_project(records, names)
        owner = store.owner() if store.is_held() else None
        return {
            "changed": sorted(names)[:_TOGETHER],
            "number": len(names),
            "running": {"who": str(owner), "since": owner.since} if owner else None,
            "counts": dict(self._table.counts()["status"]),
        }

    def _latest(self) -> Mark | None:
        store = self._workspace.store
        return store.mark() if isinstance(store, Traced) else None

    def _plan(self) -> None:
        try:
            plan = make_plan(self._workspace, PlanOptions(keep_going=True))
        # What is there can be looked at, whatever is wrong with what shall be there.
        except RbsyncError as error:
            self.why = str(error)
            return
        self.actions = {one.name: one for one in plan.actions}

    def _planned(self, action: Action) -> Row:
        known = self._table.row(action.name) or Row(action.name, PLANNED)
        status = PLANNED
        if isinstance(action, Blocked):
            status = "conflict" if action.reason == CONFLICT else "blocked"
        elif known.status == FAILED:
            status = FAILED
        return known._replace(status=status, said=f"{_verb(action)}: {action.message}")

    def _look_at_project(
        self, records: Mapping[str, Record], names: frozenset[str] | None = None
    ) -> None:
        """Takes in what the project has, where it is at hand: with sizes and times."""
        backend = self._workspace.backend
        # Of a service that would take minutes, and nobody waits for a first screen so long.
        if not backend.capabilities.at_hand or not isinstance(backend, TellsKept):
            return
        tasks = iter(backend.find(sorted(names)).values()) if names else backend.list()
        for some in _portions(tasks):
            if self._stopped.is_set():
                return
            kept = backend.kept([one.task_id for one in some])
            self._table.put(self._there(one, kept.get(one.task_id), records) for one in some)

    def _there(self, task: Task, kept: KeptFiles | None, records: Mapping[str, Record]) -> Row:
        record = records.get(task.name)
        # Of 100,000 records each is at hand; what has none may be planned all the same.
        known = _row_of(record) if record else self._table.row(task.name)
        row = known or Row(task.name, THEIRS)
        is_ours = task.name in records or task.name in self.actions
        return row._replace(
            status=row.status if is_ours else THEIRS,
            task_id=task.task_id,
            size=kept.size if kept else None,
            changed_at=kept.changed_at if kept else "",
        )

    def _classes(self, tasks: Tasks, found: Contents) -> dict[str, list[str]]:
        names = {}
        for name, task_id in tasks:
            content = found.get(task_id)
            labels = read_labels(content.labels or "[]") if content else []
            of = (category_of(one) for one in labels if isinstance(one, dict))
            names[name] = list(dict.fromkeys(filter(None, of)))
        return names

    def _drifted(
        self, tasks: Tasks, found: Contents, records: Mapping[str, Record]
    ) -> Iterator[Row]:
        """The datapoints that are not at the project as they were left there."""
        for name, task_id in tasks:
            row, record = self._table.row(name), records.get(name)
            # A run may have left it otherwise meanwhile, and says so itself.
            if row is None or record is None or row.task_id != record.task_id:
                continue
            if row.status not in (IN_STEP, PLANNED):
                continue
            if said := drifted_how(found.get(task_id), record):
                told = f"{said}; {row.said}" if row.said else said
                yield row._replace(status=DRIFTED, said=told)


def _portions(tasks: Iterator[Task]) -> Iterator[list[Task]]:
    while some := list(islice(tasks, _TOGETHER)):
        yield some


def _row_of(record: Record) -> Row:
    failure = record.failure
    if record.has_failed and failure:
        return Row(record.name, FAILED, failure.message, record.task_id)
    if record.pending is not None:
        return Row(record.name, PLANNED, "sent, and not settled yet", record.task_id)
    return Row(record.name, IN_STEP if record.applied else PLANNED, "", record.task_id)


def _verb(action: Action) -> str:
    return type(action).__name__.lower()

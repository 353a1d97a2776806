"""The project: its rules, kept in one transaction with what they are about.

Whatever stands in front of it, a backend or a service, goes through this one class.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from rbsync.backends.base import (
    NO_MARK,
    Collected,
    Created,
    Draft,
    LostFile,
    MisnamedError,
    NamedTask,
    NewName,
    Rejected,
    Task,
)
from rbsync.backends.local import queries
from rbsync.backends.local.blobs import Blobs, Damage, is_ref
from rbsync.backends.local.clock import now
from rbsync.backends.local.cursors import Page, cursor_after, name_before
from rbsync.backends.local.database import Database
from rbsync.backends.local.extras import (
    NO_EXTRAS,
    Extra,
    Extras,
    Note,
    clear_extra,
    extras_by_id,
    extras_of,
    put_extras,
)
from rbsync.backends.local.meta import Meta, read_meta, write_meta
from rbsync.backends.local.name_links import Items, NameLinks, is_text
from rbsync.backends.local.opening import Wish, fulfil
from rbsync.backends.local.queries import Counts
from rbsync.backends.local.task_rows import (
    COLUMNS,
    StoredTask,
    changes,
    items_of,
    new_row,
    stamp_text,
    stored_of,
    task_of,
)
from rbsync.backends.rules import Flaw, Rules, name_flaw, settings_flaw
from rbsync.errors import BackendError
from rbsync.labels.project_types import project_type
from rbsync.labels.taxonomy import Taxonomy
from rbsync.model.datapoint import Settings
from rbsync.model.fingerprint import Facet
from rbsync.model.known_texts import KnownTexts
from rbsync.model.outcome import Failure
from rbsync.reasons import FailureKind

PAGE = 1000
_INSERT = f"INSERT INTO tasks ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608  (columns of ours)
_PUT_LABELS = "INSERT OR REPLACE INTO labels (task_id, json) VALUES (?, ?)"
_CONFLICT = Flaw("the project has a datapoint of this name", "names are unique in a project")
_GONE_HINT = "run again: what the project lacks is uploaded anew"

T = TypeVar("T")


class WholeTask(NamedTuple):
    """A task with its labels, the JSON text of a list or None, and what accompanies its facets."""

    stored: StoredTask
    labels: str | None
    extras: Extras


class LocalProject:
    """Tasks and labels in a database, files in blobs. Raises BackendError.

    Any number of threads and processes may use one project at a time. A project that is not
    there yet reads as empty; the first that opens or writes makes it.
    """

    def __init__(self, database: Database, blobs: Blobs, wish: Wish) -> None:
        self._database = database
        self._blobs = blobs
        self._wish = wish
        self._meta: Meta | None = None
        self._rules: Rules | None = None
        self._read_in = 0
        self._links = NameLinks(blobs.folder)

    def open(self) -> Meta:
        """Returns what the project is, made and changed to what it shall be.

        Raises UserError when it is another one than it shall be.
        """
        # Read first: `plan` must not lock a project that another process writes to.
        with self._database.reading() as connection:
            found = read_meta(connection) if connection else None
            made = fulfil(self._wish, found, connection) if connection and found else None
        if made is None or made != found:
            with self._database.writing() as connection:
                # Again inside the transaction, for another process may have changed the project
                # since.
                made = fulfil(self._wish, read_meta(connection), connection)
                write_meta(connection, made)
        self._take(made)
        return made

    def change(self, taxonomy: Taxonomy) -> None:
        """Gives the project another taxonomy. Raises UserError where its labels do not conform."""
        self._wish = self._wish._replace(taxonomy=taxonomy)
        self.open()

    def describe(self) -> Meta | None:
        """Returns what the project is; None when there is none, and then none is made."""
        return self._read(read_meta, None)

    def create(
        self, drafts: Sequence[Draft], extras: Sequence[Extras] = ()
    ) -> list[Created | Rejected]:
        """Creates the datapoints that the project accepts; answers in their order.

        ``extras`` is what accompanies each draft, or empty. All that are created are durable
        together when this returns.
        """
        self._links.change(one.name for one in drafts)
        with self._database.writing() as connection:
            rules = self._present_rules()
            flaws = [rules.flaw(draft) for draft in drafts]
            fine = [one.name for one, flaw in zip(drafts, flaws, strict=True) if not flaw]
            # One question for the batch. The names within it are added as they are made, so that a
            # batch cannot have one twice.
            taken = {row[2] for row in queries.rows_of_names(connection, fine)}
            answers: list[Created | Rejected] = []
            every = extras or [NO_EXTRAS] * len(drafts)
            for draft, flaw, own in zip(drafts, flaws, every, strict=True):
                answers.append(self._create_one(connection, draft, flaw, taken, own))
        return answers

    def _create_one(
        self,
        connection: sqlite3.Connection,
        draft: Draft,
        flaw: Flaw | None,
        taken: set[str],
        extras: Extras,
    ) -> Created | Rejected:
        if flaw:
            return _rejected(draft, "invalid", flaw)
        if draft.name in taken:
            return _rejected(draft, "conflict", _CONFLICT)
        # Transient, so that it is tried again: the file is uploaded anew then.
        if missing := self._missing_file(draft, extras):
            return _rejected(draft, "transient", missing)
        row = new_row(draft)
        connection.execute(_INSERT, row)
        if draft.labels:
            connection.execute(_PUT_LABELS, (row[0], draft.labels.json))
        put_extras(connection, row[0], extras)
        taken.add(draft.name)
        return Created(draft.name, row[0], row[1])

    def _missing_file(self, draft: Draft, extras: Extras) -> Flaw | None:
        """A task never refers to a file that is not there: no file is removed meanwhile."""
        named = (ref for one in extras.values() for ref in one.refs)
        missing = self._blobs.missing((*(ref for _, ref in draft.items), *named))
        return Flaw(f"{missing[0]} is not stored in the project", _GONE_HINT) if missing else None

    def update(
        self,
        task_id: str,
        draft: Draft,
        changed: Sequence[Facet],
        extras: Extras = NO_EXTRAS,
        as_written: Callable[[StoredTask], Draft] | None = None,
    ) -> None:
        """Changes the facets of a task and what accompanies them, all or none; its name stays.

        ``as_written`` sees the task as it is right before, and answers the draft that is written;
        it may raise.
        """
        flaw = self._present_rules().flaw(draft, changed)
        if flaw:
            raise BackendError(f"{draft.name}: {flaw.message}", kind="invalid", hint=flaw.hint)
        if "items" in changed:
            self._links.change([draft.name])
        with self._database.writing() as connection:
            stored = self._checked(connection, task_id, draft)
            draft = as_written(stored) if as_written else draft
            files = draft if "items" in changed else draft._replace(items=())
            if missing := self._missing_file(files, extras):
                raise BackendError(missing.message, hint=missing.hint)
            self._update_one(connection, task_id, draft, changed)
            put_extras(connection, task_id, extras)

    def _checked(self, connection: sqlite3.Connection, task_id: str, draft: Draft) -> StoredTask:
        row = queries.row_of_id(connection, task_id)
        if row is None:
            hint = "it was deleted behind our back: run `rbsync refresh`, then plan again"
            raise BackendError(f"{draft.name}: no task {task_id}", kind="conflict", hint=hint)
        if row[2] != draft.name:
            raise MisnamedError(task_id, row[2], draft.name)
        return stored_of(row)

    def _update_one(
        self, connection: sqlite3.Connection, task_id: str, draft: Draft, changed: Sequence[Facet]
    ) -> None:
        row = queries.row_of_id(connection, task_id)
        columns = changes(draft, changed, stored_of(row).stage if row else "")
        marks = ", ".join(f"{column} = ?" for column in columns)
        connection.execute(
            f"UPDATE tasks SET {marks} WHERE task_id = ?",  # noqa: S608  (only columns of ours)
            (*columns.values(), task_id),
        )
        # What a client kept beside the old items, such as heat maps, does not belong to the new
        # ones.
        for facet in changed:
            clear_extra(connection, task_id, facet)
        if "labels" in changed and draft.labels:
            connection.execute(_PUT_LABELS, (task_id, draft.labels.json))
        elif "labels" in changed:
            connection.execute("DELETE FROM labels WHERE task_id = ?", (task_id,))

    def delete(self, task_ids: Sequence[str]) -> None:
        """Deletes tasks with their labels; their files stay until garbage is collected."""
        if self.describe() is None:
            return
        with self._database.writing() as connection:
            self._links.change(row[2] for row in queries.rows_of_ids(connection, task_ids))
            connection.executemany(
                "DELETE FROM tasks WHERE task_id = ?", ((one,) for one in task_ids)
            )

    def delete_named(
        self, tasks: Sequence[NamedTask], may: Callable[[StoredTask], bool] = lambda _: True
    ) -> dict[str, str]:
        """As `delete`, but leaves tasks alone that have other names, and returns their names.

        ``may`` says of each whether it may be deleted, as it is.
        """
        if self.describe() is None:
            return {}
        others: dict[str, str] = {}
        self._links.change(one.name for one in tasks)
        with self._database.writing() as connection:
            for name, task_id in tasks:
                row = queries.row_of_id(connection, task_id)
                if row is not None and row[2] != name:
                    others[task_id] = row[2]
                elif row is not None and may(stored_of(row)):
                    connection.execute("DELETE FROM tasks WHERE task_id = ?", (task_id,))
        return others

    def rename(self, names: Sequence[NewName]) -> dict[str, str]:
        """Gives tasks their new names; returns, by these, why a task did not get it."""
        why: dict[str, str] = {}
        self._links.change(name for one in names for name in (one.name, one.task.name))
        with self._database.writing() as connection:
            for one in names:
                row = queries.row_of_id(connection, one.task.task_id)
                said = self._rename_one(connection, one, stored_of(row) if row else None)
                if said:
                    why[one.name] = said
        return why

    def _rename_one(
        self, connection: sqlite3.Connection, one: NewName, stored: StoredTask | None
    ) -> str:
        if stored is None:
            return "the project does not have it any more"
        if stored.task.name == one.name:
            return ""
        if stored.task.name != one.task.name:
            return str(MisnamedError(one.task.task_id, stored.task.name, one.task.name))
        if flaw := name_flaw(one.name):
            return flaw.message
        if list(queries.rows_of_names(connection, [one.name])):
            return _CONFLICT.message
        refs = [ref for _, ref in stored.items]
        own = one.items if len(one.items) == len(refs) else stored.task.items
        mark = stored.task.mark if one.mark == NO_MARK else one.mark
        mark = mark._replace(left=stored.task.left)
        items = json.dumps([list(pair) for pair in zip(own, refs, strict=True)])
        connection.execute(
            "UPDATE tasks SET name = ?, items = ?, stamp = ?, updated_at = ? WHERE task_id = ?",
            (one.name, items, stamp_text(stored.task.stamp, mark), now(), one.task.task_id),
        )
        return ""

    def note(self, task_id: str, note: Note, extra: Extra) -> None:
        """Keeps what accompanies a whole task, in place of what did."""
        with self._database.writing() as connection:
            put_extras(connection, task_id, {note: extra})

    def move(self, task_ids: Sequence[str], stage: str) -> None:
        """Puts tasks into a stage, all or none; raises BackendError when one does not exist."""
        self._set("stage", [(stage, one) for one in task_ids])

    def prioritize(self, priorities: Sequence[tuple[str, float | None]]) -> None:
        """Gives tasks their priorities, all or none; raises BackendError as ``move`` does."""
        for task_id, priority in priorities:
            if flaw := settings_flaw(Settings(priority=priority)):
                raise BackendError(f"task {task_id}: {flaw.message}", kind="invalid")
        self._set("priority", [(priority, one) for one, priority in priorities])

    def _set(self, column: str, values: Sequence[tuple[object, str]]) -> None:
        with self._database.writing() as connection:
            for value, task_id in values:
                done = connection.execute(
                    f"UPDATE tasks SET {column} = ?, updated_at = ? WHERE task_id = ?",  # noqa: S608  (columns of ours)
                    (value, now(), task_id),
                )
                # All or none: the transaction ends with this error, and the tasks before it are as
                # they were.
                if not done.rowcount:
                    raise BackendError(f"no task {task_id}", kind="conflict")

    def find(self, names: Sequence[str]) -> dict[str, Task]:
        """The tasks of exactly these names, all as of one moment."""

        def ask(connection: sqlite3.Connection) -> dict[str, Task]:
            rows = queries.rows_of_names(connection, filter(is_text, names))
            return {row[2]: task_of(row) for row in rows}

        return self._read(ask, {})

    def page(
        self, after: str | None = None, first: int = PAGE, stage: str = "", prefix: str = ""
    ) -> Page:
        """The next tasks by name, of one stage or of all; ``after`` is the last page's cursor.

        With a prefix, only those whose names start with it.
        Each page is as of its own moment: a task that is there all the time is on exactly one.
        """
        name = name_before(after)
        nothing: list[tuple[Any, ...]] = []
        # One more than asked for tells whether there is a next page, without a count.
        rows = self._read(
            lambda one: queries.rows_after(one, name, first + 1, stage, prefix), nothing
        )
        tasks = tuple(stored_of(row) for row in rows[:first])
        more = len(rows) > first and tasks
        return Page(tasks, cursor_after(tasks[-1].task.name) if more else None)

    def tasks(self) -> Iterator[StoredTask]:
        """All tasks, by name."""
        cursor: str | None = None
        while True:
            page = self.page(cursor)
            yield from page.tasks
            cursor = page.cursor
            if cursor is None:
                return

    def task(self, task_id: str) -> StoredTask | None:
        """One task, None when it does not exist."""
        row = self._read(lambda one: queries.row_of_id(one, task_id), None)
        return stored_of(row) if row else None

    def whole(self, task_ids: Sequence[str]) -> Iterator[WholeTask]:
        """Those tasks of these ids that exist, in their order, all as of one moment."""
        with self._database.reading() as connection:
            if connection is None:
                return
            rows = {row[0]: row for row in queries.rows_of_ids(connection, task_ids)}
            labels = queries.labels_texts(connection, rows)
            extras = extras_by_id(connection, rows)
        for one in task_ids:
            if one in rows:
                yield WholeTask(stored_of(rows[one]), labels.get(one), extras.get(one, NO_EXTRAS))

    def labels(self, task_id: str) -> str | None:
        """The labels of a task as the JSON text of a list, None when it has none."""
        return self._read(lambda one: queries.labels_text(one, task_id), None)

    def extras(self, task_id: str) -> Extras:
        """Returns what accompanies the facets of a task."""
        return self._read(lambda one: extras_of(one, task_id), NO_EXTRAS)

    def count(self, stage: str) -> int:
        """Returns how many tasks are in a stage."""
        return self._read(lambda one: queries.count_of_stage(one, stage), 0)

    def counts(self) -> Counts:
        return self._read(queries.counts, Counts(0, 0, 0))

    def damage(self) -> Iterator[Damage]:
        """Reads every file that a task refers to, and answers those that are damaged."""
        nothing: set[str] = set()
        return self._blobs.damage(
            sorted(self._read(lambda one: set(queries.item_refs(one)), nothing))
        )

    def lost(self, *, reading: bool) -> Iterator[LostFile]:
        """The files of tasks that are not there, by name; with ``reading`` damaged ones too."""
        present = self._blobs.present()
        for name, ref in self._refs_of_names():
            if is_ref(ref) and ref not in present:
                yield LostFile(name, ref, "missing")
            elif reading:
                yield from (LostFile(name, ref, "changed") for _ in self._blobs.damage([ref]))

    def _refs_of_names(self) -> Iterator[tuple[str, str]]:
        """The files that each task needs, by name; of each page as of its own moment."""
        nothing: tuple[str, list[tuple[str, str]]] = ("", [])
        name = ""
        while True:
            ask = partial(queries.refs_after, name=name, first=PAGE)
            name, refs = self._read(ask, nothing)
            if not name:
                return
            yield from refs

    def collect_garbage(self, grace: float, in_use: Collection[str] = ()) -> Collected:
        """Removes files that no task refers to and that are older than ``grace`` seconds.

        ``in_use`` are files that something else needs. A client that sent a file which is gone
        now has to send it again: its path is forgotten.
        """
        if self.describe() is None:
            return Collected()
        with self._database.writing() as connection:
            used = KnownTexts(chain(queries.item_refs(connection), in_use))
            found = self._blobs.collect(used, grace)
            if found.files:
                queries.forget_uploads(connection, self._blobs.present())
            return found

    def close(self) -> None:
        """Writes the links that are still to be written, and closes the database."""
        # What was changed is durable: that its links could not be made is no failure of it.
        with suppress(BackendError):
            self._links.write(self._items_of, self._items_of_all)
        self._database.close()

    def _items_of(self, names: Iterable[str]) -> dict[str, Items]:
        nothing: dict[str, Items] = {}
        return self._read(
            lambda one: {row[2]: stored_of(row).items for row in queries.rows_of_names(one, names)},
            nothing,
        )

    def _items_of_all(self) -> Iterator[tuple[str, Items]]:
        """The items of all tasks, by name; of each page as of its own moment."""
        nothing: list[tuple[str, str]] = []
        name = ""
        while rows := self._read(partial(queries.items_after, name=name, first=PAGE), nothing):
            yield from ((one, items_of(text)) for one, text in rows)
            name = rows[-1][0]

    def _read(self, ask: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        with self._database.reading() as connection:
            return ask(connection) if connection else otherwise

    def _present_rules(self) -> Rules:
        """The rules as they are now: another process may have changed the taxonomy."""
        # Within one transaction nothing can change, so that a batch of fifty need not read the
        # taxonomy fifty times.
        turn = self._database.turn
        if self._rules is None or not turn or turn != self._read_in:
            meta = self.describe() if self._meta else None
            self._read_in = turn if meta else 0
            return self._take(meta or self.open())
        return self._rules

    def _take(self, meta: Meta) -> Rules:
        if self._rules is None or meta != self._meta:
            self._meta = meta
            self._rules = Rules(project_type(meta.type), meta.read_taxonomy())
        return self._rules


def _rejected(draft: Draft, kind: FailureKind, flaw: Flaw) -> Rejected:
    return Rejected(draft.name, Failure(kind, "create", flaw.message, hint=flaw.hint))

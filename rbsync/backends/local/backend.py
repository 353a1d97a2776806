"""The backend that needs no server, key or network: a project in a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import BinaryIO

from rbsync.backends.base import (
    NOTHING_LEFT,
    Before,
    Body,
    Capabilities,
    Collected,
    Created,
    Draft,
    KeptFiles,
    Left,
    LostFile,
    NamedTask,
    NewName,
    Project,
    Rejected,
    Release,
    StoppedError,
    Task,
    TaskContent,
    every_name,
    unasked,
)
from rbsync.backends.left import (
    UNNOTED,
    is_taken_back,
    left_of,
    series_with_added,
    told_by,
    with_added,
)
from rbsync.backends.local.blobs import DAY, Blobs, Damage, content_of, is_ref
from rbsync.backends.local.cursors import Page
from rbsync.backends.local.database import BUSY_SECONDS, Database
from rbsync.backends.local.disk_failures import disk_failures
from rbsync.backends.local.extras import (
    extras_of_draft,
    maps_in,
    progress_in,
    series_in,
    series_settings_in,
    with_series,
)
from rbsync.backends.local.kept_releases import Releases, StoredRelease
from rbsync.backends.local.opening import Wish, check_type
from rbsync.backends.local.project import PAGE, LocalProject, WholeTask
from rbsync.backends.local.queries import Counts
from rbsync.backends.local.task_rows import ARCHIVED, FIRST_STAGE, LAST_STAGE, NO_STAMP, StoredTask
from rbsync.errors import BackendError
from rbsync.labels.taxonomy import Taxonomy
from rbsync.model.datapoint import REMOTE
from rbsync.model.fingerprint import Algorithm, Facet

DATABASE = "project.db"
READ = 50
"""Tasks that are read together with their labels."""


class LocalBackend:
    """A project in the folder ``path``, made when it is first needed.

    ``type`` is one of the service's project types and ``taxonomy`` what labels may say; without
    them anything goes. ``name`` is the folder's unless given. ``algorithm`` is that of the
    content identities of the bodies that are uploaded, ``busy`` how many seconds to wait for
    another process. Satisfies ``backends.base.Backend``; raises UserError for a type that does
    not exist, and later for a project that is there and is another one.
    """

    # Each batch waits for the disk a few times, however large it is, and a small file is stored
    # sooner than it is handed to another thread and back.
    capabilities = Capabilities(batch=200, together=25, at_hand=True)

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        type: str = "",  # noqa: A002  (the manifest's word)
        taxonomy: Taxonomy | None = None,
        name: str | None = None,
        algorithm: Algorithm = "xxh3",
        busy: float = BUSY_SECONDS,
    ) -> None:
        folder = os.path.abspath(path)
        check_type(type)
        self._algorithm: Algorithm = algorithm
        self._blobs = Blobs(folder)
        database = Database(os.path.join(folder, DATABASE), busy)
        wish = Wish(name or "", type, taxonomy, os.path.basename(folder))
        self._project = LocalProject(database, self._blobs, wish)
        self._releases = Releases(database)

    def project(self) -> Project:
        """Returns what the project is; makes it."""
        return self._project.open().as_project()

    def describe(self) -> Project | None:
        """Returns what the project is; None when there is none, and then none is made."""
        meta = self._project.describe()
        return meta.as_project() if meta else None

    def storages(self) -> None:
        """Any will do: what is in them is not looked at."""

    def upload(self, body: Body, *, storage: str) -> str:  # noqa: ARG002  (all are kept here)
        """Takes in the bytes of a file and returns their ref: ``blobs/xxh3/ab/ab…``.

        They are durable before the first task that names them: a group of small files waits for
        the disk once.
        """
        return self._blobs.receive(body, self._algorithm)

    def create(self, drafts: Sequence[Draft]) -> list[Created | Rejected]:
        """Creates datapoints, durably, and answers in their order."""
        if len(drafts) > self.capabilities.batch:
            message = f"{len(drafts)} datapoints at once; the limit is {self.capabilities.batch}"
            raise BackendError(message, kind="invalid")
        # Files are stored before the transaction begins: a large one would lock out all other
        # writers for as long as it is written.
        extras = [extras_of_draft(one, self._store) for one in drafts]
        noted = [_noted(one, ("settings",), NOTHING_LEFT) for one in drafts]
        self._blobs.settle()
        return self._project.create(noted, extras)

    def update(
        self, task_id: str, draft: Draft, changed: Sequence[Facet], before: Before = unasked
    ) -> None:
        """Changes the facets of a datapoint to those of the draft, durably.

        Nothing can happen between what ``before`` is asked and the change.
        """
        extras = {**extras_of_draft(draft, self._store, changed)}

        def as_written(stored: StoredTask) -> Draft:
            present = self._present(stored)
            if not all(before(present, facet) for facet in changed):
                raise StoppedError(draft.name)
            written = _stamped(present, _in_its_stage(present, draft), changed)
            made = _beside_others(present, _noted(written, changed, present.left), changed)
            # Without new items their series stay, and so does what accompanies them.
            beside = extras if "items" in changed else self._project.extras(task_id)
            series = made.settings.series if "settings" in changed else present.task.series
            if "items" in beside and (series or present.task.series):
                extras["items"] = with_series(beside["items"], series)
            return made

        self._blobs.settle()
        self._project.update(task_id, draft, changed, extras, as_written)

    def _store(self, data: bytes) -> str:
        """Stores bytes, durably, and returns their ref."""
        with self._blobs.receiving(self._algorithm) as incoming:
            incoming.write(data)
            return self._blobs.keep(incoming)

    def delete(self, tasks: Sequence[NamedTask], before: Before = unasked) -> dict[str, str]:
        """Deletes tasks, durably; returns those that have other names, with these."""
        return self._project.delete_named(tasks, lambda one: before(self._present(one), None))

    def rename(self, names: Sequence[NewName]) -> dict[str, str]:
        """Gives tasks their new names, durably: a row each, and no byte of a file is touched."""
        return self._project.rename(names)

    def find(
        self,
        names: Sequence[str],
        *,
        counted: Callable[[str], bool] = every_name,  # noqa: ARG002  (their numbers are at hand)
    ) -> dict[str, Task]:
        """The datapoints of exactly these names, any number of them."""
        return self._project.find(names)

    def list(self, *, counted: Callable[[str], bool] = every_name) -> Iterator[Task]:  # noqa: ARG002  (their numbers are at hand)
        """All datapoints, by name."""
        return (one.task for one in self._project.tasks())

    def read(self) -> Iterator[TaskContent]:
        """All datapoints with what is in them, by name."""
        tasks = (one.task.task_id for one in self._project.tasks())
        # A few at a time: the labels of a page may be large.
        while some := list(islice(tasks, READ)):
            yield from map(self._content, self._project.whole(some))

    def release(self, name: str, *, ground_truth_only: bool) -> Release:
        """Keeps the tasks as they are now, with their files."""
        return _as_release(self._releases.make(name, LAST_STAGE if ground_truth_only else ""))

    def releases(self) -> tuple[Release, ...]:
        """All releases, the newest last."""
        return tuple(map(_as_release, self._releases.every()))

    def released(self, release_id: str) -> Iterator[TaskContent]:
        """The datapoints of a release with what is in them, by name."""
        return map(self._content, self._releases.tasks(release_id, READ))

    def look(self, task_ids: Sequence[str]) -> dict[str, TaskContent]:
        """The tasks of these ids that exist, by id, with what is in them."""
        found = self._project.whole(task_ids)
        return {one.stored.task.task_id: self._content(one) for one in found}

    def kept(self, task_ids: Sequence[str]) -> dict[str, KeptFiles]:
        """Sizes and times of the tasks of these ids that exist."""
        return {
            stored.task.task_id: KeptFiles(
                self._blobs.size(ref for _, ref in stored.items), stored.updated_at
            )
            for stored, _, _ in self._project.whole(task_ids)
        }

    def _present(self, stored: StoredTask) -> TaskContent:
        task_id = stored.task.task_id
        labels = self.labels(task_id) if stored.task.labels else None
        return self._content(WholeTask(stored, labels, self._project.extras(task_id)))

    def _content(self, whole: WholeTask) -> TaskContent:
        stored, labels, extras = whole
        contents = tuple(_content_of(ref) for _, ref in stored.items)
        maps = tuple(maps_in(extras, self._read_file))
        storages = (stored.storage,)
        series = series_in(extras)
        refs = tuple(ref for _, ref in stored.items)
        is_moved_on = stored.stage not in (FIRST_STAGE, LAST_STAGE, ARCHIVED)
        said = series_settings_in(extras)
        return TaskContent(
            replace(stored.task, series=said) if said else stored.task,
            labels or "[]",
            contents,
            storages,
            maps,
            series,
            refs,
            progress_in(extras, is_moved_on=is_moved_on),
            stored.task.left,
        )

    def _read_file(self, ref: str) -> bytes:
        with self.open_item(ref) as file, disk_failures(f"read {ref}"):
            return file.read()

    def page(self, after: str | None = None, first: int = PAGE, stage: str = "") -> Page:
        """The next datapoints by name; ``after`` is the cursor of the page before."""
        return self._project.page(after, first, stage)

    def stored(self, task_id: str) -> StoredTask | None:
        """All that the project knows of a task but its labels."""
        return self._project.task(task_id)

    def labels(self, task_id: str) -> str | None:
        """The labels of a task as the JSON text of a list, None when it has none."""
        return self._project.labels(task_id)

    def counts(self) -> Counts:
        """Returns how many tasks, ground truth among them, and labels there are."""
        return self._project.counts()

    def open_item(self, ref: str) -> BinaryIO:
        """A stored file, to be read; ``ref`` is what ``upload`` returned."""
        return self._blobs.open(ref)

    def verify(self) -> Iterator[Damage]:
        """Hashes every file that a task refers to, and answers those that are damaged."""
        return self._project.damage()

    def lost(self, *, reading: bool = False) -> Iterator[LostFile]:
        """The stored files that are not there; with ``reading`` each is hashed again too."""
        return self._project.lost(reading=reading)

    def collect_garbage(self, grace: float = DAY) -> Collected:
        """Removes files that no task refers to and that are older than ``grace`` seconds."""
        return self._project.collect_garbage(grace)

    def collect(self, in_use: Collection[str], grace: float) -> Collected:
        """As `collect_garbage`, but for what else is in use."""
        return self._project.collect_garbage(grace, in_use)

    def close(self) -> None:
        """Closes the database; the next call opens it again."""
        self._blobs.close()
        self._project.close()


def _as_release(one: StoredRelease) -> Release:
    return Release(one.release_id, one.name, one.created_at, True, one.tasks)


def _content_of(ref: str) -> str:
    return content_of(ref) if is_ref(ref) else REMOTE + ref


def _in_its_stage(present: TaskContent, draft: Draft) -> Draft:
    """The draft, as ground truth where people have finished the datapoint."""
    if not present.task.ground_truth or is_taken_back(present, draft):
        return draft
    return draft._replace(settings=draft.settings._replace(ground_truth=True))


def _stamped(present: TaskContent, draft: Draft, changed: Sequence[Facet]) -> Draft:
    """The draft, with the stamp that is there for the facets of which it says nothing."""
    stamp = present.task.stamp
    if stamp is None or draft.fingerprint == NO_STAMP:
        return draft
    written = stamp.merged(draft.fingerprint, told_by(draft, changed))
    return draft._replace(fingerprint=written)


def _noted(draft: Draft, changed: Sequence[Facet], before: Left) -> Draft:
    """The draft, with a note of the settings that were sent, which tells what others add to them.

    Labels need none: what stands in the embedded project is as it was sent.
    """
    settings: list[Facet] = [one for one in changed if one == "settings"]
    left = left_of(draft, settings, before)
    if left != NOTHING_LEFT:
        left = left._replace(members=UNNOTED)
    return draft._replace(mark=draft.mark._replace(left=left))


def _beside_others(present: TaskContent, draft: Draft, changed: Sequence[Facet]) -> Draft:
    """The draft, with the metadata that others have added."""
    if "settings" not in changed:
        return draft
    own, task, left = draft.settings, present.task, present.left
    merged = with_added(own.metadata, task.metadata, left)
    series = series_with_added(own.series, task.series, left)
    return draft._replace(settings=own._replace(metadata=merged, series=series))

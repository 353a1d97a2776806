"""Change and delete what is there, and leave a stamp only when all of it was done."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from rbsync.backends.base import (
    Before,
    Draft,
    LabelText,
    MisnamedError,
    NamedTask,
    StoppedError,
    TaskContent,
    unasked,
)
from rbsync.backends.left import (
    has_settings,
    is_taken_back,
    left_of,
    series_with_added,
    told_by,
    with_added,
)
from rbsync.backends.redbrick.api.client import Client
from rbsync.backends.redbrick.api.constants import ARCHIVED, END, MOST_IDS
from rbsync.backends.redbrick.api.operations.changes import (
    LabelData,
    delete_tasks,
    move_tasks,
    move_to_start,
    put_labels,
    set_priorities,
    update_items,
)
from rbsync.backends.redbrick.api.operations.project import Stages
from rbsync.backends.redbrick.api.operations.tasks import FoundTask, one_task
from rbsync.backends.redbrick.creating import Creator
from rbsync.backends.redbrick.finding import Finder
from rbsync.backends.redbrick.http.network_errors import DeniedError, problem
from rbsync.backends.redbrick.stamp import Metadata, metadata_text, read_metadata
from rbsync.backends.redbrick.uploading import Uploader
from rbsync.backends.series_items import indices_of, series_of, told_of_series
from rbsync.model.fingerprint import Facet
from rbsync.model.record import UNKNOWN
from rbsync.model.storages import id_of

_GONE_HINT = "it was deleted behind our back: run `rbsync refresh`, then plan again"


class Changer:
    """Updates and deletes tasks. Raises BackendError; all of it may be asked for again."""

    def __init__(
        self, client: Client, uploader: Uploader, finder: Finder, creator: Creator
    ) -> None:
        self._client = client
        self._uploader = uploader
        self._finder = finder
        self._creator = creator

    def update(
        self,
        task_id: str,
        draft: Draft,
        changed: Sequence[Facet],
        stages: Stages,
        before: Before,
    ) -> None:
        """Changes the facets of a task one by one, and its stamp last.

        So a task whose update was cut off has the stamp that it had before, and the update is
        planned again. Items are stamped by the request that changes them: of uploaded files
        nothing but the stamp tells whose they are. Files are sent first, so that a request comes
        right after its look.
        """
        look = _Looks(self._client, self._finder, task_id, draft, stages, before)
        storage = id_of(draft.settings.storage)
        if "items" in changed:
            task = look("items")
            self._put_items(task, draft, storage, is_all=set(changed) == {"items"})
            if set(changed) == {"items"}:
                return
        if "labels" in changed:
            labels = self._uploader.labels(draft.labels) if draft.labels else LabelData("[]")
            look("labels")
            put_labels(self._client, task_id, labels)
        if "settings" in changed:
            self._settle(look, draft)
        task = look("settings") if "settings" in changed else look.unasked()
        # The request for the stamp has to name a storage, and it is the one thing there that it
        # must not change.
        kept = task.storage_id if set(changed) == {"labels"} else storage
        metadata = self._metadata(task, draft, changed)
        told = told_of_series((), max(1, len(task.series)))
        if "settings" in changed:
            left = read_metadata(task.metadata).left
            said = series_with_added(draft.settings.series, task.said, left)
            told = told_of_series(said, len(told), task.said)
        update_items(self._client, task_id, kept or storage, metadata=metadata, told=told)

    def _put_items(self, task: FoundTask, draft: Draft, storage: str, *, is_all: bool) -> None:
        items: tuple[Facet, ...] = ("items",)
        metadata = self._made_anew(task, draft, items)
        if not is_all:
            # What is declined is so once the rest is done too. A stamp that said it before would
            # let what was cut off here pass for done.
            old = read_metadata(task.metadata)
            stamp = (old.stamp or UNKNOWN).merged(draft.fingerprint, items)
            mark = metadata.mark._replace(declined=old.mark.declined)
            metadata = metadata._replace(stamp=metadata.stamp and stamp, mark=mark)
        update_items(
            self._client,
            task.task_id,
            storage,
            items=[ref for _, ref in draft.items],
            series=_series(task, draft),
            # Those that are there: new ones follow with the other settings.
            said=task.said,
            metadata=metadata_text(metadata) or "{}",
        )

    def _settle(self, look: _Looks, draft: Draft) -> None:
        """Priority and ground truth; people move tasks on, so only a change moves one here."""
        _, ground_truth, priority, _, _ = draft.settings
        task = look("settings")
        if (priority or 0.0) != (task.priority or 0.0):
            set_priorities(self._client, {task.task_id: priority})
            look.expect(priority=priority)
            task = look("settings")
        content = self._finder.content(look.as_found(task), look.stages, labelled=False)
        if ground_truth and not content.task.ground_truth:
            move_tasks(self._client, [task.task_id], END)
        elif is_taken_back(content, draft):
            move_to_start(self._client, task.task_id)

    def _metadata(self, task: FoundTask, draft: Draft, changed: Sequence[Facet]) -> str:
        """The metadata that was there a moment ago, with what is ours of it made anew, as text.

        So an update of labels takes back nothing that a colleague wrote meanwhile.
        """
        return metadata_text(self._made_anew(task, draft, changed)) or "{}"

    def _made_anew(self, task: FoundTask, draft: Draft, changed: Sequence[Facet]) -> Metadata:
        old, new = read_metadata(task.metadata), self._creator.metadata_of(draft)
        items = (new.names, new.refs) if "items" in changed else (old.names, old.refs)
        user = old.user
        if "settings" in changed:
            user = with_added(new.user, old.user, old.left)
        if new.stamp is None:
            return Metadata(user, None, *items)
        stamp = old.stamp.merged(new.stamp, told_by(draft, changed)) if old.stamp else new.stamp
        return Metadata(user, stamp, *items, new.mark, left_of(draft, changed, old.left))

    def delete(self, tasks: Sequence[NamedTask], stages: Stages, before: Before) -> dict[str, str]:
        """Deletes tasks in batches; one that is not there counts as deleted.

        Where it is asked before, a batch is as many as can be looked at at the same time: none
        waits for the looks at others between its own and its end.
        Returns the names of those that it left alone, because they are not those given, by id.
        """
        others: dict[str, str] = {}
        wanted = list(dict.fromkeys(tasks))
        size = MOST_IDS if before is unasked else self._finder.width
        for at in range(0, len(wanted), size):
            some = wanted[at : at + size]
            present = self._finder.by_ids([one.task_id for one in some])
            names = {task_id: one.name for task_id, one in present.items()}
            doomed = [present[one.task_id] for one in some if names.get(one.task_id) == one.name]
            others |= {one.task_id: names[one.task_id] for one in some if _is_other(one, names)}
            if before is not unasked:
                doomed = self._finder.chosen(
                    doomed, lambda one: before(self._finder.content(one, stages), None)
                )
            if doomed:
                self._delete_all(self._finder.with_siblings(doomed))
        return others

    def put_away(self, task_ids: Sequence[str]) -> None:
        """Moves tasks to where nobody can save anything in them, batch by batch."""
        for at in range(0, len(task_ids), MOST_IDS):
            move_tasks(self._client, task_ids[at : at + MOST_IDS], ARCHIVED)

    def take_out(self, task_ids: Sequence[str], finished: Collection[str]) -> None:
        """Moves archived tasks to the first stage, and those that are finished to the last."""
        for task_id, task in self._finder.by_ids(task_ids).items():
            if task.stage != ARCHIVED:
                continue
            if task_id in finished:
                move_tasks(self._client, [task_id], END)
            else:
                move_to_start(self._client, task_id)

    def put_labels(self, task_id: str, labels: LabelText) -> None:
        """Gives a task other labels and nothing else."""
        put_labels(self._client, task_id, self._uploader.labels(labels))

    def put_settings(
        self, task_id: str, priority: float | None, metadata: Mapping[str, str]
    ) -> None:
        """Gives a task another priority, and metadata beside what it has; no other stamp."""
        task = one_task(self._client, task_id)
        if task is None:
            message = f"there is no task {task_id}"
            raise problem(message, kind="conflict", hint=_GONE_HINT)
        if (priority or 0.0) != (task.priority or 0.0):
            set_priorities(self._client, {task_id: priority})
        old = read_metadata(task.metadata)
        text = metadata_text(old._replace(user={**old.user, **metadata})) or "{}"
        told = told_of_series((), max(1, len(task.series)))
        update_items(self._client, task_id, task.storage_id, metadata=text, told=told)

    def _delete_all(self, ids: Sequence[str]) -> None:
        for at in range(0, len(ids), MOST_IDS):
            self._delete(ids[at : at + MOST_IDS])

    def _delete(self, ids: Sequence[str]) -> None:
        """Deletes a batch; when it is refused, what is still there decides."""
        try:
            delete_tasks(self._client, ids)
        except DeniedError:
            # A batch may be refused because one of its tasks is gone already, as after a delete
            # whose answer was lost.
            left = [one for one in ids if one_task(self._client, one) is not None]
            if len(left) == len(ids):
                raise
            if left:
                delete_tasks(self._client, left)


class _Looks:
    """Looks at a task, right before each request that changes it, and asks whether it may."""

    def __init__(
        self,
        client: Client,
        finder: Finder,
        task_id: str,
        draft: Draft,
        stages: Stages,
        before: Before,
    ) -> None:
        self._client, self._finder, self._before = client, finder, before
        self._task_id, self._draft = task_id, draft
        self._replaced: dict[str, Any] = {}
        self._seen: FoundTask | None = None
        self.stages = stages

    def __call__(self, facet: Facet) -> FoundTask:
        """The task as it is now. Raises StoppedError when this facet is not to be changed."""
        task = self.unasked()
        is_asked = self._before is not unasked
        if is_asked and not self._before(self._shown(task, facet), facet):
            raise StoppedError(self._draft.name)
        self._seen = self._seen or task
        return task

    def _shown(self, task: FoundTask, facet: Facet) -> TaskContent:
        """The task as others have it: with our half of the settings only where theirs is done."""
        content = partial(self._finder.content, stages=self.stages, labelled=facet == "labels")
        found = self.as_found(task)
        if found is not task:
            present = content(task)
            # Somebody made them meanwhile all that they shall be, which is no conflict.
            if has_settings(present, self._draft.fingerprint.settings):
                return present
        return content(found)

    def unasked(self) -> FoundTask:
        """The task as it is now. Raises BackendError when it is not there."""
        task = one_task(self._client, self._task_id)
        if task is None:
            message = f"{self._draft.name}: there is no task {self._task_id}"
            raise problem(message, kind="conflict", hint=_GONE_HINT)
        if task.name != self._draft.name:
            raise MisnamedError(self._task_id, task.name, self._draft.name)
        return task

    def expect(self, **members: Any) -> None:
        """Members of the task were given other values by us."""
        self._replaced |= members

    def as_found(self, task: FoundTask) -> FoundTask:
        """The task without what this update has changed of it already.

        Settings take several requests: between them they are neither as they were nor as they
        shall be, and that is no change by others.
        """
        if self._seen is None or not self._replaced:
            return task
        ours = {
            key: getattr(self._seen, key)
            for key, value in self._replaced.items()
            if getattr(task, key) == value
        }
        return replace(task, **ours)


def _is_other(task: NamedTask, present: Mapping[str, str]) -> bool:
    return present.get(task.task_id, task.name) != task.name


def _series(task: FoundTask, draft: Draft) -> list[list[int]]:
    """The series of the new items: those of the old ones may point beyond them."""
    wanted = series_of(draft)
    # With ten slices instead of forty the old series would point at slices that are not there.
    return indices_of([len(draft.items)]) if task.series and not wanted else wanted

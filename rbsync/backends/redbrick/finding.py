"""Look datapoints up: a few by searching for each, many by one pass over all."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from itertools import chain

from rbsync.backends.base import GapsError, MadeOf, Progress, StoredMap, Task, TaskContent
from rbsync.backends.redbrick.api.client import Client
from rbsync.backends.redbrick.api.constants import ARCHIVED
from rbsync.backends.redbrick.api.operations.files import presign_downloads
from rbsync.backends.redbrick.api.operations.project import Stages
from rbsync.backends.redbrick.api.operations.tasks import (
    FoundTask,
    Match,
    count_tasks,
    is_quotable,
    one_task,
)
from rbsync.backends.redbrick.api.paging import archived_tasks, every_task, matches, released_tasks
from rbsync.backends.redbrick.http.network_errors import problem, status_failure
from rbsync.backends.redbrick.http.transport import Reply
from rbsync.backends.redbrick.stamp import item_names, of_refs, of_whole_refs, read_metadata
from rbsync.backends.rules import name_flaw
from rbsync.backends.series_items import sizes_of
from rbsync.errors import BackendError
from rbsync.model.datapoint import REMOTE
from rbsync.model.storages import is_at_service, words_of

# A search for each of a few names is cheaper than listing a project of 100,000 tasks; for many
# names it is the other way round.
FEW = 50
_BEGUN = ("IN_PROGRESS", "STAGED", "PROBLEM")
_DRAFTED = ("STAGED",)
"""Words of the service for what somebody does with a task."""

_GZIP = b"\x1f\x8b"
_SECONDS = 120.0
_MOST_BYTES = 1 << 30


class Finder:
    """Reads tasks. Raises BackendError rather than answer in part."""

    def __init__(
        self, client: Client, executor: Executor, page: int, width: int, *, stamps: bool
    ) -> None:
        """``page`` is how many tasks are asked for at a time when all are.

        ``width`` is how many the executor looks at at the same time, and ``stamps`` whether what is
        ours has a stamp.
        """
        self._stamps = stamps
        self.width = width
        self._client = client
        self._executor = executor
        self._archiving = threading.Lock()
        self._archived: bool | None = None
        self._page = page

    def by_name(
        self, names: Sequence[str], *, light: bool = False
    ) -> dict[str, FoundTask | BackendError]:
        """The tasks of exactly these names; an error for one that was asked for in vain.

        Without labels where it is ``light``. Raises BackendError when nothing is known of any.
        """
        possible = [name for name in dict.fromkeys(names) if not name_flaw(name)]
        if len(possible) > FEW or not all(map(is_quotable, possible)):
            return self._listed(possible, light=light)
        ask = partial(self._try, light=light)
        found = zip(possible, self._executor.map(ask, possible), strict=True)
        return {name: one for name, one in found if one is not None}

    def _listed(self, names: Sequence[str], *, light: bool) -> dict[str, FoundTask | BackendError]:
        wanted, found = frozenset(names), dict[str, FoundTask | BackendError]()
        try:
            found.update((one.name, one) for one in self.every(light=light) if one.name in wanted)
        except GapsError as error:
            # What did not come may be what could not be read.
            return dict.fromkeys(names, error) | found
        if len(found) < len(wanted) and self._has_archived:
            listed = archived_tasks(self._client, self._page)
            for one in listed:
                if one.name in wanted:
                    found.setdefault(one.name, one)
        return found

    def _try(self, name: str, *, light: bool) -> FoundTask | BackendError | None:
        try:
            return self._search(name, light=light)
        except BackendError as error:
            return error

    def _search(self, name: str, *, light: bool) -> FoundTask | None:
        for match in self._matches(name):
            task = one_task(self._client, match.task_id, light=light)
            # The search runs on an index that lags behind. The task itself tells whether it still
            # has the name.
            if task is not None and task.name == name:
                return task
        return None

    def _matches(self, name: str) -> list[Match]:
        """The tasks of a name; archived ones where there are no others."""
        found = matches(self._client, name)
        if not found and self._has_archived:
            return matches(self._client, name, ARCHIVED)
        return found

    @property
    def _has_archived(self) -> bool:
        """Tells whether there are archived tasks, as they were when that was asked first."""
        # Asked once: two thousand names that are not there are no two thousand questions more. With
        # a lock, which `cached_property` has lacked since Python 3.12: each thread would ask.
        with self._archiving:
            if self._archived is None:
                self._archived = self._asked_for_archived()
            return self._archived

    def _asked_for_archived(self) -> bool:
        # The stage is the service's own, and a project may be without it.
        with suppress(BackendError):
            return count_tasks(self._client, ARCHIVED) > 0
        return False

    def task_id(self, name: str) -> str:
        """The id of the task of exactly this name; empty when there is none now."""
        if is_quotable(name):
            found = [one.task_id for one in self._matches(name)]
        else:
            found = [one.task_id for one in self.every(light=True) if one.name == name]
        return found[0] if found else ""

    def with_siblings(self, tasks: Sequence[FoundTask]) -> list[str]:
        """The ids of tasks, and of all others of their datapoints."""
        return list(chain.from_iterable(self._executor.map(self._of_one_datapoint, tasks)))

    def _of_one_datapoint(self, task: FoundTask) -> list[str]:
        if not (task.datapoint_id and is_quotable(task.name)):
            return [task.task_id]
        others = matches(self._client, task.name)
        same = [one.task_id for one in others if one.datapoint_id == task.datapoint_id]
        return list(dict.fromkeys([task.task_id, *same]))

    def by_ids(self, task_ids: Sequence[str]) -> dict[str, FoundTask]:
        """Those of the tasks that are there now, by their ids; several are asked for at a time."""
        found = self._executor.map(partial(one_task, self._client), dict.fromkeys(task_ids))
        return {one.task_id: one for one in found if one is not None}

    def chosen(
        self, tasks: Sequence[FoundTask], choose: Callable[[FoundTask], bool]
    ) -> list[FoundTask]:
        """The tasks that are chosen; several are asked about at the same time."""
        wanted = self._executor.map(choose, tasks)
        return [one for one, is_wanted in zip(tasks, wanted, strict=True) if is_wanted]

    def count(self) -> int:
        """Returns how many tasks the project has."""
        return count_tasks(self._client)

    def made(self, task_id: str, *, light: bool) -> FoundTask | None:
        """The task of an id; without its labels where it is ``light``."""
        return one_task(self._client, task_id, light=light)

    def is_listing_less(self, number: int) -> bool:
        """Tells whether a listing takes fewer requests than so many single questions.

        It costs a request to know that, which few questions are not worth.
        """
        return number > FEW and number > count_tasks(self._client) // self._page + 1

    def every(self, *, light: bool = False) -> Iterator[FoundTask]:
        """All tasks, in the order of the service; they are all only when this ends.

        Without labels where it is ``light``. GapsError comes behind all that can be read.
        """
        return every_task(self._client, self._page, light=light)

    def released(self, release_id: str) -> Iterator[FoundTask]:
        """All tasks of a release."""
        return released_tasks(self._client, release_id, self._page)

    def task(self, found: FoundTask, stages: Stages, *, counted: bool) -> Task:
        """A task as the port has it; ``stages`` are those of the project.

        Labels in a file are fetched when they are to be ``counted``, else there are 0 of them.
        """
        if found.labels_path and not counted:
            return self._task(found, stages, 0)
        return self._task(found, stages, self._labels(found)[1])

    def _task(self, found: FoundTask, stages: Stages, count: int) -> Task:
        metadata = read_metadata(found.metadata)
        return Task(
            name=found.name,
            task_id=found.task_id,
            stamp=metadata.stamp,
            items=item_names(found.items, found.storage_id, metadata.names),
            labels=count,
            ground_truth=found.stage in stages.ends,
            priority=found.priority,
            metadata=metadata.user,
            made_of=None if metadata.stamp else _made_of(found),
            mark=metadata.mark,
            siblings=found.siblings,
            archived=found.stage == ARCHIVED,
            series=found.said,
        )

    def by_id(self, task_id: str, stages: Stages) -> TaskContent | None:
        """The task of an id with what is in it, None when there is none."""
        found = one_task(self._client, task_id)
        return self.content(found, stages) if found else None

    def content(self, found: FoundTask, stages: Stages, *, labelled: bool = True) -> TaskContent:
        """A task with what is in it; of uploaded files only a change of the items is known.

        Its labels are not looked at unless it shall be ``labelled``.
        """
        labels, count = self._labels(found) if labelled else ("", 0)
        metadata = read_metadata(found.metadata)
        refs = metadata.refs
        # Uploaded files are stored under paths of the service's making. That these paths are still
        # the stamped ones is all that can be known of their content.
        same = ("", of_refs(found.items), of_whole_refs(found.items))
        known = is_at_service(found.storage_id) and refs in same
        # Where the stamp is gone nothing tells what was uploaded; it may have been replaced.
        known = known and not (self._stamps and metadata.stamp is None)
        contents = None if known else tuple(REMOTE + ref for ref in found.items)
        maps = tuple(
            StoredMap(one.series, partial(self._file, found, one.path)) for one in found.maps
        )
        made = _made_of(found)
        task = self._task(found, stages, count)
        return TaskContent(
            task,
            labels,
            contents,
            made.storages,
            maps,
            made.series,
            found.items,
            progress_of(found, stages),
            metadata.left,
        )

    def _labels(self, found: FoundTask) -> tuple[str, int]:
        """The labels of a task as JSON text, and how many there are."""
        data = (
            _unpacked(self._file(found, found.labels_path)) if found.labels_path else found.labels
        )
        if not data:
            return "[]", 0
        try:
            text = data if isinstance(data, str) else data.decode()
            labels = json.loads(text)
        except (ValueError, RecursionError):
            labels = None
        if not isinstance(labels, list):
            raise problem(f'the labels of "{found.name}" cannot be read', sent=True)
        return text, len(labels)

    def _file(self, found: FoundTask, path: str) -> bytes:
        """A file of the labels of a task."""
        return self._client.reading(lambda: self._fetched(found, path))

    def _fetched(self, found: FoundTask, path: str) -> bytes:
        (url,) = presign_downloads(self._client, found.labels_storage, [path])
        if not url:
            raise problem(f'the labels of "{found.name}" cannot be fetched', sent=True)
        headers = {"Accept-Encoding": "gzip"}
        # The API key is no header of this request: the file is at a storage, which it does not
        # concern.
        reply = self._client.transport.send("GET", url, headers, seconds=_SECONDS, most=_MOST_BYTES)
        if reply.status != 200:
            raise _unfetched(found, reply)
        # Labels are JSON or NIfTI, and begin with neither of this; login pages of hospital proxies
        # do.
        if reply.body.lstrip().startswith(b"<"):
            raise problem(f'the labels of "{found.name}": what came back is a web page', sent=True)
        return reply.body


def progress_of(found: FoundTask, stages: Stages) -> Progress:
    """The point that people have reached with a task."""
    work = found.work
    # A task of no stage is nowhere that people would have moved it on to.
    quiet = found.stage in ("", *stages.starts, *stages.ends, ARCHIVED) or not stages.starts
    return Progress(
        is_begun=work.state in _BEGUN or (bool(work.who) and work.is_saved),
        has_draft=work.state in _DRAFTED or work.is_saved,
        is_moved_on=not quiet,
        who=work.who,
    )


def _made_of(found: FoundTask) -> MadeOf:
    # A series without indices says nothing of any; half a list of series would tell a datapoint
    # apart from itself.
    series = sizes_of(found.series) if all(found.series) else ()
    return MadeOf(found.items, series, words_of(found.storage_id))


def _unfetched(found: FoundTask, reply: Reply) -> BackendError:
    """A storage that refuses a URL has nothing against the key, which it never saw."""
    failure = status_failure(reply.status, "storage", reply.headers)
    return problem(
        f'the labels of "{found.name}": {failure}',
        kind="throttled" if failure.kind == "throttled" else "transient",
        sent=True,
        status=reply.status,
        retry_after=failure.retry_after,
    )


def _unpacked(data: bytes) -> bytes:
    return gzip.decompress(data) if data.startswith(_GZIP) else data

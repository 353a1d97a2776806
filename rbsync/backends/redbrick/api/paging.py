"""Read listings to their true end, and notice those that have none or lack a part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from rbsync.backends.redbrick.api.client import Client
from rbsync.backends.redbrick.api.operations.releases import release_page
from rbsync.backends.redbrick.api.operations.tasks import (
    FoundTask,
    Match,
    count_tasks,
    search_page,
    task_page,
)
from rbsync.backends.redbrick.http.network_errors import problem

# Pages in a row without anything new, after which a listing is held to have no end.
_MOST_BARREN = 100

_HINT = "nothing was changed; try again later"

Found = TypeVar("Found", FoundTask, Match)


def every_task(client: Client, page: int) -> Iterator[FoundTask]:
    """All tasks, each once. Raises BackendError rather than leave one out."""
    # Counted before and after: tasks that are deleted meanwhile make the listing shorter, and that
    # is no fault of it. A `refresh` that believed a listing cut short would drop the records of
    # what is missing.
    before = count_tasks(client)
    found = 0
    for task in _entries(lambda cursor: task_page(client, page, cursor)):
        found += 1
        yield task
    if found < before and found < count_tasks(client):
        raise problem(f"the listing has {found} of {before} tasks", hint=_HINT)


def released_tasks(client: Client, release_id: str, page: int) -> Iterator[FoundTask]:
    """All tasks of a release, each once."""
    return _entries(lambda cursor: release_page(client, release_id, page, cursor))


def matches(client: Client, name: str) -> list[Match]:
    """The tasks of exactly this name, whatever else the search brings up."""
    # The search finds what contains the name too, so that an exact match may come pages later.
    entries = _entries(lambda cursor: search_page(client, name, cursor))
    return [one for one in entries if one.name == name]


def _entries(
    fetch: Callable[[str | None], tuple[Sequence[Found], str | None]],
) -> Iterator[Found]:
    """The entries of all pages, each task once; empty pages before the end are passed over."""
    seen: set[str] = set()
    cursors: set[str] = set()
    cursor: str | None = None
    barren = 0
    while True:
        entries, cursor = fetch(cursor)
        new = [one for one in entries if one.task_id not in seen]
        for one in new:
            if one.task_id not in seen:
                seen.add(one.task_id)
                yield one
        if cursor is None:
            return
        barren = 0 if new else barren + 1
        # A cursor that repeats, or new cursors for ever without a new task: either would keep the
        # command from ending.
        if cursor in cursors or barren > _MOST_BARREN:
            raise problem("the listing goes round in circles", sent=True, hint=_HINT)
        cursors.add(cursor)

"""Read listings to their true end, and notice those that have none or lack a part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from rbsync.backends.base import Gap, GapsError
from rbsync.backends.redbrick.api.client import Client
from rbsync.backends.redbrick.api.constants import ARCHIVED
from rbsync.backends.redbrick.api.operations.releases import release_page
from rbsync.backends.redbrick.api.operations.tasks import (
    FoundTask,
    Match,
    TaskPage,
    count_tasks,
    search_page,
    task_page,
)
from rbsync.backends.redbrick.http.network_errors import TooLargeError, problem
from rbsync.errors import BackendError

# Pages in a row without anything new, after which a listing is held to have no end.
_MOST_BARREN = 100

_HINT = "nothing was changed; try again later"

_TOO_MUCH = (413, 502, 504)

Found = TypeVar("Found", FoundTask, Match)
Found_co = TypeVar("Found_co", FoundTask, Match, covariant=True)


class Listing:
    """One listing under way: ``page`` tasks at a time, fewer once that is too much for somebody."""

    def __init__(self, client: Client, page: int, *, light: bool) -> None:
        self._client = client
        self._size = page
        self._light = light
        self.gaps: list[Gap] = []
        self.found = 0

    def pages(self, stage: str | None = None) -> Iterator[list[FoundTask]]:
        """The tasks of each page, each once."""
        for page in _pages(lambda cursor: self._fetch(cursor, stage)):
            self.found += len(page)
            yield page

    def _fetch(self, cursor: str | None, stage: str | None) -> TaskPage:
        while True:
            try:
                page = task_page(self._client, self._size, cursor, stage, light=self._light)
            except BackendError as error:
                if not _is_too_much(error) or (self._light and self._size == 1):
                    raise
                if self._size == 1:
                    return self._without_labels(cursor, stage, str(error))
                self._size //= 2
                continue
            self.gaps += page.gaps
            return page

    def _without_labels(self, cursor: str | None, stage: str | None, why: str) -> TaskPage:
        """The one task whose labels are too large is told, and the listing goes on behind it."""
        page = task_page(self._client, 1, cursor, stage, light=True)
        self.gaps += page.gaps
        self.gaps += [Gap(one.task_id, f'"{one.name}": {why}') for one in page.tasks]
        return page._replace(tasks=[])


def _is_too_much(error: BackendError) -> bool:
    """Tells whether less may come where this did not: gateways have limits of size and time."""
    return isinstance(error, TooLargeError) or error.status in _TOO_MUCH


def every_task(client: Client, page: int, *, light: bool = False) -> Iterator[FoundTask]:
    """All tasks, each once, of each datapoint one with its siblings.

    Without labels where it is ``light``. Raises BackendError, and GapsError once all was given
    that can be read.
    """
    # Counted before and after: tasks that are deleted meanwhile make the listing shorter, and that
    # is no fault of it. A `refresh` that believed a listing cut short would drop the records of
    # what is missing.
    before = count_tasks(client)
    listing = Listing(client, page, light=light)
    yield from one_each(listing.pages())
    found = listing.found + len(listing.gaps)
    if found < before and found < count_tasks(client):
        listing.gaps.append(Gap("", f"the listing has {found} of {before} tasks"))
    if listing.gaps:
        raise GapsError(listing.gaps)


def archived_tasks(client: Client, page: int) -> Iterator[FoundTask]:
    """The archived tasks, without labels, of a service that hides them from listings."""
    for some in Listing(client, page, light=True).pages(ARCHIVED):
        yield from some


def one_each(pages: Iterator[list[FoundTask]]) -> Iterator[FoundTask]:
    """Of the tasks of each datapoint the first one, which names the others as its siblings.

    They come one after the other: a page is held back until the next one is there.
    """
    seen: set[tuple[str, str]] = set()
    held: dict[tuple[str, str], FoundTask] = {}
    for page in pages:
        ready, held = held, {}
        for one in page:
            # By the name too: an id that is the same for all is that of none.
            key = (one.datapoint_id or one.task_id, one.name)
            if key in ready or key in held:
                of = ready if key in ready else held
                of[key] = replace(of[key], siblings=(*of[key].siblings, one.task_id))
            elif key not in seen:
                held[key] = one
        yield from ready.values()
        seen.update(ready)
    yield from held.values()


def released_tasks(client: Client, release_id: str, page: int) -> Iterator[FoundTask]:
    """All tasks of a release, each once."""
    return _entries(lambda cursor: release_page(client, release_id, page, cursor))


def matches(client: Client, name: str, stage: str | None = None) -> list[Match]:
    """The tasks of exactly this name, whatever else the search brings up; those of a stage."""
    # The search finds what contains the name too, so that an exact match may come pages later.
    entries = _entries(lambda cursor: search_page(client, name, cursor, stage))
    return [one for one in entries if one.name == name]


def _entries(
    fetch: Callable[[str | None], _Paged[Found]],
) -> Iterator[Found]:
    """The entries of all pages, each task once."""
    for page in _pages(fetch):
        yield from page


class _Paged(Protocol[Found_co]):
    @property
    def tasks(self) -> Sequence[Found_co]: ...
    @property
    def cursor(self) -> str | None: ...


def _pages(fetch: Callable[[str | None], _Paged[Found]]) -> Iterator[list[Found]]:
    """The new entries of all pages; empty pages before the end are passed over."""
    seen: set[str] = set()
    cursors: set[str] = set()
    cursor: str | None = None
    barren = 0
    while True:
        page = fetch(cursor)
        new = list({one.task_id: one for one in page.tasks if one.task_id not in seen}.values())
        seen.update(one.task_id for one in new)
        cursor = page.cursor
        yield new
        if cursor is None:
            return
        barren = 0 if new else barren + 1
        # A cursor that repeats, or new cursors for ever without a new task: either would keep the
        # command from ending.
        if cursor in cursors or barren > _MOST_BARREN:
            raise problem("the listing goes round in circles", sent=True, hint=_HINT)
        cursors.add(cursor)

"""Sending files: the same content once in a run, and once for good where the backend keeps it."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from rbsync.applier.action_failures import FailedError, changed, failure_of, unreadable
from rbsync.applier.content import Content
from rbsync.applier.retrying import GivenUpError, Retrier, StoppedError
from rbsync.backends.base import Backend, Body
from rbsync.digests.many_texts import find_twice
from rbsync.model.datapoint import REMOTE, Item
from rbsync.model.plan import Create, Delete, Effect
from rbsync.reasons import MISSING
from rbsync.stores.base import Upload, Writer

Key = tuple[str, str]
"""A content and the storage that it is sent to."""


class Kept(NamedTuple):
    """The place of an item at the backend; ``recalled`` when it is known from an earlier run."""

    ref: str
    recalled: Key | None = None


class Uploads:
    """Sends items that the backend lacks, and knows their places there.

    For any number of threads.
    """

    def __init__(
        self,
        backend: Backend,
        content: Content,
        retrier: Retrier,
        *,
        known: Mapping[Key, str],
        repeated: frozenset[Key],
        sent: Callable[[int], None],
        keep: Callable[[Upload], None],
        lose: Callable[[str], None],
    ) -> None:
        """``known`` are uploads of earlier runs, ``repeated`` what the run needs more than once.

        ``sent`` counts bytes, ``keep`` gets each new upload; both are called by any thread.
        ``lose`` gets the content of each upload of an earlier run that is not to be used again.
        """
        self._backend, self._content, self._retrier = backend, content, retrier
        self._earlier = dict(known)
        self._known: dict[Key, str] = {}
        self._repeated = repeated
        self._sent, self._keep, self._lose = sent, keep, lose
        self._running: set[Key] = set()
        self._changed = threading.Condition()

    def wait(self) -> None:
        """Waits while the service wants no requests, unless the run is being stopped."""
        self._retrier.wait()

    def kept(self, item: Item, storage: str) -> Kept:
        """Returns where the backend keeps an item. Raises FailedError."""
        if not item.is_local:
            # An item that is put back goes by the name that it had, not by where it is kept.
            return Kept(item.content.removeprefix(REMOTE))
        key = item.content, storage
        earlier = self._earlier.get(key)
        # Believed without asking. Whether the file is still there shows when the create is refused;
        # a question for each of 40,000 files would cost as much as sending small ones.
        if earlier is not None:
            return Kept(earlier, key)
        # Most contents occur once. Remembering each would let memory grow with the size of the
        # project.
        if key not in self._repeated:
            return Kept(self._send(item, storage))
        with self._alone(key):
            if key not in self._known:
                self._known[key] = self._send(item, storage)
            return Kept(self._known[key])

    def forget(self, recalled: Iterable[Key]) -> None:
        """Has contents sent anew that the backend may have lost since they were sent."""
        for key in recalled:
            if self._earlier.pop(key, None) is not None:
                self._lose(key[0])

    @contextmanager
    def _alone(self, key: Key) -> Iterator[None]:
        """Has others that want the same wait: if this fails, they try with files of their own."""
        with self._changed:
            self._changed.wait_for(lambda: key not in self._running)
            self._running.add(key)
        try:
            yield
        finally:
            with self._changed:
                self._running.remove(key)
                self._changed.notify_all()

    def _send(self, item: Item, storage: str) -> str:
        try:
            with self._content.open(item.ref) as body:
                ref = self._retrier.call(
                    lambda: self._try(body, storage), repeatable=True, lane="upload"
                )
                # The bytes were hashed while they were sent. A file that was written to meanwhile
                # has left a mixture at the service, which no datapoint may name.
                if not _is_whole(body, item):
                    raise FailedError(changed(item.ref, "upload"))
        except StoppedError:
            raise
        except GivenUpError as error:
            raise FailedError(failure_of(error, "upload")) from error
        except OSError as error:
            raise FailedError(unreadable(item.ref, error)) from error
        self._sent(item.size)
        self._keep(Upload(item.content, storage, ref))
        return ref

    def _try(self, body: Body, storage: str) -> str:
        # A failed attempt has read some of it, and its hash with it.
        body.rewind()
        return self._backend.upload(body, storage=storage)


def _is_whole(body: Body, item: Item) -> bool:
    """Tells whether what was sent is what was planned; a file may become shorter meanwhile."""
    try:
        return body.content() == item.content
    except ValueError:
        return False


def known_uploads(writer: Writer, effects: Iterable[Effect]) -> dict[Key, str]:
    """The uploads of earlier runs that actions can use, looked up beforehand.

    What a task had that is gone is not among them: its files may be gone with it.
    """
    every = list(effects)
    gone = frozenset(_contents(one for one in every if _is_missing(one)))
    wanted: dict[str, set[str]] = {}
    for content, storage in _contents(every):
        if (content, storage) not in gone:
            wanted.setdefault(storage, set()).add(content)
    return {
        (content, storage): ref
        for storage, contents in wanted.items()
        for content, ref in writer.uploads(contents, storage).items()
    }


def _is_missing(action: Effect) -> bool:
    return isinstance(action, Create) and action.reason == MISSING


def repeated_contents(effects: Sequence[Effect]) -> frozenset[Key]:
    """Returns what is wanted more than once: only that has to be remembered while a run lasts."""
    # As numbers first: a million keys take more than all else that a run holds.
    numbers = array("q", map(hash, _contents(effects)))
    found = set(find_twice(numbers))
    once: set[Key] = set()
    again: set[Key] = set()
    for key in _contents(effects) if found else ():
        if hash(key) in found:
            (again if key in once else once).add(key)
    return frozenset(again)


def _contents(effects: Iterable[Effect]) -> Iterator[Key]:
    for action in effects:
        if isinstance(action, Delete):
            continue
        storage = action.datapoint.settings.storage
        for item in action.datapoint.items:
            if item.is_local:
                yield item.content, storage

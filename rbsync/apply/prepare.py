"""Everything a datapoint needs before it can be created: its files sent, its labels read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from rbsync.apply.retry import GivenUpError, Retrier
from rbsync.backends.base import Backend, Body, Draft, LabelText
from rbsync.model.datapoint import Datapoint, Item, Labels
from rbsync.model.outcome import Failure
from rbsync.model.plan import Create, Replace, Update
from rbsync.stores.base import Upload

CHANGED = "the file is no longer the one that was planned"
CHANGED_HINT = "run plan again to take it as it is now"


class Content(Protocol):
    """Opens the local files that a plan speaks of."""

    def open(self, path: str) -> AbstractContextManager[Body]:
        """A file to be sent. Raises OSError."""

    def labels(self, labels: Labels) -> tuple[LabelText, str]:
        """Labels as text, and the content identity of the file that they came from.

        Raises OSError.
        """


class FailedError(Exception):
    """A step of an action failed for good."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Prepared(NamedTuple):
    """An action that is ready to be sent, and what was uploaded for it."""

    action: Create | Update | Replace
    draft: Draft
    uploads: tuple[Upload, ...]


class Preparer:
    """Sends files and reads labels; the same content is sent once in a run."""

    def __init__(
        self,
        backend: Backend,
        content: Content,
        retrier: Retrier,
        known: Callable[[str], Mapping[str, str]],
        sent: Callable[[int], None],
    ) -> None:
        """``known`` gives the uploads of earlier runs for a storage; ``sent`` counts bytes."""
        self._backend = backend
        self._content = content
        self._retrier = retrier
        self._known = known
        self._sent = sent
        self._refs: dict[tuple[str, str], Future[str]] = {}
        self._lock = threading.Lock()

    def prepare(self, action: Create | Update | Replace) -> Prepared:
        """Makes an action ready. Raises FailedError; then nothing was created."""
        datapoint = action.datapoint
        uploads: list[Upload] = []
        items: tuple[tuple[str, str], ...] = ()
        if not isinstance(action, Update) or "items" in action.changed:
            storage = datapoint.settings.storage
            items = tuple((item.ref, self._ref(item, storage, uploads)) for item in datapoint.items)
        draft = Draft(
            datapoint.name,
            items,
            self._labels(datapoint),
            datapoint.settings,
            datapoint.fingerprint,
        )
        return Prepared(action, draft, tuple(uploads))

    def _labels(self, datapoint: Datapoint) -> LabelText | None:
        if datapoint.labels is None:
            return None
        try:
            text, content = self._content.labels(datapoint.labels)
        except OSError as error:
            raise FailedError(_unreadable(error)) from error
        if any(item.content != content for item in datapoint.labels.inputs):
            raise FailedError(_changed(datapoint.labels.inputs[0].ref))
        return text

    def _ref(self, item: Item, storage: str, uploads: list[Upload]) -> str:
        """Where the backend keeps an item, after sending it if need be."""
        if not item.is_local:
            return item.ref
        known = self._known(storage).get(item.content)
        if known is not None:
            return known
        with self._lock:
            running = self._refs.get((item.content, storage))
            mine = running is None
            if running is None:
                running = self._refs[item.content, storage] = Future()
        if mine:
            self._send(item, storage, running)
            uploads.append(Upload(item.content, storage, running.result()))
        return running.result()

    def _send(self, item: Item, storage: str, answer: Future[str]) -> None:
        try:
            answer.set_result(self._upload(item, storage))
        except BaseException as error:
            with self._lock:
                del self._refs[item.content, storage]
            answer.set_exception(error)

    def _upload(self, item: Item, storage: str) -> str:
        try:
            with self._content.open(item.ref) as body:
                ref = self._retrier.call(lambda: self._try(body, storage), repeatable=True)
                if body.content() != item.content:
                    raise FailedError(_changed(item.ref))
        except GivenUpError as error:
            raise FailedError(failure_of(error, "upload")) from error
        except OSError as error:
            raise FailedError(_unreadable(error)) from error
        self._sent(item.size)
        return ref

    def _try(self, body: Body, storage: str) -> str:
        body.rewind()
        return self._backend.upload(body, storage=storage)


def failure_of(error: GivenUpError, phase: str) -> Failure:
    """The failure that the last attempt at a phase amounts to."""
    cause = error.error
    ambiguous = cause.sent and cause.kind in ("transient", "throttled") and phase != "upload"
    kind = "ambiguous" if ambiguous else cause.kind
    return Failure(
        kind,  # type: ignore[arg-type]  # BackendError takes only the failure kinds
        phase,
        str(cause),
        error.attempts,
        cause.status,
        cause.hint,
    )


def _changed(path: str) -> Failure:
    return Failure("changed", "upload", f"{path}: {CHANGED}", hint=CHANGED_HINT)


def _unreadable(error: OSError) -> Failure:
    if isinstance(error, FileNotFoundError):
        return Failure("changed", "read", f"{error.filename}: the file is gone", hint=CHANGED_HINT)
    message = f"{error.filename or 'the file'} cannot be read: {error.strerror or error}"
    return Failure("transient", "read", message, hint="see that the file can be read, then retry")

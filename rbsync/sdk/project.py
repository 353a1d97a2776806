"""Opening a project of the service."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from rbsync.applier.cancellation import Cancellation
from rbsync.applier.retrying import Retrier
from rbsync.sdk.upload import CLOSED, Upload

if TYPE_CHECKING:
    from rbsync.backends.base import Project as Facts
    from rbsync.backends.redbrick.backend import RedbrickBackend


class Project:
    """An open project; ``upload`` creates datapoints in it.

    May be used by several threads at once, and as a context manager that closes it.
    """

    def __init__(
        self, backend: RedbrickBackend, facts: Facts, retrier: Retrier, stop: Cancellation
    ) -> None:
        """``retrier`` is what the backend reads with; ``stop`` ends its pauses."""
        self.name = facts.name
        self.type = facts.type
        self.upload = Upload(backend, facts, retrier, stop)
        self._backend = backend
        self._stop = stop

    def close(self) -> None:
        """Closes the connections; nothing can be created any more.

        What another thread is creating now may still be created.
        """
        self._stop.request(CLOSED)
        self._backend.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Project {self.name!r} of type {self.type or 'any'}>"


def get_project(api_key: str, url: str, org_id: str, project_id: str) -> Project:
    """Opens a project of the service at ``url``; the order is that of the service's page.

    ``url`` is ``https://api.redbrickai.com`` for the service itself, and ``org_id`` and
    ``project_id`` are UUIDs. Raises UserError for a URL that cannot be used, and BackendError
    when there is no such project, it cannot be reached, or the key is not accepted (its ``kind``
    is ``auth`` then). The key is in no message.
    """
    from rbsync.backends.redbrick.api.credentials import ApiKey
    from rbsync.backends.redbrick.backend import RedbrickBackend

    key = ApiKey(api_key)
    stop = Cancellation()
    retrier = Retrier(stop.pause)
    backend = RedbrickBackend(url, str(org_id), str(project_id), key, reading=retrier.read)
    try:
        return Project(backend, backend.project(), retrier, stop)
    except BaseException:
        # Nobody has the project yet who could close it.
        backend.close()
        raise

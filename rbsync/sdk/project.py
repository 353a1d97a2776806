"""Opening a project of the service."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING
from uuid import UUID

from rbsync.applier.cancellation import Cancellation
from rbsync.applier.retrying import Retrier
from rbsync.backends.redbrick.api.constants import DEFAULT_URL
from rbsync.backends.redbrick.api.ids import UUID_HINT, is_uuid
from rbsync.errors import Problem, UserError
from rbsync.sdk.upload import CLOSED, Upload

if TYPE_CHECKING:
    from rbsync.backends.base import Project as Facts
    from rbsync.backends.redbrick.backend import RedbrickBackend

_GET_HINT = "get_project(api_key, url, org_id, project_id)"


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
        # First: a thread between two requests would open connections again after the closing.
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


def get_project(
    api_key: str = "", url: str = DEFAULT_URL, org_id: str | UUID = "", project_id: str | UUID = ""
) -> Project:
    """Opens a project of the service at ``url``, by default the vendor's.

    The order is that of the service's page. Four positional arguments in the order of the
    vendor's client of today, ``(org_id, project_id, api_key, url)``, are known by their form and
    mean what they mean there. ``org_id`` and ``project_id`` are UUIDs. Raises UserError for a
    value that is missing or cannot be used, and BackendError when there is no such project, it
    cannot be reached, or the key is not accepted (its ``kind`` is ``auth`` then). The key is in
    no message.
    """
    from rbsync.backends.redbrick.api.credentials import ApiKey
    from rbsync.backends.redbrick.backend import RedbrickBackend

    # Scripts written for the vendor's client pass the ids first. A key has 43 characters and a URL
    # a scheme, so that neither can be taken for a UUID.
    if is_uuid(api_key) and is_uuid(url):
        ids, (api_key, url) = (api_key, url), (str(org_id), str(project_id) or DEFAULT_URL)
        org_id, project_id = ids
    _check(api_key=api_key, url=url, org_id=org_id, project_id=project_id)
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


def _check(**given: object) -> None:
    """Raises UserError, with all that is wrong, for arguments that cannot be used."""
    problems = [*map(_flaw, given, given.values())]
    found = [one for one in problems if one]
    if found:
        raise UserError(found)


def _flaw(name: str, value: object) -> Problem | None:
    # None comes from `os.environ.get` where the variable is not set.
    if value is None or value == "":
        return Problem("missing", f"`{name}` is missing: it is {value!r}", hint=_GET_HINT)
    if name.endswith("_id") and not is_uuid(value):
        return Problem("no-uuid", f"`{name}` must be a UUID", hint=UUID_HINT)
    if not isinstance(value, str | UUID):
        return Problem("wrong-type", f"`{name}` must be text, not {type(value).__name__}")
    return None

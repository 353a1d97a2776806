"""The connections to one host: kept while they are idle, and used again.

urllib3 opens and secures them, over proxies too. What goes over them is left to the standard
library: through urllib3's own pools, or a session of requests, a small request takes so much more
of the processor's time that fewer are under way (measured by `tests/bench/transports.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPResponse, IncompleteRead

from rbsync.backends.redbrick.http.connections import Connection, Request


class PoolAnswer:
    """An answer whose body is read bit by bit; raises IncompleteRead when it ends early."""

    def __init__(self, response: HTTPResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers  # type: ignore[assignment]  # is read as one

    def read(self, size: int) -> bytes:
        data = self._response.read(size)
        # http.client takes an early end for the end. A listing that was cut off would be parsed as
        # far as it goes.
        if not data and self._response.length:
            raise IncompleteRead(b"", self._response.length)
        return data


class Pool:
    """For all threads, one request at a time on each connection."""

    def __init__(self, opened: Callable[[], Connection], most: int) -> None:
        """``opened`` makes a connection; ``most`` is how many of them are kept."""
        self._opened = opened
        self._most = most
        self._idle: list[Connection] = []

    @contextmanager
    def answer(self, request: Request, connect_seconds: float) -> Iterator[PoolAnswer]:
        """The answer to a request. Its connection is kept when all of it was read."""
        connection = self._take() or self._opened()
        try:
            response = connection.ask(request, connect_seconds)
            yield PoolAnswer(response)
            # A connection with an unread rest would give it to the next request as its answer.
            kept = response.isclosed() and not connection.is_closed
        except BaseException:
            connection.close()
            raise
        if kept and len(self._idle) < self._most:
            self._idle.append(connection)
        else:
            connection.close()

    def _take(self) -> Connection | None:
        """The one that was used last; others may have been closed by the host meanwhile."""
        while self._idle:
            try:
                # No lock: `pop` is one step, and only the check before it may be out of date.
                found = self._idle.pop()
            except IndexError:  # another thread was faster
                return None
            # Hosts close idle connections. A create that is sent into one is lost, and whether it
            # arrived is not known.
            if found.is_connected:
                return found
            found.close()
        return None

    def close(self) -> None:
        """Closes what is idle; the next request opens connections again."""
        while found := self._take():
            found.close()

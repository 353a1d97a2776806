"""Connections that keep to a deadline and know whether a request was sent.

The timeouts of the HTTP libraries are for each read: an answer that drips takes for ever. Here
every wait on the socket is cut to what is left for the whole request.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, Protocol

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, ProxyError
from urllib3.util import Url

# By how much a wait may be longer than what is left: one that ends late is late all the same.
_SLACK = 1.1


class Readable(Protocol):
    """A body that is sent block by block; its ``read`` may raise BackendError."""

    def read(self, size: int = -1, /) -> bytes: ...


class Request(NamedTuple):
    """A request; ``url`` is the part of its address that the host is sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | Readable | None


class Exchange:
    """The request that a thread has under way. ``sent`` is true once any of it may be out."""

    def __init__(self, seconds: float, idle: float) -> None:
        self.sent = False
        self._idle = idle
        self._end = time.monotonic() + seconds

    @property
    def is_late(self) -> bool:
        return time.monotonic() >= self._end

    def limit(self, sock: socket.socket) -> None:
        """Cuts the next wait on a socket. Raises TimeoutError when there is no time left."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request took too long")
        patience, now = min(left, self._idle), sock.gettimeout()
        # To set it is a system call, and so a turn for another thread.
        if now is None or not patience <= now <= patience * _SLACK:
            sock.settimeout(patience)


# The library calls back into the connection without saying for which request. Each thread has one
# request under way, so the thread tells.
_local = threading.local()


def begin(seconds: float, idle: float) -> Exchange:
    """Says that this thread's next request may take some seconds, and each wait in it some."""
    exchange = Exchange(seconds, idle)
    _local.exchange = exchange
    return exchange


def _exchange() -> Exchange:
    found: Exchange = _local.exchange
    return found


class _Reader(io.RawIOBase):
    """Reads from a socket for as long as the thread's request may still take."""

    def __init__(self, sock: socket.socket, file: socket.SocketIO) -> None:
        self._sock = sock
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        _exchange().limit(self._sock)
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


class _Source:
    """The part of a socket that an ``HTTPResponse`` needs."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock, self._sock.makefile("rb", buffering=0)))


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **others: Any) -> None:
        super().__init__(_Source(sock), *args, **others)  # type: ignore[arg-type]  # is enough


class _Timely:
    """The additions that both kinds of connections have."""

    response_class: type[http.client.HTTPResponse] = _Response
    sock: socket.socket | None
    timeout: float | None
    proxy: Url | None
    has_connected_to_proxy: bool
    # urllib3's looks through each header for one of its marks, which we never send.
    putheader = http.client.HTTPConnection.putheader
    _head: bytes | None = None
    """Of the request that is being sent, until the first of its body is there to go with it."""

    def send(self, data: Any) -> None:
        # http.client writes the head and the body of a request one after the other, and a second
        # packet costs as much as the first.
        if self._head == b"":
            self._head = data
            return
        if self._head:
            data, self._head = self._head + data, None
        if self.sock is not None:
            _exchange().limit(self.sock)
        super().send(data)  # type: ignore[misc]  # a mix-in

    def ask(self, request: Request, connect_seconds: float) -> http.client.HTTPResponse:
        """The answer to a request, up to its body, by the standard library alone."""
        self.timeout = connect_seconds
        self._open()
        method, url, headers, body = request
        # Some hosts answer, and close the connection, before they have all of a body.
        # The answer that was given early says why, such as 413; the broken pipe would hide it.
        with suppress(BrokenPipeError, ConnectionResetError), self._sending():
            http.client.HTTPConnection.request(self, method, url, body, headers)  # type: ignore[arg-type]  # a mix-in
        return http.client.HTTPConnection.getresponse(self)  # type: ignore[arg-type]  # a mix-in

    def _open(self) -> None:
        if self.sock is not None:
            return
        try:
            self.connect()  # type: ignore[attr-defined]  # a mix-in
        except (HTTPError, http.client.HTTPException, OSError) as error:
            # Once a tunnel stands, what fails is the host at its other end.
            if self.proxy and not self.has_connected_to_proxy:
                raise ProxyError("no way through the proxy", error) from error
            raise

    @contextmanager
    def _sending(self) -> Iterator[None]:
        # Set before the first byte: from then on nobody can say that the request did not arrive.
        _exchange().sent = True
        self._head = b""
        try:
            yield
            if self._head:
                self.send(b"")
        finally:
            self._head = None


class Plain(_Timely, HTTPConnection):
    """Over TCP."""


class Secure(_Timely, HTTPSConnection):
    """Over TLS."""


Connection = Plain | Secure

"""Run the application on sockets of its own."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rbsync.errors import RbsyncError
from rbsync.service.configuration import LOOPBACK


class CoalescingTransport:
    """In place of a transport, to which all but the writing is left.

    The server writes head and body of an answer one after the other. Two packets would cost
    both sides as much again as the first.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._written: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._written:
            # When the loop comes round, head and body have both been written.
            self._loop.call_soon(self._flush)
        self._written.append(data)

    def close(self) -> None:
        """Closes the connection once all that was written is sent."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        written, self._written = self._written, []
        if written and not self._transport.is_closing():
            self._transport.write(b"".join(written))


# Seconds; longer than clients keep unused connections, so that none is closed in their hands.
KEEP_ALIVE = 75
IDLE = 60.0
"""Seconds in which the next part of a request has to come. A client that vanished in the middle of
one, or never asked at all, would keep its connection, and a file of ours, for ever."""
PATIENCE = 3
"""Seconds that requests have to end when the service is stopped."""
LOOPBACK_6 = "::1"


class Protocol(HttpToolsProtocol):
    """HTTP whose connection an answer can reach: faults close it.

    ``idle`` is how many seconds a request may stop in the middle.
    """

    idle = IDLE

    def connection_made(self, transport: Any) -> None:
        whole = CoalescingTransport(transport)
        super().connection_made(whole)  # type: ignore[arg-type]  # stands for one
        # What follows must not wait for the first one's receipt, which takes 40 ms. The event
        # loop sees to that only for sockets that it made itself.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _notice_when_gone(transport.get_extra_info("socket"), self.idle)
        self.app_state = {**self.app_state, "transport": whole}
        self._asks = True
        self._heard = self.loop.time()
        self._watch = self.loop.call_later(self.idle, self._close_if_idle)

    def data_received(self, data: bytes) -> None:
        self._heard = self.loop.time()
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._asks = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        # The answer may take as long as it takes; what comes after it has its own patience.
        self._asks = False
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.cancel()
        super().connection_lost(exc)

    def _close_if_idle(self) -> None:
        """Closes the connection when the rest of a request does not come; else looks again later.

        One timer for a connection: to set one for every packet would be felt in large uploads.
        """
        left = self._heard + self.idle - self.loop.time() if self._asks else self.idle
        if left <= 0:
            # Not `close`, which waits until all is sent: a client that is gone reads nothing.
            self.transport.abort()
            return
        self._watch = self.loop.call_later(left, self._close_if_idle)


def _notice_when_gone(connection: socket.socket, seconds: float) -> None:
    """Has the system close a connection whose other end does not answer any more."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    settings = {
        "TCP_KEEPIDLE": int(seconds),
        "TCP_KEEPINTVL": 10,
        "TCP_KEEPCNT": 3,
        "TCP_USER_TIMEOUT": int(seconds * 1000),
    }
    for name, value in settings.items():
        # Not every system has all of them.
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), max(1, value))


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that wait for connections already; port 0 takes one that is free.

    Loopback is taken in both its forms where there are two: ``localhost`` may mean either, and
    who else listens on one of them would be sent the key. Raises RbsyncError.
    """
    first = _listen(host, port)
    if host != LOOPBACK:
        return [first]
    try:
        return [first, _listen(LOOPBACK_6, first.getsockname()[1])]
    except RbsyncError as error:
        # Without IPv6 on this machine there is nothing to take. But somebody else who listens on
        # ::1 would be sent the key by clients that try it first.
        if _is_taken(error):
            first.close()
            raise
        return [first]


def _is_taken(error: RbsyncError) -> bool:
    return isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        hint = "is it running already? --port takes another one, --port 0 any that is free"
        message = f"cannot listen on {host} port {port}: {error.strerror or error}"
        raise RbsyncError(message, hint=hint) from error


def make_server(app: ASGIApp) -> uvicorn.Server:
    """A server of the application, to be run on the sockets of ``listen``."""
    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # A client's X-Forwarded-Proto would change the addresses that are given out.
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=PATIENCE,
    )
    return uvicorn.Server(config)

"""One HTTP request, made once: with a deadline, no redirect, and an answer of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

import urllib3
from urllib3.util import Timeout

from rbsync.backends.redbrick.connections import Exchange, begin
from rbsync.backends.redbrick.failures import NETWORK_ERRORS, problem, transport_failure
from rbsync.backends.redbrick.pools import Pools
from rbsync.backends.redbrick.redaction import guard_logs
from rbsync.errors import BackendError

MOST_BYTES = 64 << 20
"""Of an answer, after decompression."""

CONNECT_SECONDS = 20.0
IDLE_SECONDS = 60.0
CONNECTIONS = 64
_CHUNK = 1 << 16


class Readable(Protocol):
    """A body that is sent block by block; its ``read`` may raise BackendError."""

    def read(self, size: int = -1, /) -> bytes: ...


class Reply(NamedTuple):
    """An answer, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Sends requests over connections that are kept and shared by all threads.

    Raises BackendError, of kind ``transient``, when there is no complete answer; ``sent`` says
    whether any of the request may have arrived.
    """

    def __init__(self) -> None:
        guard_logs()
        self._pools = Pools(CONNECTIONS)

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Readable | None = None,
        *,
        seconds: float,
        most: int = MOST_BYTES,
    ) -> Reply:
        """Sends a request and reads the whole answer, in at most so many seconds and bytes.

        An exception of the body's ``read`` comes through as it is.
        """
        exchange = begin(seconds, IDLE_SECONDS)
        failure: BackendError
        try:
            with self._open(method, url, headers, body, seconds) as response:
                data = _read(response, url, most)
                if exchange.is_late:
                    raise TimeoutError
                return Reply(response.status, response.headers, data)
        except NETWORK_ERRORS as error:
            failure = _failure(error, url, exchange)
        # Raised out here, the failure does not carry the library's own exception, which has
        # the whole URL in its text.
        raise failure

    @contextmanager
    def _open(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Readable | None,
        seconds: float,
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        response = self._pools.urlopen(
            method,
            url,
            body=body,
            headers=dict(headers),
            preload_content=False,
            timeout=Timeout(connect=min(CONNECT_SECONDS, seconds), read=IDLE_SECONDS),
        )
        try:
            yield response
        except BaseException:
            response.close()
            raise
        finally:
            response.release_conn()

    def close(self) -> None:
        """Closes what is idle; the next request opens connections again."""
        self._pools.close()


def _failure(error: Exception, url: str, exchange: Exchange) -> BackendError:
    return transport_failure(error, _host(url), sent=exchange.sent, late=exchange.is_late)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _read(response: urllib3.BaseHTTPResponse, url: str, most: int) -> bytes:
    data = bytearray()
    while chunk := response.read(_CHUNK):
        data += chunk
        if len(data) > most:
            message = f"{_host(url)}: the answer has more than {most >> 20} MiB"
            raise problem(message, sent=True)
    return bytes(data)

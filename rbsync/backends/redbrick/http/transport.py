"""One HTTP request, made once: with a deadline, no redirect, and an answer of bounded size."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from urllib3.exceptions import DecodeError

from rbsync.backends.redbrick.http.connections import Exchange, Readable, Request, begin
from rbsync.backends.redbrick.http.network_errors import (
    NETWORK_ERRORS,
    TooLargeError,
    too_large,
    transport_failure,
)
from rbsync.backends.redbrick.http.redaction import guard_logs, redact
from rbsync.backends.redbrick.http.routes import Answer, Pools
from rbsync.errors import BackendError
from rbsync.version import VERSION

MOST_BYTES = 64 << 20
"""Of an answer, after decompression."""

CONNECT_SECONDS = 20.0
IDLE_SECONDS = 60.0
CONNECTIONS = 64
AGENT = f"rbsync/{VERSION}"
_log = logging.getLogger(__name__)
_CHUNK = 1 << 16
_GZIP = 16 + zlib.MAX_WBITS


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
        request = Request(method, url, {"User-Agent": AGENT, **headers}, body)
        return self._sent(request, seconds, lambda answer: _read(answer, url, most))

    def peek(self, url: str, headers: Mapping[str, str], *, seconds: float) -> Reply:
        """Asks for a URL, and reads no more than the beginning of the body, as it comes."""
        request = Request("GET", url, {"User-Agent": AGENT, **headers}, None)
        return self._sent(request, seconds, lambda answer: answer.read(_CHUNK))

    def _sent(self, request: Request, seconds: float, read: Callable[[Answer], bytes]) -> Reply:
        exchange = begin(seconds, IDLE_SECONDS)
        method, url = request.method, request.url
        failure: BackendError
        try:
            with self._pools.answer(
                request, connect_seconds=min(CONNECT_SECONDS, seconds)
            ) as answer:
                data = read(answer)
                # An answer may come in time, bit by bit, and its last bit too late. The caller has
                # counted on the deadline for whether a create can still land.
                if exchange.is_late:
                    raise TimeoutError
                _note(method, url, f"HTTP {answer.status}")
                return Reply(answer.status, answer.headers, data)
        except NETWORK_ERRORS as error:
            failure = _failure(error, url, exchange)
        # Raised out here, the failure does not carry the library's own exception, which has
        # the whole URL in its text.
        _note(method, url, str(failure))
        raise failure

    def close(self) -> None:
        """Closes what is idle; the next request opens connections again."""
        self._pools.close()


def _note(method: str, url: str, what: str) -> None:
    if _log.isEnabledFor(logging.DEBUG):
        _log.debug("%s %s: %s", method, redact(url), what)


def _failure(error: Exception, url: str, exchange: Exchange) -> BackendError:
    return transport_failure(error, _host(url), sent=exchange.sent, late=exchange.is_late)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return "the address"


def _read(answer: Answer, url: str, most: int) -> bytes:
    """The body of an answer, decompressed."""
    data = bytearray()
    while chunk := answer.read(_CHUNK):
        data += chunk
        if len(data) > most:
            raise _too_large(url, most)
    encoding = (answer.headers.get("Content-Encoding") or "identity").lower()
    return bytes(data) if encoding == "identity" else _decoded(bytes(data), encoding, url, most)


def _decoded(data: bytes, encoding: str, url: str, most: int) -> bytes:
    if encoding not in ("gzip", "x-gzip"):
        raise DecodeError(encoding)
    unpacker = zlib.decompressobj(_GZIP)
    try:
        # One more than allowed, to tell "just enough" from "too much" without unpacking the rest.
        found = unpacker.decompress(data, most + 1)
    except zlib.error as error:
        raise DecodeError from error
    if len(found) > most:
        raise _too_large(url, most)
    # gzip that ends early unpacks to its beginning without any complaint.
    if not unpacker.eof:
        raise DecodeError("it ends early")
    return found


def _too_large(url: str, most: int) -> TooLargeError:
    message = f"{_host(url)}: the answer has more than {most >> 20} MiB"
    return too_large(message)

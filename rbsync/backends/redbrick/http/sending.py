"""Send bytes to a presigned URL, all of them or none that count."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from rbsync.backends.base import Body
from rbsync.backends.redbrick.http.bucket_redirects import elsewhere
from rbsync.backends.redbrick.http.intermediaries import STORAGE_CODES, storage_code, trace_of
from rbsync.backends.redbrick.http.network_errors import problem, seconds_of
from rbsync.backends.redbrick.http.transport import Reply, Transport
from rbsync.errors import BackendError
from rbsync.reasons import FailureKind

ACCEPTED = (200, 201)
EXPIRED = 403
_PATIENCE = 120.0
# A deadline for the whole, so that a connection that drips is given up; but long enough for a
# volume of 2 GB over a hospital's slow line.
_SLOWEST = 64 << 10
"""Bytes a second that a connection must carry at least."""

_BLOB = {"x-ms-blob-type": "BlockBlob"}
_BLANK = b" \t\r\n\xef\xbb\xbf"
_PAGE_HINT = "a proxy or a login page may have answered instead"
_EXPIRED_HINT = "a new upload URL was refused too: check this machine's clock"
# A storage that says 401 or 403 has nothing against the API key, which it never saw.
_KINDS: dict[int, FailureKind] = {400: "invalid", 413: "quota", 429: "throttled", 503: "throttled"}


class ExpiredError(Exception):
    """The storage does not accept the upload URL: it is too old, most likely."""

    def __init__(self, failure: BackendError) -> None:
        super().__init__("the upload URL is not accepted")
        self.failure = failure


class _Sent:
    """A body on its way: never more than its size, and a failure when there is less."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self.left = body.size

    def read(self, size: int = -1, /) -> bytes:
        data = self._read(self.left if size < 0 else min(size, self.left))
        # The length was announced. A file that lost its end would keep the connection waiting until
        # its time is over.
        if not data and self.left:
            message = f"{self._body.name}: the file became shorter while it was sent"
            raise problem(message, kind="changed", hint="run plan again to take it as it is now")
        self.left -= len(data)
        return data

    def _read(self, size: int) -> bytes:
        failure: BackendError
        try:
            return self._body.read(size) if size else b""
        except OSError as error:
            # The HTTP library would take it for a failure of the connection.
            why = error.strerror or type(error).__name__
            failure = problem(f"{self._body.name} cannot be read: {why}")
        raise failure


def send_body(transport: Transport, url: str, body: Body, mime: str) -> None:
    """Sends a file, from its first byte, over a URL that is good for it.

    Raises ExpiredError when the URL is not accepted, else BackendError.
    """
    body.rewind()
    sent = _Sent(body)
    headers = {"Content-Type": mime, "Content-Length": str(body.size)}
    reply = transport.send("PUT", url, headers, sent, seconds=_patience(body.size))
    if found := elsewhere(url, reply):
        body.rewind()
        url, sent = found, _Sent(body)
        reply = transport.send("PUT", url, headers, sent, seconds=_patience(body.size))
    _check(reply, url)
    # An answer of 200 that comes early is one of a proxy that did not read to the end.
    if sent.left:
        raise problem(f"{body.name}: the storage answered before it had the whole file", sent=True)


def send_bytes(transport: Transport, url: str, data: bytes, headers: Mapping[str, str]) -> None:
    """Sends a small file of ours: labels, or an items list. Raises as `send_body` does."""
    every = {**headers, "Content-Length": str(len(data))}
    reply = transport.send("PUT", url, every, data, seconds=_patience(len(data)))
    if found := elsewhere(url, reply):
        url = found
        reply = transport.send("PUT", url, every, data, seconds=_patience(len(data)))
    _check(reply, url)


def label_headers() -> dict[str, str]:
    """Those of a gzipped file of labels; other clouds' storages need to be told its type."""
    return {"Content-Type": "application/json", "Content-Encoding": "gzip", **_BLOB}


def map_headers() -> dict[str, str]:
    """Those of a label map, which is stored as it is."""
    return {"Content-Type": "application/octet-stream", **_BLOB}


def _patience(size: int) -> float:
    return _PATIENCE + size / _SLOWEST


def _check(reply: Reply, url: str) -> None:
    host = urlsplit(url).hostname or ""
    if reply.status in ACCEPTED:
        _check_body(reply, host)
        return
    hint = _EXPIRED_HINT if reply.status == EXPIRED else ""
    failure = _refusal(f"{host}: the storage does not take the file", reply, hint)
    # 403 for a presigned URL is nearly always its age: the file is asked a new URL for, once.
    raise ExpiredError(failure) if reply.status == EXPIRED else failure


def _check_body(reply: Reply, host: str) -> None:
    """A storage that has the file says nothing more; proxies do, with the same status."""
    start = reply.body[:2000].lstrip(_BLANK)
    if not start.startswith(b"<"):
        return
    # Storages that have begun their answer when something fails have said 200 by then, and report
    # the error in XML.
    if b"<Error>" in start:
        raise _refusal(f"{host}: the storage reports an error", reply)
    what = "what came back is a web page, not the answer of a storage"
    raise _refusal(f"{host}: {what}", reply, _PAGE_HINT)


def _refusal(what: str, reply: Reply, hint: str = "") -> BackendError:
    """An answer that is none of success: its class and hint by its code, else by its status."""
    code = storage_code(reply.body)
    known = STORAGE_CODES.get(code)
    more = "".join(f", {one}" for one in (code, trace_of(reply.headers)) if one)
    return problem(
        f"{what} (HTTP {reply.status}{more})",
        kind=known.kind if known else _KINDS.get(reply.status, "transient"),
        sent=True,
        status=reply.status,
        retry_after=seconds_of(reply.headers.get("Retry-After")),
        hint=(known.hint if known else "") or hint,
    )

"""Other ways to the hosts, to be compared with rbsync's own; each replaces `http.routes.Pools`.

All keep the deadline (their connections are those of `http.connections`), follow no redirect and
read no ``.netrc``. They are no more than a measurement needs: no proxies, no certificates.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import Timeout

from rbsync.backends.redbrick.http.connections import Plain, Request, Secure
from rbsync.backends.redbrick.http.routes import BLOCK, Answer, Pools
from rbsync.backends.redbrick.http.transport import IDLE_SECONDS


class _Plain(Plain):
    """Sends as urllib3 does, but for what the deadline and the single packet need."""

    def request(self, *args: Any, **others: Any) -> None:
        self._open()
        with self._sending():
            super().request(*args, **others)


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _Secure(Secure):
    """As `_Plain`, over TLS."""

    def request(self, *args: Any, **others: Any) -> None:
        self._open()
        with self._sending():
            super().request(*args, **others)


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure


def _pool_manager(connections: int) -> urllib3.PoolManager:
    made = urllib3.PoolManager(num_pools=8, maxsize=connections, blocksize=BLOCK)
    made.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
    return made


class Urllib3Pools:
    """urllib3's own pools."""

    def __init__(self, connections: int) -> None:
        self._manager = _pool_manager(connections)

    @contextmanager
    def answer(self, request: Request, *, connect_seconds: float) -> Iterator[Any]:
        response = self._manager.urlopen(
            request.method,
            request.url,
            body=request.body,
            headers=dict(request.headers),
            timeout=Timeout(connect=connect_seconds, read=IDLE_SECONDS),
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
        )
        try:
            yield response
        except BaseException:
            response.close()
            raise
        finally:
            response.release_conn()

    def close(self) -> None:
        self._manager.clear()


class _Adapter(HTTPAdapter):
    def __init__(self, connections: int) -> None:
        self._connections = connections
        super().__init__(pool_connections=8, pool_maxsize=connections)

    def init_poolmanager(self, *_: Any, **__: Any) -> None:
        self.poolmanager = _pool_manager(self._connections)


class _RequestsAnswer:
    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers = response.headers

    def read(self, size: int, /) -> bytes:
        data: bytes = self._response.raw.read(size)
        return data


class RequestsPools:
    """A session of requests, whose adapter has a pool that is large enough for all threads."""

    def __init__(self, connections: int) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(connections))

    @contextmanager
    def answer(self, request: Request, *, connect_seconds: float) -> Iterator[Answer]:
        response = self._session.request(
            request.method,
            request.url,
            data=_Body(request) if hasattr(request.body, "read") else request.body,
            headers=dict(request.headers),
            timeout=(connect_seconds, IDLE_SECONDS),
            allow_redirects=False,
            stream=True,
        )
        try:
            yield _RequestsAnswer(response)
        finally:
            response.close()

    def close(self) -> None:
        self._session.close()


class _Body:
    """A body as requests wants it: of a length that it finds out."""

    def __init__(self, request: Request) -> None:
        self._body: Any = request.body
        self.len = int(request.headers["Content-Length"])

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._body.read(size)
        return data

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(BLOCK), b"")


VARIANTS: dict[str, Any] = {
    "today": Pools,
    "urllib3": Urllib3Pools,
    "requests": RequestsPools,
}


def used(name: str) -> AbstractContextManager[Any]:
    """A context in which backends that are made use a way of a name."""
    from unittest import mock

    from rbsync.backends.redbrick.http import transport

    return mock.patch.object(transport, "Pools", VARIANTS[name])

"""The ways to the hosts: direct connections, or those of the proxy that the environment names."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, Protocol
from urllib.parse import SplitResult, quote, urlsplit

import urllib3
from requests.utils import (
    DEFAULT_CA_BUNDLE_PATH,
    get_auth_from_url,
    get_environ_proxies,
    select_proxy,
)
from urllib3.exceptions import LocationParseError, SSLError, URLSchemeUnknown
from urllib3.util import Timeout, make_headers
from urllib3.util.ssl_ import create_urllib3_context

from rbsync.backends.redbrick.http.connections import POOLS, Connection, Plain, Request, Secure
from rbsync.backends.redbrick.http.pool import Direct
from rbsync.errors import BackendError

BLOCK = 1 << 20
"""Bytes that are read from a file and sent at a time."""

_AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_PROXY_HINT = "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
# A presigned address must arrive as it was given, so only what cannot be sent is quoted.
_AS_IT_IS = "".join(map(chr, range(0x21, 0x7F)))


class Answer(Protocol):
    """An answer whose body is not read yet."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def read(self, size: int, /) -> bytes: ...


class Pools:
    """Connections that all threads share; no retries, redirects, cookies or ``.netrc``."""

    def __init__(self, connections: int) -> None:
        """``connections`` is how many idle ones are kept for each host."""
        self._connections = connections
        self._ways: dict[str, Direct | urllib3.ProxyManager] = {}
        self._trust: ssl.SSLContext | None = None
        self._lock = threading.Lock()

    def answer(
        self, request: Request, *, connect_seconds: float, idle_seconds: float
    ) -> AbstractContextManager[Answer]:
        """The answer to a request for a whole URL.

        Raises what the network does, as urllib3 or the standard library has it, and BackendError
        for a proxy that cannot be used.
        """
        parts = _split(request.url)
        way = self._way(parts)
        if isinstance(way, Direct):
            origin = len(parts.scheme) + len("://") + len(parts.netloc)
            # Signatures are made over the exact bytes of the path. urllib3 would write %2f as %2F,
            # and the storage would refuse it.
            target = "/" + quote(request.url[origin:].removeprefix("/"), safe=_AS_IT_IS)
            return way.answer(request._replace(url=target), connect_seconds)
        return _through(way, request, Timeout(connect=connect_seconds, read=idle_seconds))

    def close(self) -> None:
        """Closes what is idle; the next request opens connections again."""
        with self._lock:
            ways = list(self._ways.values())
            self._ways.clear()
        for one in ways:
            if isinstance(one, Direct):
                one.close()
            else:
                one.clear()

    def _way(self, parts: SplitResult) -> Direct | urllib3.ProxyManager:
        origin = f"{parts.scheme}://{parts.netloc}/"
        with self._lock:
            # The environment's proxies are looked up once for a host: on some systems that reads
            # the settings of the whole machine.
            if origin not in self._ways:
                proxy = select_proxy(origin, get_environ_proxies(origin))
                self._ways[origin] = self._managed(proxy) if proxy else self._direct(parts)
            return self._ways[origin]

    def _direct(self, parts: SplitResult) -> Direct:
        opened: Callable[[], Connection]
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            trust = self._trusted()
            opened = partial(Secure, host, port, blocksize=BLOCK, ssl_context=trust)
        elif parts.scheme == "http":
            opened = partial(Plain, host, port, blocksize=BLOCK)
        else:
            raise URLSchemeUnknown(parts.scheme)
        return Direct(opened, self._connections)

    def _managed(self, proxy: str) -> urllib3.ProxyManager:
        manager = _manager(proxy, num_pools=8, maxsize=self._connections, blocksize=BLOCK)
        manager.pool_classes_by_scheme = dict(POOLS)
        return manager

    def _trusted(self) -> ssl.SSLContext:
        """Reading the authorities takes long, so that connections share what was read."""
        if self._trust is None:
            context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
            place = _authorities()
            try:
                context.load_verify_locations(place.get("ca_certs"), place.get("ca_cert_dir"))
            except OSError as error:
                raise SSLError(error) from error
            self._trust = context
        return self._trust


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # is looked at only when it is asked for
    except ValueError as error:
        raise LocationParseError(url) from error
    return parts


@contextmanager
def _through(manager: urllib3.ProxyManager, request: Request, timeout: Timeout) -> Iterator[Answer]:
    """The answer to a request that goes over a proxy."""
    response = manager.urlopen(
        request.method,
        request.url,
        body=request.body,
        headers=dict(request.headers),
        timeout=timeout,
        redirect=False,
        retries=False,
        # Read bit by bit with a limit: an answer of gigabytes must not be in memory before its size
        # is known.
        preload_content=False,
        # Unpacked by us, with a limit: a few kilobytes of gzip may stand for gigabytes.
        decode_content=False,
    )
    try:
        yield response
    except BaseException:
        response.close()
        raise
    finally:
        response.release_conn()


def _manager(proxy: str, **settings: Any) -> urllib3.ProxyManager:
    url = proxy if "://" in proxy else f"http://{proxy}"
    # SOCKS would need a package that is not there, and urllib3 fails for it in a way that nobody
    # understands.
    if urlsplit(url).scheme not in ("http", "https"):
        message = "the proxy of the environment is neither an http nor an https one"
        raise BackendError(message, hint=_PROXY_HINT)
    user, password = get_auth_from_url(url)
    auth = make_headers(proxy_basic_auth=f"{user}:{password}") if user else None
    settings |= {"cert_reqs": "CERT_REQUIRED", **_authorities()}
    return urllib3.ProxyManager(url, proxy_headers=auth, **settings)


def _authorities() -> dict[str, str]:
    """Whose certificates are trusted: what the environment names, else the usual ones."""
    path = next(
        (os.environ[name] for name in _AUTHORITIES if os.environ.get(name)),
        DEFAULT_CA_BUNDLE_PATH,
    )
    return {"ca_cert_dir" if os.path.isdir(path) else "ca_certs": path}

"""The ways to the hosts: straight, or over the proxy that the environment names."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol
from urllib.parse import SplitResult, quote, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import ProxyConfig
from urllib3.exceptions import LocationParseError, SSLError, URLSchemeUnknown
from urllib3.util.ssl_ import create_urllib3_context

from rbsync.backends.redbrick.http.connections import Connection, Plain, Request, Secure
from rbsync.backends.redbrick.http.pool import Pool
from rbsync.backends.redbrick.http.proxies import Proxy, proxy_for

BLOCK = 1 << 20
"""Bytes that are read from a file and sent at a time."""

_AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
# A presigned address must arrive as it was given, so only what cannot be sent is quoted.
_AS_IT_IS = "".join(map(chr, range(0x21, 0x7F)))
_SECURE_PORT = 443


class Answer(Protocol):
    """An answer whose body is not read yet."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def read(self, size: int, /) -> bytes: ...


class _Way(NamedTuple):
    """The connections to one host, and what a request over them has more than one to the host.

    A proxy that passes requests on, rather than bytes, must be told whom they are for: the target
    begins with ``before``, and ``headers`` may have the proxy's password.
    """

    pool: Pool
    before: str = "/"
    headers: Mapping[str, str] = {}


class Pools:
    """Connections that all threads share; no retries, redirects, cookies or ``.netrc``."""

    def __init__(self, connections: int) -> None:
        """``connections`` is how many idle ones are kept for each host."""
        self._connections = connections
        self._ways: dict[str, _Way] = {}
        self._trust: ssl.SSLContext | None = None
        self._lock = threading.Lock()

    def answer(self, request: Request, *, connect_seconds: float) -> AbstractContextManager[Answer]:
        """The answer to a request for a whole URL.

        Raises what the network does, as urllib3 or the standard library has it, and BackendError
        for a proxy that cannot be used.
        """
        parts = _split(request.url)
        way = self._way(parts)
        start = len(parts.scheme) + len("://") + len(parts.netloc)
        # Signatures are made over the exact bytes of the path. An HTTP library that writes %2f as
        # %2F, as urllib3's pools do, is refused by the storage.
        target = way.before + quote(request.url[start:].removeprefix("/"), safe=_AS_IT_IS)
        headers = {**request.headers, **way.headers}
        return way.pool.answer(request._replace(url=target, headers=headers), connect_seconds)

    def close(self) -> None:
        """Closes what is idle; the next request opens connections again."""
        with self._lock:
            ways = list(self._ways.values())
            self._ways.clear()
        for one in ways:
            one.pool.close()

    def _way(self, parts: SplitResult) -> _Way:
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"
        with self._lock:
            # The environment's proxies are looked up once for a host: on some systems that reads
            # the settings of the whole machine.
            if origin not in self._ways:
                _check_port(parts)
                proxy = proxy_for(origin)
                pool = Pool(lambda: self._opened(parts, proxy), self._connections)
                # HTTPS goes through a tunnel: the host behind it must not get the proxy's password.
                forwards = proxy and parts.scheme == "http"
                self._ways[origin] = (
                    _Way(pool, origin, proxy.headers) if proxy and forwards else _Way(pool)
                )
            return self._ways[origin]

    def _opened(self, parts: SplitResult, proxy: Proxy | None) -> Connection:
        """A connection that is opened when the first request is sent over it."""
        if proxy:
            return self._through(proxy, parts)
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            return Secure(host, port, blocksize=BLOCK, ssl_context=self._trusted())
        return Plain(host, port, blocksize=BLOCK)

    def _through(self, proxy: Proxy, parts: SplitResult) -> Connection:
        made: Connection
        if "https" in (parts.scheme, proxy.url.scheme):
            trust = self._trusted()
            config = ProxyConfig(trust, False, None, None)
            made = Secure(
                proxy.host,
                proxy.port,
                blocksize=BLOCK,
                ssl_context=trust,
                proxy=proxy.url,
                proxy_config=config,
            )
        else:
            made = Plain(proxy.host, proxy.port, blocksize=BLOCK, proxy=proxy.url)
        if parts.scheme == "https":
            host, port = parts.hostname or "", parts.port or _SECURE_PORT
            made.set_tunnel(host, port, proxy.headers, scheme=str(proxy.url.scheme))
        return made

    def _trusted(self) -> ssl.SSLContext:
        """Reading the authorities takes long, so that connections share what was read."""
        with self._lock:
            if self._trust is None:
                self._trust = _trust()
            return self._trust


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise LocationParseError(url) from error
    if parts.scheme not in ("http", "https"):
        raise URLSchemeUnknown(parts.scheme)
    return parts


def _check_port(parts: SplitResult) -> None:
    """Raises LocationParseError for a port that is none, which is looked at only when asked for."""
    try:
        _ = parts.port
    except ValueError as error:
        raise LocationParseError(parts.netloc) from error


def authorities() -> tuple[str, str]:
    """The variable that names who may vouch for a host, and the path; else the usual ones."""
    named = ((name, os.environ[name]) for name in _AUTHORITIES if os.environ.get(name))
    return next(named, ("", DEFAULT_CA_BUNDLE_PATH))


def _trust() -> ssl.SSLContext:
    _, path = authorities()
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    try:
        if os.path.isdir(path):
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except OSError as error:
        raise SSLError(error) from error
    return context

"""Pools of connections, direct or through the proxy that the environment names."""

from __future__ import annotations

import os
import threading
from typing import Any
from urllib.parse import urlsplit

import urllib3
from requests.utils import (
    DEFAULT_CA_BUNDLE_PATH,
    get_auth_from_url,
    get_environ_proxies,
    select_proxy,
)
from urllib3 import HTTPConnectionPool
from urllib3.util import make_headers

from rbsync.backends.redbrick.connections import POOLS
from rbsync.errors import BackendError

BLOCK = 1 << 20
"""Bytes that are read from a file and sent at a time."""

Way = HTTPConnectionPool | urllib3.PoolManager

_AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_PROXY_HINT = "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"


class Pools:
    """Connections that all threads share; no retries, redirects, cookies or ``.netrc``."""

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._managers: dict[str, urllib3.PoolManager] = {}
        self._ways: dict[str, Way] = {}
        self._lock = threading.Lock()

    def urlopen(self, method: str, url: str, **settings: Any) -> urllib3.BaseHTTPResponse:
        """The answer to a request whose body is not read yet.

        Raises the exceptions of urllib3, and BackendError for a proxy that cannot be used.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        way = self._way(f"{origin}/")
        if isinstance(way, HTTPConnectionPool):
            # A manager takes a quarter of the time of a small request to come to the same.
            settings["assert_same_host"] = False
            target = "/" + url[len(origin) :].removeprefix("/")
            return way.urlopen(method, target, redirect=False, retries=False, **settings)
        return way.urlopen(method, url, redirect=False, retries=False, **settings)

    def close(self) -> None:
        """Closes what is idle; the next request opens connections again."""
        with self._lock:
            managers = list(self._managers.values())
            self._managers.clear()
            self._ways.clear()
        for one in managers:
            one.clear()

    def _way(self, origin: str) -> Way:
        """What leads to a host: its own connections, or the manager of those of a proxy."""
        with self._lock:
            if origin not in self._ways:
                proxy = select_proxy(origin, get_environ_proxies(origin)) or ""
                if proxy not in self._managers:
                    self._managers[proxy] = self._open(proxy)
                manager = self._managers[proxy]
                self._ways[origin] = manager if proxy else manager.connection_from_url(origin)
            return self._ways[origin]

    def _open(self, proxy: str) -> urllib3.PoolManager:
        settings: dict[str, Any] = {
            "num_pools": 8,
            "maxsize": self._connections,
            "blocksize": BLOCK,
            "cert_reqs": "CERT_REQUIRED",
            **_authorities(),
        }
        manager = _through(proxy, settings) if proxy else urllib3.PoolManager(**settings)
        manager.pool_classes_by_scheme = dict(POOLS)
        return manager


def _through(proxy: str, settings: dict[str, Any]) -> urllib3.PoolManager:
    url = proxy if "://" in proxy else f"http://{proxy}"
    if urlsplit(url).scheme not in ("http", "https"):
        message = "the proxy of the environment is neither an http nor an https one"
        raise BackendError(message, hint=_PROXY_HINT)
    user, password = get_auth_from_url(url)
    auth = make_headers(proxy_basic_auth=f"{user}:{password}") if user else None
    return urllib3.ProxyManager(url, proxy_headers=auth, **settings)


def _authorities() -> dict[str, str]:
    """Whose certificates are trusted: what the environment names, else the usual ones."""
    path = next(
        (os.environ[name] for name in _AUTHORITIES if os.environ.get(name)),
        DEFAULT_CA_BUNDLE_PATH,
    )
    return {"ca_cert_dir" if os.path.isdir(path) else "ca_certs": path}

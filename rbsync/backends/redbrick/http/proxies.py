"""The proxies that the environment names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from requests.utils import get_auth_from_url, get_environ_proxies, select_proxy
from urllib3.util import Url, make_headers, parse_url

from rbsync.backends.redbrick.http.network_errors import problem

_HINT = "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
_PORTS = {"http": 80, "https": 443}


class Proxy(NamedTuple):
    """``headers`` are for the proxy alone: they may have its password."""

    url: Url
    host: str
    port: int
    headers: Mapping[str, str]


def proxy_for(origin: str) -> Proxy | None:
    """Returns the proxy between this machine and a host; ``origin`` is the start of its addresses.

    Raises BackendError for one that cannot be used.
    """
    named = select_proxy(origin, get_environ_proxies(origin))
    if not named:
        return None
    # `HTTPS_PROXY=proxy:3128` is common, and without a scheme the host would be read as one.
    text = named if "://" in named else f"http://{named}"
    # SOCKS would need a package that is not there, and urllib3 fails for it in a way that nobody
    # understands.
    if urlsplit(text).scheme not in _PORTS:
        message = "the proxy of the environment is neither an http nor an https one"
        raise problem(message, hint=_HINT)
    url = parse_url(text)
    user, password = get_auth_from_url(text)
    headers = make_headers(proxy_basic_auth=f"{user}:{password}") if user else {}
    return Proxy(url, (url.host or "").strip("[]"), url.port or _PORTS[str(url.scheme)], headers)

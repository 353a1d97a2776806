"""Who may speak to the service at all: requests that were meant for it, with its key."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from rbsync.service.refusal import RefusalError

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_UNAUTHORIZED, _FORBIDDEN = 401, 403


class HostCheck:
    """Refuses what a web page made a browser send: another name that leads here, or an Origin."""

    def __init__(self, app: ASGIApp, names: Iterable[str] = ()) -> None:
        self._app = app
        self._names = LOOPBACK_NAMES | {name.lower() for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_fine(Headers(scope=scope)):
            answer = JSONResponse(error_body("this host is not served here"), _FORBIDDEN)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_fine(self, headers: Headers) -> bool:
        hosts = headers.getlist("host")
        # DNS rebinding: a web page gives its own name the address of this machine, and the browser
        # then sends requests here as if to the page's own server. The name in the Host header
        # betrays it.
        if len(hosts) != 1 or _name(f"//{hosts[0]}") not in self._names:
            return False
        # Programs send no Origin. A browser's shows what page asks, and only one from here may.
        origin = headers.get("origin")
        return origin is None or origin.split("//", 1)[-1] == hosts[0]


def _name(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def check_key(headers: Headers, key: str) -> None:
    """Raises RefusalError unless the request carries the key."""
    given = headers.get("apikey")
    if given is None:
        raise RefusalError("the request has no API key", status=_UNAUTHORIZED)
    # `==` would tell by its time how many letters of a guess are right.
    if not hmac.compare_digest(given.encode(), key.encode()):
        raise RefusalError("the API key is not valid", status=_FORBIDDEN)


def error_body(message: str) -> dict[str, object]:
    """An error in the form in which GraphQL has them."""
    return {"errors": [{"message": message}]}

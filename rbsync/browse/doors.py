"""Who may see the page: whoever has its address, in a window of its own, and no other page."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Mapping[str, str] = {
    # Nothing in a name can run even if it became markup, and nothing is fetched from elsewhere.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # The address has the token, and would be told to whatever a link leads to.
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_FORBIDDEN = 403
_FRAMES = frozenset({"iframe", "frame", "embed", "object", "fencedframe"})


class Doors:
    """Lets in what has the token in its path, and takes the token off."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        if scope["type"] != "http":
            return
        why, path = self._objection(scope)
        if why:
            await PlainTextResponse(f"{why}\n", _FORBIDDEN)(scope, receive, guarded)
            return
        await self._app({**scope, "path": path}, receive, guarded)

    def _objection(self, scope: Scope) -> tuple[str, str]:
        """The objection to a request, and else the path behind its token."""
        given, slash, rest = str(scope["path"]).removeprefix("/").partition("/")
        # `==` would tell by its time how many letters of a guess are right.
        if not slash or not hmac.compare_digest(given.encode(), self._token.encode()):
            return "this address lacks the token that `rbsync browse` printed", ""
        headers = Headers(scope=scope)
        if headers.get("sec-fetch-dest") in _FRAMES:
            return "this page is not shown within another one", ""
        # A link on another page may lead here; what it loads by itself may not.
        is_opened = headers.get("sec-fetch-mode") == "navigate"
        if headers.get("sec-fetch-site") == "cross-site" and not is_opened:
            return "other pages get nothing from here", ""
        return "", f"/{rest}"

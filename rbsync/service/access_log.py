"""A log line a request. Without its query and headers: they hold signatures and keys."""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)


class Journal:
    """Logs the method, path, status and milliseconds of what is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _log.isEnabledFor(logging.INFO):
            await self._app(scope, receive, send)
            return
        start = time.monotonic()
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            spent = (time.monotonic() - start) * 1000
            shown = scope["path"].encode("unicode_escape").decode()
            _log.info("%s %s %s %.1f ms", scope["method"], shown, status or "closed", spent)

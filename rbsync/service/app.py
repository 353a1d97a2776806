"""The application: its addresses, the endpoint of each, and a line of the log a request."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rbsync.service.access import HostCheck
from rbsync.service.endpoint import Endpoint
from rbsync.service.executable_schema import make_schema
from rbsync.service.faults.player import Player
from rbsync.service.objects import Objects
from rbsync.service.service import Service
from rbsync.service.signing import OBJECTS
from rbsync.version import VERSION

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


GRAPHQL = "/graphql/"
_NOT_FOUND, _NOT_ALLOWED = 404, 405

Answer = Callable[[Request], Awaitable[Response]]


def make_app(service: Service, player: Player) -> ASGIApp:
    """The ASGI application of a service, with its faults."""
    endpoint = Endpoint(service, make_schema(), player)
    addresses = Addresses(endpoint, Objects(service, player))
    return Journal(HostCheck(addresses, names=service.settings.hosts))


class Addresses:
    """Leads a request to what answers it: there are three addresses, and one of them is busy."""

    def __init__(self, endpoint: Answer, objects: Answer) -> None:
        self._endpoint = endpoint
        self._objects = objects

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        response = await self._answer(scope["path"], request)
        await response(scope, receive, send)

    async def _answer(self, path: str, request: Request) -> Response:
        answer, methods = self._found(path)
        if answer is None:
            return PlainTextResponse("there is nothing here\n", _NOT_FOUND)
        if request.method not in methods:
            allow = {"Allow": ", ".join(methods)}
            return PlainTextResponse("this is not done here\n", _NOT_ALLOWED, allow)
        return await answer(request)

    def _found(self, path: str) -> tuple[Answer | None, tuple[str, ...]]:
        """What answers an address, and the methods that it takes."""
        if path == GRAPHQL:
            return self._endpoint, ("POST",)
        if path.startswith(OBJECTS):
            return self._objects, ("GET", "PUT")
        return (_answer_root, ("GET",)) if path == "/" else (None, ())


async def _answer_root(request: Request) -> Response:  # noqa: ARG001  (as Starlette has it)
    return JSONResponse({"service": "rbsync", "version": VERSION, "graphql": GRAPHQL})

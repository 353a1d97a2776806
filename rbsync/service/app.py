"""The application: its addresses, the endpoint of each, and a line of the log a request."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from graphql import GraphQLError, GraphQLSchema
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rbsync.errors import BackendError, RbsyncError
from rbsync.service.access import HostCheck, check_key, error_body
from rbsync.service.documents import Document, documents_of
from rbsync.service.executable_schema import make_schema
from rbsync.service.faults.player import Player
from rbsync.service.objects import Objects
from rbsync.service.refusal import RefusalError
from rbsync.service.request_body import read_operation
from rbsync.service.service import Call, Service
from rbsync.service.signing import OBJECTS
from rbsync.version import VERSION

_log = logging.getLogger(__name__)


_SMALL = 64 << 10
_WORDS = f"Response payload size exceeded maximum allowed payload size ({_SMALL} bytes)."
# As the functions behind gateways say it, with a status of success.
_TOO_LARGE = JSONResponse({"data": None, **error_body(_WORDS)})


class Endpoint:
    """``POST /graphql/``."""

    def __init__(self, service: Service, schema: GraphQLSchema, player: Player) -> None:
        self._service = service
        self._documents = documents_of(schema)
        self._player = player

    async def __call__(self, request: Request) -> Response:
        try:
            check_key(request.headers, self._service.settings.api_key)
            asked = await read_operation(request, self._service.settings.limits)
        except RefusalError as refusal:
            return JSONResponse(error_body(str(refusal)), refusal.status)
        document = self._documents.read(asked.document)

        async def run() -> Response:
            answer = JSONResponse(await self._execute(request, document, asked.variables))
            return _TOO_LARGE if self._is_too_large(answer) else answer

        return await self._player.play(request, document.kinds | {"POST"}, run)

    def _is_too_large(self, answer: Response) -> bool:
        return self._service.settings.has("small-answers") and len(answer.body) > _SMALL

    async def _execute(
        self, request: Request, document: Document, variables: dict[str, Any]
    ) -> dict[str, Any]:
        operation = document.operation
        if operation is None:
            return _as_json(None, document.errors)
        service = self._service.of(str(variables.get("projectId") or ""))
        call = Call(service, lambda: str(request.base_url))
        try:
            result = await service.group_commit.do(lambda: operation.execute(call, variables))
        except BackendError as error:
            return _as_json(None, [GraphQLError(str(error), original_error=error)])
        return _as_json(result.data, result.errors or ())


def _as_json(data: dict[str, Any] | None, errors: Sequence[GraphQLError]) -> dict[str, Any]:
    if not errors:
        return {"data": data}
    return {"data": data, "errors": [_error(one) for one in errors]}


def _error(error: GraphQLError) -> dict[str, Any]:
    """Only what was meant for the client is told; the rest is in the log."""
    cause = error.original_error
    # Anything else is a mistake of ours, whose text may have paths of this machine in it.
    if cause is None or isinstance(cause, RbsyncError | GraphQLError):
        return error.formatted  # type: ignore[return-value]  # a TypedDict
    _log.error("an operation failed", exc_info=cause)
    return {"message": "the service failed; its log says why", "path": error.path}


class Journal:
    """Logs the method, path, status and milliseconds of what is answered.

    Before the last of it is sent: who has an answer finds its line, and may count them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _log.isEnabledFor(logging.INFO):
            await self._app(scope, receive, send)
            return
        entry = _Entry(scope)

        async def noting(message: Message) -> None:
            entry.look_at(message)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            entry.write()


class _Entry:
    """The line of one request."""

    def __init__(self, scope: Scope) -> None:
        self._scope, self._start = scope, time.monotonic()
        self._status = 0
        self._left = math.inf
        self._is_written = False

    def look_at(self, message: Message) -> None:
        """Writes the line when a message that is about to be sent is the last of the answer."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._left = float(Headers(raw=message["headers"]).get("content-length", math.inf))
            return
        # A file's last bytes may be followed by nothing, for which its reader does not wait.
        self._left -= len(message.get("body", b""))
        if self._left <= 0 or not message.get("more_body"):
            self.write()

    def write(self) -> None:
        """Writes the line, unless it is there."""
        if self._is_written:
            return
        self._is_written = True
        spent = (time.monotonic() - self._start) * 1000
        # Without the query, which has signatures; and escaped, for a line break in a path would
        # forge a line of the log.
        shown = self._scope["path"].encode("unicode_escape").decode()
        what = self._status or "closed"
        _log.info("%s %s %s %.1f ms", self._scope["method"], shown, what, spent)


GRAPHQL = "/graphql/"
_NOT_FOUND, _NOT_ALLOWED = 404, 405

Answer = Callable[[Request], Awaitable[Response]]


def make_app(service: Service, player: Player) -> ASGIApp:
    """The ASGI application of a service, with its faults."""
    endpoint = Endpoint(service, make_schema(), player)
    addresses = Addresses(endpoint, Objects(service, player))
    # The log is outermost, so that refused requests are in it.
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
        """Returns what answers an address, and the methods that it takes."""
        if path == GRAPHQL:
            return self._endpoint, ("POST",)
        if path.startswith(OBJECTS):
            return self._objects, ("GET", "PUT")
        return (_answer_root, ("GET",)) if path == "/" else (None, ())


async def _answer_root(request: Request) -> Response:  # noqa: ARG001  (as Starlette has it)
    return JSONResponse({"service": "rbsync", "version": VERSION, "graphql": GRAPHQL})

"""Answer one operation: read it, check its key, execute it, say what went wrong."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError, GraphQLSchema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rbsync.errors import BackendError, RbsyncError
from rbsync.service.access import check_key, error_body
from rbsync.service.documents import Document, Documents
from rbsync.service.faults.player import Player
from rbsync.service.refusal import RefusalError
from rbsync.service.request_body import read_operation
from rbsync.service.service import Call, Service

_log = logging.getLogger(__name__)


class Endpoint:
    """``POST /graphql/``."""

    def __init__(self, service: Service, schema: GraphQLSchema, player: Player) -> None:
        self._service = service
        self._documents = Documents(schema)
        self._player = player

    async def __call__(self, request: Request) -> Response:
        try:
            check_key(request.headers, self._service.settings.api_key)
            asked = await read_operation(request, self._service.settings.limits)
        except RefusalError as refusal:
            return JSONResponse(error_body(str(refusal)), refusal.status)
        document = self._documents.read(asked.document)

        async def run() -> Response:
            return JSONResponse(await self._execute(request, document, asked.variables))

        return await self._player.play(request, document.kinds | {"POST"}, run)

    async def _execute(
        self, request: Request, document: Document, variables: dict[str, Any]
    ) -> dict[str, Any]:
        operation = document.operation
        if operation is None:
            return _as_json(None, document.errors)
        call = Call(self._service, lambda: str(request.base_url))
        try:
            result = await self._service.group_commit.do(lambda: operation.execute(call, variables))
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
    if cause is None or isinstance(cause, RbsyncError | GraphQLError):
        return error.formatted  # type: ignore[return-value]  # a TypedDict
    _log.error("an operation failed", exc_info=cause)
    return {"message": "the service failed; its log says why", "path": error.path}

"""Play a fault instead of, or around, what a request would get."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from rbsync.service.access import error_body
from rbsync.service.faults.closing import Closed, Cut
from rbsync.service.faults.script import Fault
from rbsync.service.faults.turns import Turns

Run = Callable[[], Awaitable[Response]]
_PAGE = "<!doctype html><title>Sign in</title><h1>Sign in to the network</h1>"
_INSTEAD = {"status", "errors", "html"}
_BODILESS = {204, 304}


class Player:
    """Every request asks it; without rules it only runs what it is given."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self._turns = [Turns(fault) for fault in faults]

    async def play(self, request: Request, kinds: AbstractSet[str], run: Run) -> Response:
        """The answer to a request of some kinds; ``run`` has the effect and the true answer."""
        fault = self._next(kinds)
        if fault is None:
            return await run()
        await asyncio.sleep(fault.seconds)
        if fault.do == "delay":
            return await run()
        if fault.do in _INSTEAD:
            if fault.after:
                await run()
            return _instead(fault)
        return await _broken(fault, request, run)

    def _next(self, kinds: AbstractSet[str]) -> Fault | None:
        found: Fault | None = None
        for turns in self._turns:
            if turns.is_due(kinds, taken=found is not None):
                found = turns.fault
        return found


def _instead(fault: Fault) -> Response:
    if fault.do == "html":
        return HTMLResponse(_PAGE)
    if fault.do == "errors":
        return JSONResponse({"data": None, **error_body(fault.message)})
    headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
    if fault.status in _BODILESS:
        return Response(None, fault.status, headers)
    return JSONResponse(error_body(fault.message), fault.status, headers)


async def _broken(fault: Fault, request: Request, run: Run) -> Response:
    if fault.do == "close":
        await _take(request, fault.bytes)
        return Closed()
    answer = await run()
    if fault.do == "drop":
        return Closed()
    if fault.do == "truncate":
        body = bytes(answer.body) if hasattr(answer, "body") else b""
        return Response(body[: len(body) // 2], answer.status_code, media_type=answer.media_type)
    return Cut(answer)


async def _take(request: Request, size: int) -> None:
    """Reads so much of a file; the body of an operation has been read to know what it is."""
    if request.method != "PUT":
        return
    taken = 0
    async for piece in request.stream():
        taken += len(piece)
        if taken >= size:
            return

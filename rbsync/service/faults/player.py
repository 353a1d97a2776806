"""Faults in their turn: played instead of, or around, the answer that a request would get."""

from __future__ import annotations

import asyncio
import copy
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from rbsync.service.access import error_body
from rbsync.service.faults.script import ANYTHING, Fault


class Closed(Response):
    """No answer: the connection is closed, with a reset when data are still on their way."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  (as ASGI has it)
        # A reset and not an orderly end: an orderly one is an empty answer to some clients.
        scope["state"]["transport"].abort()
        await _until_closed(receive)


class Cut(Response):
    """The head and half of the body of another answer, then the end."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()

        async def holding(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
            body.extend(message.get("body", b""))

        await self._answer(scope, receive, holding)
        half = bytes(body[: len(body) // 2])
        # The head has announced the whole length, so that the client can tell that it was cut.
        await send({"type": "http.response.body", "body": half, "more_body": True})
        scope["state"]["transport"].close()
        await _until_closed(receive)


async def _until_closed(receive: Receive) -> None:
    """The server takes a connection for open until it has noticed."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Turns:
    """A rule that counts. ``is_due`` is asked once a request."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._seen = 0
        self._played = 0
        self._random = random.Random(fault.seed)  # noqa: S311  (to be repeated, not guessed)

    def is_due(self, kinds: AbstractSet[str], *, taken: bool) -> bool:
        """Tells whether it plays now; ``taken`` says that another rule does already."""
        fault = self.fault
        if ANYTHING not in fault.kind and kinds.isdisjoint(fault.kind):
            return False
        self._seen += 1
        if not self._is_its_time() or taken or self._played == fault.times:
            return False
        self._played += 1
        return True

    def _is_its_time(self) -> bool:
        fault = self.fault
        if fault.nth:
            return self._seen in fault.nth
        if fault.every is not None:
            return self._seen % fault.every == 0
        return fault.chance is None or self._random.random() < fault.chance


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
            # All rules count every request, also those that another rule plays for; "the third
            # create" is then the third whatever else is in the script.
            if turns.is_due(kinds, taken=found is not None):
                found = turns.fault
        return found


def _instead(fault: Fault) -> Response:
    if fault.do == "html":
        return HTMLResponse(_PAGE)
    if fault.do == "errors":
        return JSONResponse({"data": None, **error_body(fault.message)})
    headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
    # HTTP forbids a body here: its bytes would be read as the next answer.
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
    if fault.do == "alter":
        return _altered(fault, answer)
    if fault.do == "truncate":
        body = bytes(answer.body) if hasattr(answer, "body") else b""
        return Response(body[: len(body) // 2], answer.status_code, media_type=answer.media_type)
    return Cut(answer)


def _altered(fault: Fault, answer: Response) -> Response:
    # After the effect: the task is made, and only what is told of it is odd.
    value = json.loads(bytes(answer.body))
    _alter(value, fault.at.split("."), fault)
    return JSONResponse(value, answer.status_code)


def _alter(value: Any, path: Sequence[str], fault: Fault) -> None:
    """Alters what the path leads to within a value of JSON, in place."""
    first, *rest = path
    for key in _keys(value, first, is_last=not rest):
        if rest:
            _alter(value[key], rest, fault)
        elif fault.remove:
            if isinstance(value, list) or key in value:
                del value[key]
        else:
            value[key] = copy.deepcopy(fault.to)


def _keys(value: Any, part: str, *, is_last: bool) -> list[Any]:
    """The members or entries that one part of a path stands for, the last of a list first."""
    if isinstance(value, dict):
        # A member that is not there yet may be added.
        return list(value) if part == "*" else [part] if part in value or is_last else []
    if isinstance(value, list):
        # From the end: to remove one entry moves all that come after it.
        numbers = range(len(value) - 1, -1, -1)
        return [one for one in numbers if part in ("*", str(one))]
    return []


async def _take(request: Request, size: int) -> None:
    """Reads so much of a file; the body of an operation has been read to know what it is."""
    if request.method != "PUT":
        return
    taken = 0
    async for piece in request.stream():
        taken += len(piece)
        if taken >= size:
            return

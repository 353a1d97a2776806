"""Answers that end with the connection."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send


class Closed(Response):
    """No answer: the connection is closed, with a reset when data are still on their way."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  (as ASGI has it)
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
        await send({"type": "http.response.body", "body": half, "more_body": True})
        scope["state"]["transport"].close()
        await _until_closed(receive)


async def _until_closed(receive: Receive) -> None:
    """The server takes a connection for open until it has noticed."""
    while (await receive())["type"] != "http.disconnect":
        pass

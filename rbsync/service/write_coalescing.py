"""A connection that sends what is written to it in one moment as one packet."""

from __future__ import annotations

import asyncio
from typing import Any


class CoalescingTransport:
    """In place of a transport, to which all but the writing is left.

    The server writes head and body of an answer one after the other. Two packets would cost
    both sides as much again as the first.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._written: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._written:
            self._loop.call_soon(self._flush)
        self._written.append(data)

    def close(self) -> None:
        """Closes the connection once all that was written is sent."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        written, self._written = self._written, []
        if written and not self._transport.is_closing():
            self._transport.write(b"".join(written))

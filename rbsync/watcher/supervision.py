"""Signs of life: to systemd by its socket, to others by a file that is written anew."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from rbsync.applier.cancellation import Cancellation

HEARTBEAT = 30.0
PULSE = 5.0
"""Seconds after which what waits gives a sign of life again."""

_USEC = 1_000_000


def notify(text: str, environment: Mapping[str, str] = os.environ) -> None:
    """Tells systemd something, such as ``READY=1``, when it wants to know."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # An address that begins with @ is a name without a file.
    if address.startswith("@"):
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(text.encode(), address)


def watchdog_pause(environment: Mapping[str, str] = os.environ) -> float:
    """Returns after how many seconds systemd wants a sign of life at the latest; infinity for
    never.
    """
    with suppress(ValueError):
        # A program started by a watched one inherits the variables, and is not watched itself.
        if environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid()):
            return int(environment.get("WATCHDOG_USEC", "")) / _USEC / 2
    return float("inf")


class Supervision:
    """Gives signs of life while the loop turns or a look makes progress; safe from any thread."""

    def __init__(self, health: str = "") -> None:
        """``health`` is the file that is written, empty for none."""
        self.health = os.path.abspath(health) if health else ""
        self.pause = min(watchdog_pause(), HEARTBEAT if health else float("inf"))
        self._said = 0.0
        self._facts: dict[str, Any] = {}
        self.between: Callable[[], None] = lambda: None
        """Called between files that are read; what it raises ends the reading."""

    def alive(self) -> None:
        """Gives a sign of life, unless one was given a moment ago."""
        now = time.monotonic()
        if now - self._said < min(self.pause, 1.0) and self._said:
            return
        self._said = now
        notify("WATCHDOG=1")
        self._write()

    def begin(self, files: int, size: int) -> None:
        """Satisfies ``Watcher``."""

    def advance(self, files: int, size: int) -> None:  # noqa: ARG002
        """Files were read. Raises what ``between`` raises."""
        self.alive()
        self.between()

    def end(self) -> None:
        """Satisfies ``Watcher``."""

    def tell(self, facts: Mapping[str, Any]) -> None:
        """Notes how things stand."""
        self._facts = dict(facts)
        self._said = 0.0
        self.alive()

    def _write(self) -> None:
        if not self.health:
            return
        text = json.dumps({**self._facts, "pid": os.getpid(), "time": round(time.time(), 1)})
        beside = f"{self.health}.{os.getpid()}"
        # The work goes on when a disk is full; that the file grows old then is just what it is for.
        with suppress(OSError):
            # A watch that died may have left it. In a container everybody knows the number, and a
            # link of that name, from a branch, would lead to somebody else's file.
            with suppress(FileNotFoundError):
                os.unlink(beside)
            with open(beside, "x", encoding="utf-8") as file:
                file.write(text + "\n")
            # A health check that reads at this moment must never find half a file.
            os.replace(beside, self.health)


class LivingCancellation(Cancellation):
    """A cancellation whose pauses give signs of life: who waits for a service has not hung."""

    def __init__(self, alive: Callable[[], None]) -> None:
        super().__init__()
        self._alive = alive

    def pause(self, seconds: float) -> bool:
        """Waits, and returns False as soon as a stop is requested."""
        end = time.monotonic() + seconds
        # An outage of a night would else be ended by systemd, which starts the watch anew each
        # time and loses what was known of failures and graces.
        while (left := end - time.monotonic()) > PULSE:
            self._alive()
            if not super().pause(PULSE):
                return False
        self._alive()
        return super().pause(left)

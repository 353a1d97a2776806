"""`watch --flush`: another program asks that all is applied that was closed before it asked."""

from __future__ import annotations

import json
import math
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from queue import SimpleQueue
from typing import Any

from rbsync.errors import RbsyncError

SOCKET = "watch.sock"
_GRACE = 5.0
"""Seconds for an answer that is on its way when the time runs out."""

ASKED_AGAIN = 0.5
"""Seconds after which it is asked again whether somebody still waits."""


class Flush:
    """A request; it is done once a look that began after it has left nothing of before it."""

    def __init__(self, timeout: float | None) -> None:
        self.asked = time.monotonic()
        self._end = math.inf if timeout is None else self.asked + timeout
        self.asked_ns = time.time_ns()
        self._done = threading.Event()
        self.left: list[str] = []
        self.is_over = False
        """Nobody waits for the answer any more."""

    def look_ended(self, began: float, left: list[str]) -> bool:
        """Notes what still waits after a look that began at a time; True when nothing does."""
        # That look may have listed the folder before the file was closed that is asked about.
        if began < self.asked:
            return False
        self.left = left
        if not left:
            self._done.set()
        return not left

    def wait(self, is_wanted: Callable[[], bool] = lambda: True) -> dict[str, Any]:
        """Waits for the end, until the time runs out, or while the answer is wanted."""
        while not self._done.wait(min(max(self._end - time.monotonic(), 0.0), ASKED_AGAIN)):
            if time.monotonic() >= self._end or not is_wanted():
                break
        self.is_over = True
        is_done = self._done.is_set()
        return {"done": is_done, "left": [] if is_done else self.left}


class Flushes:
    """The requests that are not done yet; any thread may add one."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[Flush] = SimpleQueue()
        self._open: list[Flush] = []

    @property
    def are_open(self) -> bool:
        """Tells whether somebody waits for an answer."""
        self._open = [one for one in self._open if not one.is_over]
        return bool(self._open)

    def add(self, request: Flush) -> None:
        """Takes a request."""
        self._asked.put(request)

    def take(self) -> bool:
        """Takes over what was added; True when there is something new."""
        before = len(self._open)
        while not self._asked.empty():
            self._open.append(self._asked.get())
        return len(self._open) > before

    def look_ended(self, began: float, left_of: Callable[[Flush], list[str]]) -> None:
        """Answers those of which a look, which began at a time, has left nothing."""
        self._open = [one for one in self._open if not one.look_ended(began, left_of(one))]


class FlushServer:
    """Takes requests at a socket in the folder of what is remembered."""

    def __init__(self, folder: str, take: Callable[[Flush], None]) -> None:
        """``take`` is called by a thread with each request."""
        self._take = take
        self._is_closed = False
        self._path = os.path.join(folder, SOCKET)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with suppress(FileNotFoundError):
            os.unlink(self._path)
        with _short(self._path) as address:
            self._listener.bind(address)
        # Another user of the machine must not make this one's watcher work.
        os.chmod(self._path, 0o600)
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Takes no more requests."""
        self._is_closed = True
        with suppress(OSError):
            os.unlink(self._path)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                if self._is_closed:
                    return
                # For want of descriptors, which others will give back.
                time.sleep(ASKED_AGAIN)
                continue
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        # Another program may say anything.
        said_wrongly = (ValueError, KeyError, TypeError)
        with connection, suppress(OSError, *said_wrongly), connection.makefile("rw") as file:
            request = Flush(json.loads(file.readline())["timeout"])
            self._take(request)
            answer = request.wait(partial(_is_there, connection))
            file.write(json.dumps(answer) + "\n")


def _is_there(connection: socket.socket) -> bool:
    """Tells whether who asked is still there: a flush that was ended would else be open for ever,
    and each look would list all folders for it.
    """
    poll = select.poll()
    # Not by reading: who has said all may have closed that half alone.
    poll.register(connection, 0)
    return not poll.poll(0)


@contextmanager
def _short(path: str) -> Iterator[str]:
    """An address of a socket: those have at most 107 bytes, and paths may be longer."""
    if len(os.fsencode(path)) < 100 or not os.path.isdir("/proc/self/fd"):
        yield path
        return
    folder, name = os.path.split(path)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)


def ask(folder: str, timeout: float | None) -> tuple[bool, list[str]]:
    """Asks the watcher of a folder, and returns whether all is applied, and what still waits.

    Raises RbsyncError when none runs.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(None if timeout is None else timeout + _GRACE)
    try:
        with connection, _short(os.path.join(folder, SOCKET)) as address:
            connection.connect(address)
            with connection.makefile("rw") as file:
                file.write(json.dumps({"timeout": timeout}) + "\n")
                file.flush()
                answer = json.loads(file.readline() or '{"done": false, "left": []}')
    except OSError as error:
        hint = "start one: rbsync watch"
        raise RbsyncError("no watcher runs for this manifest", hint=hint) from error
    return bool(answer["done"]), list(answer["left"])

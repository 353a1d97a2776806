"""Gather what several threads ask for at the same time into one question."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, NamedTuple, TypeVar

Answer = TypeVar("Answer")

# Questions under way at a time: while they are, the next one gathers.
LANES = 2

# Questions under way at a time when equal names keep files from sharing one.
MOST_LANES = 16

MOST = 50


class _Lead:
    """Told to one who waits: it is your turn to ask, for yourself and for those behind you."""


_LEAD = _Lead()


class _Ticket(NamedTuple, Generic[Answer]):
    name: str
    mime: str
    future: Future[Answer | _Lead]


class RequestBatcher(Generic[Answer]):
    """Asks for upload URLs in batches, without waiting for a batch to fill.

    A question goes out at once when a lane is free; what is asked for while none is, goes out
    together with the next one, in the thread of the one who waits longest. Names in one batch
    differ, so that answers cannot be mixed up; equal ones go out side by side.
    """

    def __init__(self, ask: Callable[[Sequence[tuple[str, str]]], Sequence[Answer]]) -> None:
        """``ask`` answers (name, MIME type) pairs in order."""
        self._ask = ask
        self._waiting: deque[_Ticket[Answer]] = deque()
        self._under_way = 0
        self._lock = threading.Lock()

    def get(self, name: str, mime: str) -> Answer:
        """The answer for one file; raises what the batch that it was in raised."""
        ticket = _Ticket[Answer](name, mime, Future())
        with self._lock:
            self._waiting.append(ticket)
            self._appoint()
        told = ticket.future.result()
        return self._lead(ticket) if isinstance(told, _Lead) else told

    def _appoint(self) -> None:
        """Takes the first out of the line to lead if a lane is free; the lock is held."""
        if self._waiting and self._under_way < self._lanes():
            self._under_way += 1
            self._waiting.popleft().future.set_result(_LEAD)

    def _lanes(self) -> int:
        # Frames of many series are often all called `0001.png`. With two lanes they would be asked
        # for two at a time.
        names = {one.name for one in self._waiting}
        return MOST_LANES if len(names) < len(self._waiting) else LANES

    def _lead(self, leader: _Ticket[Answer]) -> Answer:
        """Asks for the one who leads and for those who wait by now."""
        followers = self._followers(leader)
        try:
            answers = self._ask([(one.name, one.mime) for one in (leader, *followers)])
        # Also for KeyboardInterrupt: those who wait for this answer would otherwise wait for ever.
        except BaseException as error:
            for one in followers:
                one.future.set_exception(error)
            raise
        else:
            for one, answer in zip(followers, answers[1:], strict=True):
                one.future.set_result(answer)
            return answers[0]
        finally:
            self._hand_over()

    def _followers(self, leader: _Ticket[Answer]) -> list[_Ticket[Answer]]:
        """Those of other names, the first of each; the rest stay in line as they are."""
        chosen = {leader.name: leader}
        left: list[_Ticket[Answer]] = []
        with self._lock:
            while self._waiting and len(chosen) < MOST:
                one = self._waiting.popleft()
                if one.name in chosen:
                    left.append(one)
                else:
                    chosen[one.name] = one
            # In their old order, so that nobody waits longer than those who came later.
            self._waiting.extendleft(reversed(left))
        return list(chosen.values())[1:]

    def _hand_over(self) -> None:
        """Gives the lane to the first in line, or back."""
        with self._lock:
            self._under_way -= 1
            self._appoint()

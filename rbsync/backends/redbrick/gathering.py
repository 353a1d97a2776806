"""Gather what several threads ask for at the same time into one question."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, NamedTuple, TypeVar

Answer = TypeVar("Answer")

LANES = 2
"""Questions under way at a time: while they are, the next one gathers."""

MOST = 50


class _Lead:
    """Told to one who waits: it is your turn to ask, for yourself and for those behind you."""


_LEAD = _Lead()


class _Ticket(NamedTuple, Generic[Answer]):
    name: str
    mime: str
    future: Future[Answer | _Lead]


class Gatherer(Generic[Answer]):
    """Asks for upload URLs in batches, without waiting for a batch to fill.

    A question goes out at once when a lane is free; what is asked for while none is, goes out
    together with the next one, in the thread of the one who waits longest. Names in one batch
    differ, so that answers cannot be mixed up.
    """

    def __init__(self, ask: Callable[[Sequence[tuple[str, str]]], Sequence[Answer]]) -> None:
        """``ask`` answers (name, MIME type) pairs in order."""
        self._ask = ask
        self._waiting: deque[_Ticket[Answer]] = deque()
        self._lanes = LANES
        self._lock = threading.Lock()

    def get(self, name: str, mime: str) -> Answer:
        """The answer for one file; raises what the batch that it was in raised."""
        ticket = _Ticket[Answer](name, mime, Future())
        with self._lock:
            self._waiting.append(ticket)
            if self._lanes:
                self._lanes -= 1
                self._appoint()
        told = ticket.future.result()
        return self._lead(ticket) if isinstance(told, _Lead) else told

    def _appoint(self) -> None:
        """Takes the first out of the line to lead; the lock is held."""
        self._waiting.popleft().future.set_result(_LEAD)

    def _lead(self, leader: _Ticket[Answer]) -> Answer:
        """Asks for the one who leads and for those who wait by now."""
        followers = self._followers(leader)
        try:
            answers = self._ask([(one.name, one.mime) for one in (leader, *followers)])
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
        names = {leader.name}
        found: list[_Ticket[Answer]] = []
        with self._lock:
            while self._waiting and len(names) < MOST and self._waiting[0].name not in names:
                found.append(self._waiting.popleft())
                names.add(found[-1].name)
        return found

    def _hand_over(self) -> None:
        """Gives the lane to the first in line, or back."""
        with self._lock:
            if self._waiting:
                self._appoint()
            else:
                self._lanes += 1

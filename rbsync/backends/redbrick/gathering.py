"""Gather what several threads ask for at the same time into one question."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Generic, TypeVar

Answer = TypeVar("Answer")

LANES = 2
"""Questions under way at a time: while one is, the next one gathers."""

MOST = 50


class Gatherer(Generic[Answer]):
    """Asks for upload URLs in batches, without waiting for a batch to fill.

    A question goes out at once when a lane is free; what is asked for while none is, goes out
    together with the next one. Names in one batch differ, so that answers can not be mixed up.
    """

    def __init__(
        self,
        ask: Callable[[Sequence[tuple[str, str]]], Sequence[Answer]],
        executor: Executor,
    ) -> None:
        """``ask`` answers (name, MIME type) pairs in order."""
        self._ask = ask
        self._executor = executor
        self._waiting: deque[tuple[tuple[str, str], Future[Answer]]] = deque()
        self._lanes = LANES
        self._lock = threading.Lock()

    def get(self, name: str, mime: str) -> Answer:
        """The answer for one file; raises what the batch that it was in raised."""
        future: Future[Answer] = Future()
        with self._lock:
            self._waiting.append(((name, mime), future))
            free = self._lanes > 0
            self._lanes -= free
        if free:
            self._executor.submit(self._serve)
        return future.result()

    def _serve(self) -> None:
        while batch := self._next():
            try:
                answers = self._ask([asked for asked, _ in batch])
            except BaseException as error:
                for _, future in batch:
                    future.set_exception(error)
            else:
                for (_, future), answer in zip(batch, answers, strict=True):
                    future.set_result(answer)

    def _next(self) -> list[tuple[tuple[str, str], Future[Answer]]]:
        """The next batch; when there is none, the lane is free again."""
        names: set[str] = set()
        batch: list[tuple[tuple[str, str], Future[Answer]]] = []
        with self._lock:
            while self._waiting and len(batch) < MOST and self._waiting[0][0][0] not in names:
                batch.append(self._waiting.popleft())
                names.add(batch[-1][0][0])
            self._lanes += not batch
        return batch

"""Creates and updates: prepared by several workers, written down, sent, written down again.

Workers prepare and send; only the thread that iterates over `outcomes` decides and writes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from rbsync.apply.journal import GROUP_SECONDS, Journal
from rbsync.apply.prepare import FailedError, Prepared, Preparer
from rbsync.apply.results import applied, failed, skipped
from rbsync.apply.send import Answer, Sender
from rbsync.apply.stop import Stop, Tally
from rbsync.model.outcome import Failure, Outcome
from rbsync.model.plan import Create, Replace, Update

Change = Create | Update | Replace

GROUP = 50
"""Intents that share one durable commit."""

RESENDS = 3
"""How often a create that was surely lost is sent again."""

GRACE_SECONDS = 30.0
"""How long the running actions may take to end after a stop."""


class Pipeline:
    """Takes each change from waiting over ready to sent; nothing is sent before its intent."""

    def __init__(
        self,
        changes: Sequence[Change],
        *,
        preparer: Preparer,
        sender: Sender,
        journal: Journal,
        tally: Tally,
        stop: Stop,
        pool: ThreadPoolExecutor,
        jobs: int,
        batch: int,
        quarantine: float,
        clock: Callable[[], float],
    ) -> None:
        self._waiting = deque(changes)
        self._preparing: dict[Future[Prepared], Change] = {}
        self._ready: deque[Prepared] = deque()
        self._sending: dict[Future[list[Answer]], Sequence[Prepared]] = {}
        self._doubtful: list[Prepared] = []
        self._doubtful_until = 0.0
        self._lost: dict[str, int] = {}
        self._stopped_at: float | None = None
        self._preparer, self._sender = preparer, sender
        self._journal, self._tally, self._stop = journal, tally, stop
        self._pool, self._jobs, self._batch = pool, jobs, batch
        self._quarantine, self._clock = quarantine, clock

    def outcomes(self) -> Iterator[Outcome]:
        """What became of each change, as soon as that is durable. Raises StoreError."""
        while self._advance():
            running: list[Future[Any]] = [*self._preparing, *self._sending]
            done, _ = wait(running, GROUP_SECONDS, return_when=FIRST_COMPLETED)
            for future in [one for one in self._preparing if one in done]:
                self._take_prepared(self._preparing.pop(future), future)
            for answers in [one for one in self._sending if one in done]:
                self._take_answers(self._sending.pop(answers), answers.result())
            if self._journal.due():
                yield from self._journal.commit()
        yield from self._journal.commit()
        yield from self._left_over()

    def _advance(self) -> bool:
        """Gives the workers what there is to do; False when all is done or given up."""
        self._prepare()
        self._send()
        if not (self._preparing or self._sending) and self._doubtful:
            self._look_up()
        return bool(self._preparing or self._sending) and not self._out_of_grace()

    def _prepare(self) -> None:
        """Keeps the workers busy without preparing far ahead."""
        while self._waiting and not self._stop.requested:
            if len(self._preparing) >= 2 * self._jobs or len(self._ready) >= 2 * GROUP:
                return
            change = self._waiting.popleft()
            self._preparing[self._pool.submit(self._preparer.prepare, change)] = change

    def _send(self) -> None:
        """Writes intents down and sends: full groups, or what there is when nothing else is."""
        while self._ready and not self._stop.requested and len(self._sending) < self._jobs:
            if len(self._ready) < GROUP and self._preparing:
                return
            group = [self._ready.popleft() for _ in range(min(GROUP, len(self._ready)))]
            self._send_group(group)

    def _send_group(self, group: Sequence[Prepared]) -> None:
        creates = [one for one in group if isinstance(one.action, Create)]
        changes = [one for one in group if not isinstance(one.action, Create)]
        self._intend("create", creates)
        self._intend("update", changes)
        for at in range(0, len(creates), self._batch):
            chunk = creates[at : at + self._batch]
            self._sending[self._pool.submit(self._sender.create, chunk)] = chunk
        for one in changes:
            self._sending[self._pool.submit(self._sender.change, one)] = [one]

    def _intend(self, operation: str, group: Sequence[Prepared]) -> None:
        if group:
            names = ((one.draft.name, one.draft.fingerprint) for one in group)
            self._journal.intend(operation, names)

    def _take_prepared(self, change: Change, future: Future[Prepared]) -> None:
        try:
            prepared = future.result()
        except FailedError as error:
            self._fail(change, error.failure)
        else:
            self._journal.uploaded(prepared.uploads)
            self._ready.append(prepared)

    def _take_answers(self, sent: Sequence[Prepared], answers: Sequence[Answer]) -> None:
        for prepared, answer in zip(sent, answers, strict=True):
            match answer.fate:
                case "done":
                    self._tally.success()
                    self._journal.add(*applied(prepared, answer))
                case "doubtful":
                    self._doubtful.append(prepared)
                    self._doubtful_until = self._clock() + self._quarantine
                case "absent" if self._may_resend(prepared.draft.name):
                    self._ready.append(prepared)
                case _:
                    assert answer.failure is not None  # noqa: S101  (what has no id has one)
                    self._fail(prepared.action, answer.failure)

    def _fail(self, change: Change, failure: Failure) -> None:
        self._tally.failure(failure)
        before = self._journal.before(change.name)
        self._journal.add(*failed(change, failure, before, self._clock()))

    def _may_resend(self, name: str) -> bool:
        self._lost[name] = self._lost.get(name, 0) + 1
        return self._lost[name] <= RESENDS

    def _look_up(self) -> None:
        """Settles doubtful creates, once a request on its way has had the time to land."""
        left = self._doubtful_until - self._clock()
        if left > 0:
            self._stop.pause(left)
        doubtful, self._doubtful = self._doubtful, []
        self._sending[self._pool.submit(self._sender.look_up, doubtful)] = doubtful

    def _out_of_grace(self) -> bool:
        """Whether a stop was requested so long ago that what still runs is left behind."""
        if not self._stop.requested:
            return False
        if self._stopped_at is None:
            self._stopped_at = self._clock()
        return self._clock() - self._stopped_at > GRACE_SECONDS

    def _left_over(self) -> Iterator[Outcome]:
        """What was not begun, or not finished in time, when the run was stopped."""
        prepared = (one.action for one in self._ready)
        for change in (*self._waiting, *self._preparing.values(), *prepared):
            yield skipped(change, self._stop.reason)

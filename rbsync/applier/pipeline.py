"""Creates and updates: prepared by several workers, written down, sent, written down again.

Workers prepare and send; only the thread that iterates over `outcomes` decides and writes. Its
queues, and how much memory is on the way, are one state: a wall through it would have each half ask
the other before every step.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from heapq import heappop, heappush
from itertools import chain, islice
from traceback import format_exception
from typing import TYPE_CHECKING, NamedTuple

from rbsync.applier.action_failures import SETTLE_HINT, is_outage, unsettled
from rbsync.applier.cancellation import BUG, UNRECORDED
from rbsync.applier.journal import GROUP_SECONDS
from rbsync.applier.prepare import Change, Prepared, changed_labels
from rbsync.applier.results import applied, skipped
from rbsync.applier.retrying import StoppedError
from rbsync.applier.send import Answer, not_there
from rbsync.applier.tools import Tools
from rbsync.applier.workers import Step, Workers
from rbsync.errors import StoreError
from rbsync.model.outcome import Failure, Outcome
from rbsync.model.plan import Create, Replace, Update
from rbsync.reasons import MISSING

if TYPE_CHECKING:
    from rbsync.executors.batches import Share

GROUP = 50
"""Intents that share one durable commit, unless a request takes more changes than that."""

SMALL = 64 << 10
"""Bytes of a change up to which to hand it to a worker and back costs as much as to prepare it."""

# Text of labels that may be held at once; large ones are sent in smaller groups for it.
HELD_BYTES = 64 << 20

RESENDS = 3
"""How often a create that was surely lost is sent again."""

ENDED = "the run ended before it could be sent again"

REFUSED_SECONDS = 2.0
"""After which what was refused is looked up: a service may do first and fail afterwards."""

GRACE_SECONDS = 30.0
"""How long the running actions may take to end after a stop."""


Send = Callable[[Sequence[Prepared]], Sequence[Answer] | None]


class Pace(NamedTuple):
    """The pace of a run: its number of workers, and the number of changes that a request takes.

    ``quarantine`` is how many seconds a request may still land after its answer was lost, and
    ``staleness`` how many what it did may not be seen after an answer, None for as many.
    ``together`` is how many changes of small files a worker prepares in one go, and ``masks`` how
    much of masks, None where each is prepared by itself.
    """

    jobs: int
    batch: int
    quarantine: float
    staleness: float | None
    together: int = 1
    masks: Share | None = None

    @property
    def group(self) -> int:
        """Returns how many intents share one durable commit."""
        return max(GROUP, self.batch)

    @property
    def room(self) -> int:
        """Returns how many changes may be on their way."""
        return max(GROUP, self.jobs * self.batch)

    @property
    def ahead(self) -> int:
        """Returns how many changes are prepared at one time."""
        return 2 * self.jobs * max(self.together, self.masks.calls if self.masks else 1)

    def doubt(self, answer: Answer) -> float:
        """For how many seconds it is in doubt whether what is not seen is there."""
        if answer.answered and self.staleness is not None:
            return self.staleness
        return self.quarantine


class Queue:
    """Changes that wait. They are made as they are taken, for there may be a million."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._front: deque[Change] = deque()
        self._rest = iter(changes)

    def __bool__(self) -> bool:
        if not self._front:
            self._front.extend(islice(self._rest, 1))
        return bool(self._front)

    @property
    def first(self) -> Change:
        """The next one, of a queue that is not empty."""
        return self._front[0]

    def popleft(self) -> Change:
        """Takes the next one of a queue that is not empty."""
        return self._front.popleft()

    def appendleft(self, change: Change) -> None:
        """Puts one back in front of all others."""
        self._front.appendleft(change)

    def put_back(self) -> Sequence[Change]:
        """Those that were taken before, and others that are next."""
        return tuple(self._front)

    def rest(self) -> Iterator[Change]:
        """Yields all that are left, which are then no longer in it."""
        yield from self._front
        yield from self._rest


class Pipeline:
    """Takes each change from waiting over ready to sent; nothing is sent before its intent."""

    def __init__(
        self, changes: Sequence[Change], tools: Tools, workers: Workers, pace: Pace
    ) -> None:
        self._preparer, self._sender, self._journal = tools.preparer, tools.sender, tools.journal
        self._tally, self._stop = tools.tally, tools.stop
        self._workers = workers
        self._pace = pace
        self._waiting = Queue(changes)
        self._preparing: dict[str, Change] = {}
        self._ready: deque[Prepared] = deque()
        self._sending: dict[str, Prepared] = {}
        self._held_bytes = 0
        self._doubtful: list[tuple[float, str, Prepared]] = []
        self._resent: dict[str, int] = {}
        self._refused: set[str] = set()
        self._refusals: dict[str, Failure] = {}
        self._taken_in: dict[str, Failure] = {}
        self._last_words: dict[str, str] = {}
        self._sent_at = time.monotonic()
        self._stopped_at: float | None = None
        self._error: Exception | None = None

    def outcomes(self) -> Iterator[Outcome]:
        """Yields what became of each change, as soon as that is durable.

        Raises StoreError, and whatever a mistake in the program raised in a worker; but not
        before what was running has ended, and all that is known is recorded or set aside.
        """
        while self._advance():
            for step in self._workers.finished(GROUP_SECONDS):
                self._guard(step)
            if self._journal.due():
                yield from self._record()
        self._give_up_unfinished()
        yield from self._record()
        if self._error is not None:
            raise self._error
        yield from self._left_over()

    def _advance(self) -> bool:
        """Gives the workers what there is to do; False when all is done or given up."""
        self._prepare()
        self._guard(self._send)
        self._look_up()
        return bool(self._workers.unfinished or self._doubtful) and not self._out_of_grace()

    def _guard(self, step: Step) -> None:
        """Does a step. What goes wrong in it stops the run, but loses nothing of it."""
        try:
            step()
        except StoreError as error:
            self._error = self._error or error
            self._stop.request(UNRECORDED)
        except Exception as error:  # a mistake in the program, raised again by `outcomes`
            # A mistake in the program outranks a full disk: the disk has its recovery file, the
            # mistake would otherwise never be seen.
            if self._error is None or isinstance(self._error, StoreError):
                self._error = error
            else:
                self._error.add_note("".join(format_exception(error)))
            self._stop.request(BUG)

    def _record(self) -> list[Outcome]:
        done: list[Outcome] = []
        self._guard(lambda: done.extend(self._journal.commit()))
        return done

    def _prepare(self) -> None:
        """Keeps the workers busy without preparing far ahead."""
        while self._waiting and not self._stop.requested:
            # Far ahead means memory, and files that are read long before they are sent, so that
            # they may have changed by then.
            is_ahead = len(self._ready) >= 2 * self._pace.group
            if is_ahead or len(self._preparing) >= self._pace.ahead:
                return
            if self._is_full():
                return
            change = self._waiting.popleft()
            self._preparing[change.name] = change
            if self._preparer.is_instant(change):
                # To hand it to a worker and back would take longer.
                self._guard(partial(self._prepare_here, change))
                continue
            some = [change, *self._small_after(change), *self._masks_after(change)]
            self._workers.start(
                partial(self._prepare_some, some), partial(self._prepared_some, some)
            )

    def _small_after(self, change: Change) -> Iterator[Change]:
        """Takes the changes that the worker of a change of small files is given with it."""
        for _ in range(self._pace.together - 1):
            if not (_is_small(change) and self._waiting and _is_small(self._waiting.first)):
                return
            change = self._waiting.popleft()
            self._preparing[change.name] = change
            yield change

    def _masks_after(self, change: Change) -> Iterator[Change]:
        """Takes the changes with masks that are converted in one go with that of a change."""
        share = self._pace.masks
        if share is None or not (size := _mask_bytes(change)):
            return
        for _ in range(share.calls - 1):
            if not (self._waiting and (more := _mask_bytes(self._waiting.first))):
                return
            size += more
            if size > share.size:
                return
            change = self._waiting.popleft()
            self._preparing[change.name] = change
            yield change

    def _prepare_some(self, changes: Sequence[Change]) -> list[Prepared | Failure | None]:
        """Done by a worker."""
        self._preparer.expect(changes)
        return [self._prepare_one(one) for one in changes]

    def _prepared_some(
        self, changes: Sequence[Change], prepared: Sequence[Prepared | Failure | None]
    ) -> None:
        for one, answer in zip(changes, prepared, strict=True):
            self._prepared(one, answer)

    def _prepare_here(self, change: Change) -> None:
        self._prepared(change, self._prepare_one(change))

    def _is_full(self) -> bool:
        """Tells whether the labels that are ready or being sent take as much memory as they may."""
        return self._held_bytes >= HELD_BYTES

    def _prepare_one(self, change: Change) -> Prepared | Failure | None:
        """Done by a worker."""
        prepared = self._preparer.prepare(change)
        if isinstance(prepared, Failure):
            self._tally.failure(prepared)
            if is_outage(prepared):
                self._tally.request(answered=False)
        return prepared

    def _prepared(self, change: Change, prepared: Prepared | Failure | None) -> None:
        del self._preparing[change.name]
        match prepared:
            case Prepared():
                self._make_ready(prepared)
            case Failure():
                self._fail(change, prepared)
            case None:
                self._waiting.appendleft(change)

    def _make_ready(self, prepared: Prepared) -> None:
        self._ready.append(prepared)
        self._held_bytes += prepared.weight

    def _send(self) -> None:
        """Writes intents down and sends. Raises StoreError."""
        while self._ready and self._may_send():
            size = min(self._pace.group, len(self._ready))
            group = [self._ready.popleft() for _ in range(size)]
            self._held_bytes -= _weight(group)
            self._journal.intend(one.action for one in group)
            self._sent_at = time.monotonic()
            for at in range(0, len(group), self._pace.batch):
                batch = group[at : at + self._pace.batch]
                self._ask(self._send_unless_stopped, batch)

    def _may_send(self) -> bool:
        """Groups are full, unless the rest of one is not to be had soon."""
        if self._stop.requested or len(self._sending) >= self._pace.room:
            return False
        # A slow mask among fast files must not hold back what is ready; nor should each file of a
        # fast run have a durable write of its own.
        late = time.monotonic() - self._sent_at >= GROUP_SECONDS
        return (
            late or len(self._ready) >= self._pace.group or self._is_full() or not self._preparing
        )

    def _ask(self, send: Send, batch: Sequence[Prepared]) -> None:
        self._sending.update((one.name, one) for one in batch)
        self._held_bytes += _weight(batch)
        self._workers.start(partial(self._observed, send, batch), partial(self._answered, batch))

    def _send_unless_stopped(self, batch: Sequence[Prepared]) -> Sequence[Answer] | None:
        """Done by a worker, some time after it was asked for."""
        # The pause that the service asked for may have begun after this batch was queued. Without
        # the wait 24 workers would each spend a request to find that out.
        self._sender.wait()
        with suppress(StoppedError):
            return None if self._stop.requested else self._sender.send(batch)
        return None

    def _observed(self, send: Send, batch: Sequence[Prepared]) -> Sequence[Answer] | None:
        """Done by a worker, so that a stop comes before its next task.

        That something is absent is no sign of an outage, nor of its end.
        """
        # Counted here and not by the deciding thread: that one may be busy with a commit while the
        # workers send to a dead service.
        answers = send(batch) or ()
        for prepared, one in zip(batch, answers, strict=False):
            if one.fate == "failed" and one.failure and not self._begins_anew(prepared, one):
                self._tally.failure(one.failure)
            elif one.fate == "refused" and one.failure:
                self._tally.refusal(one.failure.words)
        # A look-up that finds nothing is an answer of a healthy service, but it follows a lost one.
        # Counted as healthy it would reset the count of an outage in which only searches work.
        if any(one.fate != "absent" for one in answers):
            self._tally.request(answered=not all(one.is_lost for one in answers))
        return answers or None

    def _answered(self, batch: Sequence[Prepared], answers: Sequence[Answer] | None) -> None:
        for one in batch:
            del self._sending[one.name]
        self._held_bytes -= _weight(batch)
        if answers is None:
            self._withdraw(batch)
            return
        for prepared, answer in zip(batch, answers, strict=True):
            self._take(prepared, answer)

    def _withdraw(self, batch: Sequence[Prepared]) -> None:
        """Makes what was never sent what it was before its intent."""
        for one in batch:
            if one.name in self._resent:
                self._give_up(one.action, ENDED)
                continue
            before = self._journal.before(one.name)
            # The intent is taken back, or the next run would wait for the quarantine of a request
            # that was never made.
            self._journal.add(skipped(one.action, self._stop.reason), before)

    def _take(self, prepared: Prepared, answer: Answer) -> None:
        action = prepared.action
        if self._may_lack_files(prepared, answer):
            self._preparer.forget(prepared.recalled)
            if self._begins_anew(prepared, answer):
                self._begin_anew(action)
                return
        match answer.fate:
            case "done":
                done = applied(action, answer.task_id, answer.note, recognised=answer.recognised)
                self._journal.add(*done)
            case "refused":
                self._doubt_refusal(prepared, answer)
            case "doubtful":
                self._doubt(prepared, answer)
            case "absent":
                self._take_absent(prepared)
            case "missing":
                # The task of an update was deleted by somebody. What the manifest wants is the
                # datapoint, so it is created.
                self._begin_anew(Create(action.datapoint, MISSING, answer.note))
            case "failed" if prepared.name in self._taken_in and answer.is_open:
                self._accept(action)
            case "failed":
                assert answer.failure is not None  # noqa: S101  (what failed has one)
                self._fail(action, self._in_full(action.name, answer.failure))

    def _in_full(self, name: str, failure: Failure) -> Failure:
        """The failure of a look-up, with the words of the refusal that it was made for."""
        if name not in self._refusals:
            return failure
        said = self._refusals[name].message
        return failure._replace(message=f"{failure.message}; the service's answer was: {said}")

    def _take_absent(self, prepared: Prepared) -> None:
        action = prepared.action
        # The service said that it would make it later. To send it again would make two, so the next
        # run looks for it.
        if prepared.name in self._refusals:
            self._leave_open(action, self._refusals[prepared.name])
        elif prepared.name in self._taken_in:
            self._accept(action)
        elif self._stop.requested:
            self._give_up(action, ENDED)
        elif self._may_resend(prepared.name):
            self._make_ready(prepared._replace(gone=True))
        else:
            self._leave_open(action, not_there(self._last_words.get(prepared.name, "")))

    def _doubt_refusal(self, prepared: Prepared, answer: Answer) -> None:
        assert answer.failure is not None  # noqa: S101  (a refusal has one)
        self._refusals[prepared.name] = answer.failure
        self._refused.add(prepared.name)
        heappush(self._doubtful, (_together(), prepared.name, prepared))

    def _doubt(self, prepared: Prepared, answer: Answer) -> None:
        until = time.monotonic() + self._pace.doubt(answer)
        if answer.is_taken_in:
            # Once, since it may take the service minutes: a later run settles it.
            until = _together()
        # The name breaks ties: two entries of one moment would otherwise compare their drafts,
        # which have no order.
        heappush(self._doubtful, (until, prepared.name, prepared))
        if answer.is_refusal:
            self._refused.add(prepared.name)
        if answer.failure is not None and answer.is_taken_in:
            self._taken_in[prepared.name] = answer.failure
        if answer.failure is not None:
            self._last_words[prepared.name] = answer.failure.message

    def _accept(self, change: Change) -> None:
        failure = self._taken_in[change.name]._replace(hint=SETTLE_HINT)
        self._journal.add(*self._journal.accepted(change, failure))

    def _fail(self, change: Change, failure: Failure) -> None:
        self._journal.add(*self._journal.failed(change, failure))

    def _may_resend(self, name: str) -> bool:
        self._resent[name] = self._resent.get(name, 0) + 1
        return self._resent[name] <= RESENDS

    def _may_lack_files(self, prepared: Prepared, answer: Answer) -> bool:
        """Tells whether it is not there, and may have been refused for files that are there no
        more.
        """
        if not prepared.recalled:
            return False
        if answer.fate == "absent":
            return prepared.name in self._refused
        return answer.fate == "failed" and answer.is_refusal

    def _begins_anew(self, prepared: Prepared, answer: Answer) -> bool:
        """Tells whether its files are sent again now; what was deleted for it is left to the next
        run.
        """
        if self._stop.requested or isinstance(prepared.action, Replace):
            return False
        return self._may_lack_files(prepared, answer)

    def _begin_anew(self, change: Change) -> None:
        self._resent[change.name] = self._resent.get(change.name, 0) + 1
        self._refusals.pop(change.name, None)
        # In front: its files were sent a moment ago, and waiting behind 40,000 others would
        # have them forgotten again.
        self._waiting.appendleft(change)

    def _look_up(self) -> None:
        """Settles doubtful creates, once a request on its way has had the time to land."""
        due: list[Prepared] = []
        # After a stop nothing waits out its quarantine: what is there is recorded, and what is not
        # there yet stays open for the next run.
        while self._doubtful and (self._stop.requested or self._is_due()):
            due.append(heappop(self._doubtful)[2])
        if due:
            self._ask(self._sender.look_up, due)

    def _is_due(self) -> bool:
        return self._doubtful[0][0] <= time.monotonic()

    def _out_of_grace(self) -> bool:
        """Tells whether a stop was requested so long ago that what still runs is left behind."""
        if not self._stop.requested:
            return False
        # The time counts from when the stop is noticed here; a signal handler must not touch the
        # pipeline.
        if self._stopped_at is None:
            self._stopped_at = time.monotonic()
        return time.monotonic() - self._stopped_at > GRACE_SECONDS

    def _give_up_unfinished(self) -> None:
        for one in self._sending.values():
            self._give_up(one.action, "it was still running when the run ended")
        ready = [one.action for one in self._ready]
        # What was sent once and waits to be sent again is not untouched: it must be reported as
        # open, not as skipped.
        for change in (*ready, *self._preparing.values(), *self._waiting.put_back()):
            if change.name in self._resent:
                self._give_up(change, ENDED)

    def _give_up(self, change: Change, why: str) -> None:
        """Leaves what was sent and did not come back to the next run."""
        self._leave_open(
            change, unsettled("update" if isinstance(change, Update) else "create", why)
        )

    def _leave_open(self, change: Change, failure: Failure) -> None:
        self._tally.failure(failure)
        self._fail(change, failure)

    def _left_over(self) -> Iterator[Outcome]:
        """Yields what was not begun, or not finished in time, when the run was stopped."""
        ready = (one.action for one in self._ready)
        for change in chain(ready, self._preparing.values(), self._waiting.rest()):
            if change.name not in self._resent:
                yield skipped(change, self._stop.reason)


def _together() -> float:
    """The time at which those are looked up, all at once, that were answered with no id."""
    # At the end of the next but one of equal spans of time, so that all that were refused in one
    # span are asked about together: 2,000 refusals are a few questions.
    return (time.monotonic() // REFUSED_SECONDS + 2) * REFUSED_SECONDS


def _mask_bytes(change: Change) -> int:
    """The bytes of the files that the labels of a change are made of; 0 where there are none."""
    labels = changed_labels(change)
    if labels is None or labels.kind not in ("mask", "segmentation"):
        return 0
    return sum(item.size for item in labels.inputs)


def _is_small(change: Change) -> bool:
    one = change.datapoint
    return one.labels is None and one.size <= SMALL


def _weight(batch: Sequence[Prepared]) -> int:
    return sum(one.weight for one in batch)

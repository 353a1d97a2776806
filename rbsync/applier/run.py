"""One run of a plan: creates, then moves, then updates, then deletes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rbsync.applier.attempts import Attempts, no_attempts
from rbsync.applier.breaker import Breaker, Outage
from rbsync.applier.cancellation import BREAKER, UNREACHABLE, Cancellation, Tally
from rbsync.applier.carrying import Carrier
from rbsync.applier.content import Content
from rbsync.applier.journal import Ahead, Journal, nothing_ahead
from rbsync.applier.overwriting import Check, Keeper, keep_nothing
from rbsync.applier.pipeline import Pace, Pipeline
from rbsync.applier.prepare import Change, Preparer
from rbsync.applier.renamed_tasks import renamed
from rbsync.applier.results import removed, skipped
from rbsync.applier.retrying import Retrier
from rbsync.applier.send import Sender
from rbsync.applier.tools import Tools
from rbsync.applier.uploads import Uploads, known_uploads, repeated_contents
from rbsync.applier.workers import Workers
from rbsync.backends.base import Backend, Capabilities, Mark, ReadsBack, Renames
from rbsync.errors import BackendError, StoreError
from rbsync.model.outcome import Outcome
from rbsync.model.plan import Delete, Move, Overwriting, Plan, Replace, Update
from rbsync.model.record import Record
from rbsync.stores.base import Upload, Writer
from rbsync.stores.record_pages import amounts

if TYPE_CHECKING:
    from rbsync.executors.batches import Share

NO_DELETES = "nothing is deleted in a run that had a failure"
BATCH = 50
"""Deletes that share one intent and one request."""


def delete(actions: Sequence[Delete], tools: Tools) -> Iterator[Outcome]:
    """Yields what became of each delete, once that is durable. Raises StoreError."""
    for at in range(0, len(actions), BATCH):
        # A create that failed may be the new name of what is deleted here. To delete first would
        # leave the project with neither until the failure is mended.
        if tools.tally.failures or tools.stop.requested:
            why = tools.stop.reason or NO_DELETES
            yield from (skipped(one, why) for one in actions[at:])
            return
        _delete(actions[at : at + BATCH], tools)
        yield from tools.journal.commit()


def _delete(batch: Sequence[Delete], tools: Tools) -> None:
    journal = tools.journal
    journal.intend(batch)
    for one, answer in zip(batch, tools.sender.delete(batch), strict=True):
        if answer.fate == "missing":
            # Nothing was deleted, and the record that said so goes.
            journal.add(skipped(one, answer.note), None)
        elif answer.failure is None:
            journal.add(*removed(one))
        else:
            tools.tally.failure(answer.failure)
            journal.add(*journal.failed(one, answer.failure))


@dataclass(frozen=True, slots=True)
class Options:
    """``jobs`` is the number of workers; ``max_failures`` ends the run, None for never.

    ``give_up_after`` is for how many seconds an outage is waited for, 0 for not at all: then as
    many failures in a row as look like one end the run. ``sent`` is called with the bytes of each
    item that was sent, and ``outage`` when one begins and ends, from any thread. ``has_state`` says
    that the records tell which tasks the project had before. ``masks`` is how much of masks a
    worker has converted in one go, None where it converts each itself.
    """

    jobs: int = 4
    max_failures: int | None = None
    give_up_after: float = 0.0
    sent: Callable[[int], None] = lambda _: None
    outage: Callable[[Outage], None] = lambda _: None
    version: str = ""
    revision: str = ""
    has_state: bool = True
    masks: Share | None = None


def apply(
    plan: Plan,
    *,
    backend: Backend,
    writer: Writer,
    content: Content,
    stop: Cancellation,
    options: Options,
    set_aside: Callable[[Sequence[Record], Sequence[str]], None],
    retrier: Retrier | None = None,
    clock: Callable[[], float] = time.time,
    keeper: Keeper = keep_nothing,
    ahead: Ahead = nothing_ahead,
    attempts: Attempts = no_attempts,
) -> Iterator[Outcome]:
    """Runs a plan, and gives each outcome out once it is durable.

    ``set_aside`` gets results that could not be written.
    ``keeper`` is told what is overwritten, ``ahead`` what will be sent, and ``retrier`` is the
    one that the backend reads with, where it does. ``attempts`` tells what earlier runs may have
    left. Raises StoreError when the state cannot be
    written any more: then nothing more is sent, and what was sent is settled by the next run.
    """
    journal = Journal(writer, clock, set_aside, ahead)
    retrier = retrier or Retrier(stop.pause)
    breaker = _breaker(stop, options, backend.capabilities)
    known = known_uploads(writer, plan.effects) if backend.capabilities.keeps_uploads else {}
    uploads = Uploads(
        backend,
        content,
        retrier,
        known=known,
        repeated=repeated_contents(plan.effects),
        sent=options.sent,
        keep=journal.uploaded if backend.capabilities.keeps_uploads else _forget,
        lose=journal.lost,
    )

    def check_of(action: Overwriting) -> Check:
        record = journal.before(action.name)
        return Check(action, record, keeper, attempts=attempts)

    preparer = Preparer(uploads, content, stop, _mark_of(writer, options))
    tally = Tally(stop, options.max_failures, breaker=None if breaker else BREAKER)
    try:
        with retrier.patient(breaker):
            is_known = _known_before(plan, writer, backend, journal, options)
            sender = Sender(backend, retrier, journal.left, check_of, journal.was_refused, is_known)
            tools = Tools(preparer, sender, journal, tally, stop, keeper)
            yield from _in_order(plan, tools, options, backend, _mark_of(writer, options))
        yield from journal.commit(forget=plan.forgotten)
    finally:
        # When the caller gave up in the middle; what cannot be written was set aside.
        with suppress(StoreError):
            journal.commit()


def _known_before(
    plan: Plan, writer: Writer, backend: Backend, journal: Journal, options: Options
) -> Callable[[str, str], bool]:
    """Tells whether the answer to a create may speak of a task that was there before the run.

    It may be of any where the project has tasks that the state does not know, and else of the one
    that is recorded for the name.
    """
    # Without a state all tasks are unknown ones, and each create would be asked about once more.
    has_others = options.has_state and _has_others(plan, writer, backend)

    def is_known(name: str, task_id: str) -> bool:
        record = journal.before(name)
        return has_others or (record is not None and record.task_id == task_id)

    return is_known


def _has_others(plan: Plan, writer: Writer, backend: Backend) -> bool:
    if not isinstance(backend, ReadsBack) or not plan.creates:
        return False
    try:
        count = backend.count()
    except BackendError:
        # Whether it answers, the creates will tell.
        return False
    kept = sum(isinstance(one, Update | Replace | Move | Delete) for one in plan.singled_out)
    # To count records takes a while where there are many, and mostly the plan tells enough.
    if count <= plan.unchanged + kept:
        return False
    return count > amounts(writer).applied


def _mark_of(writer: Writer, options: Options) -> Mark:
    """Returns what this run's stamps say: the serial is one that no state before this run had."""
    header = writer.header()
    version, revision = options.version, options.revision
    return Mark(header.lineage, header.serial + 1, version=version, revision=revision)


def _breaker(stop: Cancellation, options: Options, capabilities: Capabilities) -> Breaker | None:
    """None where nothing is waited for: what needs no network, as a full disk, does not pass."""
    if not (options.give_up_after and capabilities.quarantine):
        return None
    return Breaker(
        stop.pause,
        partial(stop.request, UNREACHABLE),
        give_up_after=options.give_up_after,
        tell=options.outage,
    )


def _in_order(
    plan: Plan, tools: Tools, options: Options, backend: Backend, mark: Mark
) -> Iterator[Outcome]:
    jobs = options.jobs
    effects, capabilities = plan.singled_out, backend.capabilities
    moves = [one for one in effects if isinstance(one, Move)]
    changes: list[Change] = [one for one in effects if isinstance(one, Update | Replace)]
    pace = Pace(
        jobs,
        capabilities.batch,
        capabilities.quarantine,
        capabilities.staleness,
        capabilities.together,
        options.masks,
    )
    # Creates come first and deletes last: what was renamed is there under its new name before the
    # old one goes.
    yield from _change(plan.creates, tools, pace)
    tasks: dict[str, str] = {}
    for outcome in _move(moves, tools, jobs, backend, mark):
        if outcome.result == "applied":
            tasks[outcome.name] = outcome.task_id
        yield outcome
    changes += [one.update(tasks[one.name]) for one in moves if one.changed and one.name in tasks]
    # An update is several requests in a safe order. In a batch one that fails half-way would leave
    # unknown how far the others came.
    yield from _change(changes, tools, pace._replace(batch=1))
    yield from delete([one for one in effects if isinstance(one, Delete)], tools)


def _change(changes: Sequence[Change], tools: Tools, pace: Pace) -> Iterator[Outcome]:
    if changes:
        # Each worker is a thread. Of one file that a watch finds, or of a call for one datapoint,
        # their start would take longer than the create.
        with closing(Workers(min(pace.jobs, len(changes)))) as workers:
            yield from Pipeline(changes, tools, workers, pace).outcomes()


def _move(
    moves: Sequence[Move], tools: Tools, jobs: int, backend: Backend, mark: Mark
) -> Iterator[Outcome]:
    if not moves:
        return iter(())
    if isinstance(backend, Renames):
        return renamed(moves, backend, tools, mark)
    return Carrier(backend, tools, mark, jobs).outcomes(moves)


def _forget(_: Upload) -> None:
    """Forgets what the backend does not keep: it is of no use to a later run."""

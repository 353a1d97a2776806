"""One run of a plan: creates and updates, then deletes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rbsync.apply.journal import Journal
from rbsync.apply.pipeline import GROUP, Pipeline
from rbsync.apply.prepare import Content, Preparer
from rbsync.apply.results import failed, skipped
from rbsync.apply.retry import Retrier
from rbsync.apply.send import Sender
from rbsync.apply.stop import Stop, Tally
from rbsync.backends.base import Backend
from rbsync.model.outcome import Outcome
from rbsync.model.plan import Delete, Plan
from rbsync.model.state import Record
from rbsync.stores.base import Writer

NO_DELETES = "nothing is deleted in a run that had a failure"


@dataclass(frozen=True, slots=True)
class Options:
    """``jobs`` is the number of workers; ``max_failures`` ends the run, None for never.

    ``sent`` is called with the bytes of each item that was sent, from any thread.
    """

    jobs: int = 4
    max_failures: int | None = None
    sent: Callable[[int], None] = lambda _: None


def apply(
    plan: Plan,
    *,
    backend: Backend,
    writer: Writer,
    records: Mapping[str, Record],
    content: Content,
    stop: Stop,
    options: Options,
    rescue: Callable[[Sequence[Record], Sequence[str]], None],
    clock: Callable[[], float] = time.time,
) -> Iterator[Outcome]:
    """Runs a plan, and gives each outcome out once it is durable.

    ``records`` is what the writer holds; ``rescue`` gets results that could not be written.
    Raises StoreError when the state cannot be written any more: then nothing more is sent, and
    what was sent is settled by the next run.
    """
    retrier = Retrier(stop.pause)
    journal = Journal(writer, records, clock, rescue)
    tally = Tally(stop, options.max_failures)
    sender = Sender(backend, retrier)
    changes = [one for one in plan.effects if not isinstance(one, Delete)]
    known = _known_uploads(writer, plan) if backend.capabilities.keeps_uploads else _none
    pool = ThreadPoolExecutor(options.jobs, "rbsync")
    try:
        yield from Pipeline(
            changes,
            preparer=Preparer(backend, content, retrier, known, options.sent),
            sender=sender,
            journal=journal,
            tally=tally,
            stop=stop,
            pool=pool,
            jobs=options.jobs,
            batch=backend.capabilities.batch,
            quarantine=backend.capabilities.quarantine,
            clock=clock,
        ).outcomes()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    deletes = [one for one in plan.effects if isinstance(one, Delete)]
    yield from _delete(deletes, sender, journal, tally, stop, clock)
    yield from journal.commit(forget=plan.forgotten)


def _known_uploads(writer: Writer, plan: Plan) -> Callable[[str], Mapping[str, str]]:
    """The uploads of earlier runs that this plan can use, by storage, looked up beforehand."""
    wanted: dict[str, set[str]] = {}
    for action in plan.effects:
        if not isinstance(action, Delete):
            contents = wanted.setdefault(action.datapoint.settings.storage, set())
            contents.update(item.content for item in action.datapoint.items if item.is_local)
    found = {storage: writer.uploads(contents, storage) for storage, contents in wanted.items()}
    return lambda storage: found.get(storage, {})


def _none(_: str) -> Mapping[str, str]:
    return {}


def _delete(
    actions: Sequence[Delete],
    sender: Sender,
    journal: Journal,
    tally: Tally,
    stop: Stop,
    clock: Callable[[], float],
) -> Iterator[Outcome]:
    """Deletes, but only in a run in which all went well so far."""
    for at in range(0, len(actions), GROUP):
        if tally.failures or stop.requested:
            why = stop.reason or NO_DELETES
            yield from (skipped(one, why) for one in actions[at:])
            return
        batch = actions[at : at + GROUP]
        journal.intend("delete", ((one.name, None) for one in batch))
        for one, answer in zip(batch, sender.delete(batch), strict=True):
            if answer.failure is None:
                journal.add(Outcome(one.name, "delete", "removed", one.task_id), None)
            else:
                tally.failure(answer.failure)
                before = journal.before(one.name)
                journal.add(*failed(one, answer.failure, before, clock()))
        yield from journal.commit()

"""Moves in a project that can rename: a row changes, and nothing of the task is copied or lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rbsync.applier.action_failures import failure_of
from rbsync.applier.results import moved, skipped
from rbsync.applier.retrying import GivenUpError, StoppedError
from rbsync.applier.tools import Tools
from rbsync.backends.base import Mark, NamedTask, NewName, Renames
from rbsync.model.outcome import Failure, Outcome
from rbsync.model.plan import Move
from rbsync.reasons import Phase

BATCH = 50
_PHASE: Phase = "move"


def renamed(moves: Sequence[Move], backend: Renames, tools: Tools, mark: Mark) -> Iterator[Outcome]:
    """Yields what became of each move, once that is durable. Raises StoreError."""
    for at in range(0, len(moves), BATCH):
        if tools.stop.requested:
            yield from (skipped(one, tools.stop.reason) for one in moves[at:])
            return
        batch = moves[at : at + BATCH]
        # The history is written with the intents, so that what was called otherwise can be found.
        tools.journal.intend(batch)
        _rename(batch, backend, tools, mark)
        yield from tools.journal.commit()


def _rename(batch: Sequence[Move], backend: Renames, tools: Tools, mark: Mark) -> None:
    why = _refusals(batch, backend, tools, mark)
    for one in batch:
        failure = why.get(one.name)
        if failure is None:
            tools.journal.add_moved(*moved(one, one.task_id), one.old)
        else:
            tools.tally.failure(failure)
            tools.journal.add(*tools.journal.failed(one, failure))


def _refusals(
    batch: Sequence[Move], backend: Renames, tools: Tools, mark: Mark
) -> dict[str, Failure]:
    names = [
        NewName(
            NamedTask(one.old, one.task_id),
            one.name,
            tuple(item.ref for item in one.datapoint.items),
            mark._replace(declined=one.declined),
        )
        for one in batch
    ]
    try:
        said = tools.sender.retrier.call(lambda: backend.rename(names), repeatable=True)
    except StoppedError as error:
        return {one.name: failure_of(error, _PHASE) for one in batch}
    except GivenUpError as error:
        return {one.name: failure_of(error, _PHASE) for one in batch}
    return {
        name: Failure("conflict", _PHASE, message, hint="run plan again")
        for name, message in said.items()
    }

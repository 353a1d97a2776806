"""Deletes: the last thing in a run, and only in one in which all went well so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rbsync.applier.results import removed, skipped
from rbsync.applier.tools import Tools
from rbsync.model.outcome import Outcome
from rbsync.model.plan import Delete

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

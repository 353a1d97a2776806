"""Looks up what runs of ours may have left before they were cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rbsync.applier.snapshot import read_document
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.history import Change
from rbsync.model.record import Record
from rbsync.stores.history.base import History

Attempts = Callable[[Record | None], Sequence[Fingerprint]]
"""What was attempted of a record since it was last left."""


def no_attempts(_record: Record | None, /) -> Sequence[Fingerprint]:
    """Satisfies ``Attempts``: the record itself has the last one."""
    return ()


def attempts_in(history: History) -> Attempts:
    """Returns what looks attempts up in a history. It raises StoreError.

    A record has the last attempt alone. After two updates that were cut off, each of another
    content, the project may have what the first one left.
    """

    def attempts(record: Record | None) -> Sequence[Fingerprint]:
        # Asked only after a run that did not end well: whatever was left long ago, and stands
        # there again, may as well be the work of people.
        if record is None or record.applied is None or not (record.attempted or record.pending):
            return ()
        found: list[Fingerprint] = []
        for change in history.life(record.name):
            if change.was != record.applied or change.now is None:
                break
            found += [change.now, *_half_of(history, change)]
        return found

    return attempts


def _half_of(history: History, change: Change) -> Iterator[Fingerprint]:
    """The state that a change has left that was cut off between the two requests for settings."""
    if change.was is None or not change.before:
        return
    if half := read_document(history.content, change.before).get("half"):
        yield change.was._replace(settings=half)

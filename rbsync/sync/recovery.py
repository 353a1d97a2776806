"""Settling what an earlier run left open: looked at by those who plan, waited for to go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from rbsync.applier.cancellation import Cancellation
from rbsync.applier.recovery import settle_all, settle_seen
from rbsync.backends.base import Backend
from rbsync.errors import BackendError
from rbsync.model.packed_records import changed
from rbsync.model.record import Record
from rbsync.model.storages import UPLOADED
from rbsync.stores.base import Writer

_NAMED = 3


class Settling:
    """Of one project, for as long as a command lasts: it waits once for the same requests."""

    def __init__(self, backend: Backend, note: Callable[[str], None]) -> None:
        """``note`` is told what is waited for, and for how long."""
        self._backend = backend
        self._note = note
        self._waited: Mapping[str, Record] = {}

    def look(self, records: Mapping[str, Record]) -> Mapping[str, Record]:
        """The records with what is certain now; nothing is waited for, the rest stays pending."""
        try:
            settled = settle_seen(self._backend, records, now=time.time())
        # A plan can be made without the project; what is open is then shown as open.
        except BackendError:
            return records
        return changed(records, settled) if settled else records

    def recover(self, writer: Writer, stop: Cancellation) -> Mapping[str, Record | None]:
        """Settles what is pending, and writes it down; waits until no request can land any more.

        Returns what was settled, None for a record that was removed. What the project cannot
        tell now, or not before a stop, stays open.
        """
        pending = writer.pending_records()
        try:
            settled = settle_all(
                self._backend,
                pending,
                clock=time.time,
                pause=lambda seconds: self._wait(pending, seconds, stop),
                recall=partial(_recall, writer),
            )
        except BackendError as error:
            self._note(f"What an earlier run left open cannot be settled now: {error}.")
            return {}
        if settled:
            known = [record for record in settled.values() if record is not None]
            writer.commit(known, removed=[name for name, one in settled.items() if one is None])
        return settled

    def _wait(self, pending: Mapping[str, Record], seconds: float, stop: Cancellation) -> bool:
        # `apply` plans, settles and plans again. The wait of half a minute is one for all of them.
        if all(self._waited.get(name) == record for name, record in pending.items()):
            return True
        self._note(waiting_for(sorted(pending), seconds))
        done = stop.pause(seconds)
        if done:
            self._waited = pending
        return done


def _recall(writer: Writer, refs: Sequence[str], contents: Sequence[str]) -> dict[str, str]:
    sent = writer.uploads(contents, UPLOADED)
    return {**writer.contents(refs), **{ref: content for content, ref in sent.items()}}


def waiting_for(names: list[str], seconds: float) -> str:
    """Returns what is said before the wait."""
    more = len(names) - _NAMED
    listed = ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
    return (
        f"Waiting {seconds:.0f} s: an earlier run ended before it knew what became of {listed}, "
        "and a request of it may still arrive."
    )

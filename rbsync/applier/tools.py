"""The parts of one run, in one value."""

from __future__ import annotations

from dataclasses import dataclass

from rbsync.applier.cancellation import Cancellation, Tally
from rbsync.applier.journal import Journal
from rbsync.applier.overwriting import Keeper, keep_nothing
from rbsync.applier.prepare import Preparer
from rbsync.applier.send import Sender


@dataclass(frozen=True, slots=True)
class Tools:
    """One of each for a whole run."""

    preparer: Preparer
    sender: Sender
    journal: Journal
    tally: Tally
    stop: Cancellation
    keeper: Keeper = keep_nothing

"""The records of what was created, one a name, and the header of the state that has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rbsync.model.fingerprint import FACETS, Facet, Fingerprint
from rbsync.model.outcome import Failure
from rbsync.reasons import TAKE_IN, DeclinedFor, Operation

UNKNOWN = Fingerprint("unknown", "unknown", "unknown")
"""What a task has that was taken over by force: it equals nothing, so that all is updated."""


class Declined(NamedTuple):
    """A part that is declared and shall not be done, as long as just that is declared.

    Without it the next apply would do again what was taken back, for the manifest still says it.
    ``fingerprint`` is the declared one, None where it is declined that the datapoint is gone.
    ``why`` is ``undone`` when it was taken back, ``theirs`` when what others made was preferred.
    """

    why: DeclinedFor
    fingerprint: Fingerprint | None
    facets: tuple[Facet, ...] = FACETS

    def declines(self, facet: Facet, declared: Fingerprint) -> bool:
        """Tells whether a declared facet is the one that is not wanted."""
        # None declines that the datapoint is gone, which is no facet of one that is declared.
        if self.fingerprint is None or facet not in self.facets:
            return False
        return bool(getattr(self.fingerprint, facet) == getattr(declared, facet))


class Record(NamedTuple):
    """All that is known of one name.

    ``applied`` is the fingerprint that the project has, None when it has none. After a failure
    ``failure`` says why and ``attempted`` what was being applied. ``pending`` is the intent whose
    result is not known, when there is one. ``declined`` is what is declared and not wanted; of a
    datapoint that shall not be there it may be all that is known. ``old_name`` is the name of the
    task that it was moved from and that is still to be put away: the move was cut off.
    """

    name: str
    # What the project has, and not what was declared last: after a failure the two differ.
    applied: Fingerprint | None = None
    task_id: str = ""
    failure: Failure | None = None
    attempted: Fingerprint | None = None
    # After a crash it is the only trace of what may have landed.
    pending: Intent | None = None
    declined: tuple[Declined, ...] = ()
    old_name: str = ""

    @property
    def is_certain(self) -> bool:
        """Tells whether no run may have changed it without having recorded that."""
        return self.pending is None and self.attempted is None

    @property
    def is_plain(self) -> bool:
        """Tells whether it says what the project has, and nothing else.

        Anything else calls for an action though no file changed.
        """
        return self == Record(self.name, self.applied, self.task_id)

    @property
    def has_failed(self) -> bool:
        """Tells whether the last thing that was tried did not succeed."""
        return self.failure is not None and not self.is_accepted

    @property
    def is_accepted(self) -> bool:
        """Tells whether the service agreed to make it, and was not seen to have done so yet."""
        # Videos are cut into frames first, which takes the service minutes.
        phase = self.failure.phase if self.failure else ""
        return self.pending is not None and phase == TAKE_IN


def attempted_since(record: Record, latest: Fingerprint) -> Fingerprint:
    """Returns what runs may have left of a record that failed or were cut off.

    That is the latest attempt, and of the facets that it does not change what was attempted
    before: a run that is cut off before it has put them back leaves them so.
    """
    if record.applied is None or record.attempted is None:
        return latest
    changed = latest.changed_since(record.applied)
    return record.attempted.merged(latest, changed)


class Intent(NamedTuple):
    """The intent to send something, written down before it is sent.

    ``fingerprint`` is what the datapoint will have, None for a delete; ``sent_at`` is in seconds
    since the epoch. ``declined`` is what its record is to say once it is done. ``old_name`` is the
    name that a move takes it from, else empty.
    """

    name: str
    operation: Operation
    fingerprint: Fingerprint | None
    # Tells when the quarantine is over, in which a request that was lost may still land.
    sent_at: float = 0.0
    declined: tuple[Declined, ...] = ()
    old_name: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """The identity of a state, and the project that it belongs to.

    ``lineage`` never changes, ``serial`` grows with every commit, ``epoch`` with every holder of
    the lock. ``target`` is the identity of the project, empty until the first apply.
    """

    lineage: str
    serial: int
    epoch: int
    # A state that is used with another project would delete there what it has never made.
    target: str

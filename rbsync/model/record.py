"""The records of what was created, one a name, and the header of the state that has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Failure

UNKNOWN = Fingerprint("unknown", "unknown", "unknown")
"""What a task has that was taken over by force: it equals nothing, so that all is updated."""


class Record(NamedTuple):
    """All that is known of one name.

    ``applied`` is the fingerprint that the project has, None when it has none. After a failure
    ``failure`` says why and ``attempted`` what was being applied. ``pending`` is the intent whose
    result is not known, when there is one.
    """

    name: str
    applied: Fingerprint | None = None
    task_id: str = ""
    failure: Failure | None = None
    attempted: Fingerprint | None = None
    pending: Intent | None = None


class Intent(NamedTuple):
    """The intent to send something, written down before it is sent.

    ``operation`` is ``create``, ``update`` or ``delete``; ``fingerprint`` is what the datapoint
    will have, None for a delete; ``sent_at`` is in seconds since the epoch.
    """

    name: str
    operation: str
    fingerprint: Fingerprint | None
    sent_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Header:
    """The identity of a state, and the project that it belongs to.

    ``lineage`` never changes, ``serial`` grows with every commit, ``epoch`` with every holder of
    the lock. ``target`` is the identity of the project, empty until the first apply.
    """

    lineage: str
    serial: int
    epoch: int
    target: str

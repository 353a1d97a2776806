"""What is known to have been created: one record a name, and what a state belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Failure


class Record(NamedTuple):
    """What is known of one name.

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
    """What is about to be sent, written down before it is sent.

    ``operation`` is ``create``, ``update`` or ``delete``; ``fingerprint`` is what the datapoint
    will have, None for a delete; ``sent_at`` is in seconds since the epoch.
    """

    name: str
    operation: str
    fingerprint: Fingerprint | None
    sent_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Header:
    """What a state is and belongs to.

    ``lineage`` never changes, ``serial`` grows with every commit, ``epoch`` with every holder of
    the lock. ``target`` is the identity of the project, empty until the first apply.
    """

    lineage: str
    serial: int
    epoch: int
    target: str

"""The values of a state's rows, which are the same in every database: records and intents."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from rbsync.model.declined_text import declined_in, declined_text
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Failure
from rbsync.model.record import Header, Intent, Record
from rbsync.reasons import OPERATIONS
from rbsync.stores.seals import BrokenSealError, opened, sealed

Row = tuple[Any, ...]
"""The values of a row in the order of its columns, with its seal at the end."""

_NONE = (None, None, None)


class Content(NamedTuple):
    """All of a state as sealed rows, which one database takes over from another as they are."""

    header: Header
    records: Sequence[Row]
    intents: Sequence[Row]
    uploads: Sequence[Row]

    @property
    def in_order(self) -> Content:
        """The same with its rows in the order of their keys, to be compared."""
        return self._replace(
            records=sorted(self.records, key=itemgetter(0)),
            intents=sorted(self.intents, key=itemgetter(0)),
            uploads=sorted(self.uploads, key=itemgetter(0, 1)),
        )


def checked(what: str, rows: Iterable[Row]) -> list[Row]:
    """The rows, each as it was written. Raises BrokenSealError for one that is not."""
    found = list(rows)
    for row in found:
        opened(what, row)
    return found


def record_row(one: Record) -> Row:
    """The sealed row of a record, without its intent."""
    failure = json.dumps(one.failure._asdict()) if one.failure else None
    attempted = json.dumps(one.attempted) if one.attempted else None
    declined = declined_text(one.declined) or None
    facets = one.applied or _NONE
    old = one.old_name or None
    return sealed((one.name, *facets, one.task_id, failure, attempted, declined, old))


def intent_row(one: Intent) -> Row:
    """The sealed row of an intent."""
    declined = declined_text(one.declined) or None
    facets = one.fingerprint or _NONE
    # The column makes a real number of an integer.
    sent_at = float(one.sent_at)
    return sealed((one.name, one.operation, *facets, sent_at, declined, one.old_name or None))


def record_of(row: Row) -> Record:
    """The record of a row. Raises BrokenSealError when it is not as it was written."""
    name, items, labels, settings, task_id, failure, attempted, declined, old = opened(
        "record", row
    )
    try:
        return Record(
            name,
            _fingerprint(items, labels, settings),
            task_id,
            Failure(**json.loads(failure)) if failure else None,
            Fingerprint(*json.loads(attempted)) if attempted else None,
            declined=declined_in(declined),
            old_name=old or "",
        )
    except (ValueError, TypeError) as error:
        raise BrokenSealError(f"the record of {name!r} cannot be read: {error}") from error


def intent_of(row: Row) -> Intent:
    """The intent of a row. Raises BrokenSealError when it is not as it was written."""
    name, operation, items, labels, settings, sent_at, declined, old = opened("intent", row)
    # What is not known to be a delete would be settled as if it had sent something.
    if operation not in OPERATIONS:
        raise BrokenSealError(f"the intent of {name!r} is to {operation!r}, which nobody knows")
    fingerprint = _fingerprint(items, labels, settings)
    return Intent(name, operation, fingerprint, sent_at, declined_in(declined), old or "")


def _fingerprint(items: str | None, labels: str, settings: str) -> Fingerprint | None:
    return None if items is None else Fingerprint(items, labels, settings)

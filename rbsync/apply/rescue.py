"""Results that could not be written to the state, kept beside it until they are taken in."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from rbsync.errors import StoreError
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Failure
from rbsync.model.state import Intent, Record
from rbsync.stores.base import Writer


class Rescue:
    """A file of JSON lines, one a result; where even that fails, standard error gets them."""

    def __init__(self, path: str) -> None:
        self.path = path

    def keep(self, records: Sequence[Record], removed: Sequence[str]) -> None:
        """Writes results down, durably."""
        lines = [json.dumps(record_json(one)) for one in records]
        lines += [json.dumps({"removed": name}) for name in removed]
        text = "".join(line + "\n" for line in lines)
        try:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            sys.stderr.write(text)

    def check(self) -> None:
        """Raises StoreError as long as there are results that the state lacks."""
        if os.path.exists(self.path):
            raise StoreError(
                f"an earlier run could not write its results, and left them in {self.path}",
                hint="take them in with `rbsync state recover`",
            )

    def recover(self, writer: Writer) -> int:
        """Takes the results into the state, removes the file, and says how many there were.

        Raises StoreError, also for a line that cannot be read; then nothing is changed.
        """
        records: list[Record] = []
        removed: list[str] = []
        for entry in self._entries():
            if "removed" in entry:
                removed.append(entry["removed"])
            else:
                records.append(record_of(entry))
        writer.commit(records, removed=removed)
        os.remove(self.path)
        return len(records) + len(removed)

    def _entries(self) -> Iterator[dict[str, Any]]:
        try:
            with open(self.path, encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    try:
                        yield json.loads(line)
                    except ValueError as error:
                        message = f"{self.path}:{number}: this line is no result: {error}"
                        raise StoreError(message, hint="remove the line, then try again") from error
        except FileNotFoundError:
            raise StoreError("there are no results to take in") from None


def record_json(record: Record) -> dict[str, Any]:
    """A record as JSON."""
    return {
        **record._asdict(),
        "failure": record.failure._asdict() if record.failure else None,
        "pending": record.pending._asdict() if record.pending else None,
    }


def record_of(entry: dict[str, Any]) -> Record:
    """A record from its JSON."""
    pending = entry["pending"]
    return Record(
        entry["name"],
        _fingerprint(entry["applied"]),
        entry["task_id"],
        Failure(**entry["failure"]) if entry["failure"] else None,
        _fingerprint(entry["attempted"]),
        Intent(**{**pending, "fingerprint": _fingerprint(pending["fingerprint"])})
        if pending
        else None,
    )


def _fingerprint(value: list[str] | None) -> Fingerprint | None:
    return Fingerprint(*value) if value else None

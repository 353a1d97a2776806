"""Results that could not be written to the state, kept beside it until they are taken in."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence

from rbsync.errors import StoreError
from rbsync.model.record import Intent, Record
from rbsync.stores.base import Writer
from rbsync.stores.record_json import record_json

FORMAT_VERSION = 1
LOOKED_UP = 0.5
"""The time of an intent that stands for a result: in 1970 no run sent anything."""
BY_HAND = "Save these lines under that name, then run `rbsync state recover`:"


class RecoveryFile:
    """A file of JSON lines, one a result; where even that fails, standard error gets them."""

    def __init__(self, path: str) -> None:
        self.path = path

    def keep(self, records: Sequence[Record], removed: Sequence[str]) -> None:
        """Writes results down, durably."""
        results = [*map(record_json, records), *({"removed": name} for name in removed)]
        lines = (json.dumps({"format_version": FORMAT_VERSION, **one}) for one in results)
        text = "".join(line + "\n" for line in lines)
        try:
            self._append(text.encode())
        except OSError as error:
            reason = error.strerror or str(error)
            # The disk is full for both files. What is printed can be saved elsewhere; what is only
            # counted is lost.
            sys.stderr.write(f"{self.path} cannot be written ({reason}). {BY_HAND}\n{text}")

    def _append(self, data: bytes) -> None:
        # Unbuffered, so that a full disk is noticed at the write and not when the file is closed,
        # after the lines were taken for safe.
        with open(self.path, "ab", buffering=0) as file:
            end = file.tell()
            try:
                left = memoryview(data)
                while left:
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
            except OSError:
                # Half a line would be in the way of `recover`.
                file.truncate(end)
                raise
            finally:
                # An empty file would keep every later run from starting, with nothing in it to take
                # in.
                if not os.fstat(file.fileno()).st_size:
                    os.remove(self.path)

    def check(self) -> None:
        """Raises StoreError as long as there are results that the state lacks."""
        if os.path.exists(self.path):
            raise StoreError(
                f"an earlier run could not write its results, and left them in {self.path}",
                hint="take them in with `rbsync state recover`",
            )

    def recover(self, writer: Writer) -> int:
        """Takes the results into the state, removes the file, and says how many there were.

        Does nothing when there is no such file. A result that a later run knows better is left
        out, and one that the state has nothing of is looked up by the next apply. Raises
        StoreError, also for a line that cannot be read; then nothing is changed.
        """
        if not os.path.exists(self.path):
            return 0
        results = dict(self._results())
        present = writer.some_records(results)
        news = [
            (name, record)
            for name, record in results.items()
            if _is_news(record, present.get(name))
        ]
        records = [record for _, record in news if record is not None]
        # A run that stood still sent what another, which had taken over, had looked for in vain. It
        # is there, or was deleted since: only the project can tell.
        unsure = [
            Intent(name, "create", one.applied, LOOKED_UP, one.declined)
            for name, one in results.items()
            if one and one.applied and one.failure is None and name not in present
        ]
        writer.commit(records, removed=[name for name, record in news if record is None])
        writer.intend(unsure)
        # Only after the commit: a crash in between takes the results in twice, which
        # changes nothing.
        os.remove(self.path)
        return len(news) + len(unsure)

    def _results(self) -> Iterator[tuple[str, Record | None]]:
        # Every command looks for the file, few find one, and the shapes of its lines take long to
        # make.
        from rbsync.applier.recovery_lines import read_line

        with open(self.path, encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield read_line(line)
                except ValueError as error:
                    raise self._unreadable(number, str(error)) from error

    def _unreadable(self, number: int, why: str) -> StoreError:
        message = f"{self.path}:{number}: this line is no result: {why}"
        return StoreError(message, hint="remove the line, then try again")


def _is_news(result: Record | None, present: Record | None) -> bool:
    """Tells whether the state still waits for a result, or had nothing to do with it meanwhile."""
    if present is not None and present.pending is not None:
        # A recovery that was cut off before it removed the file has left this to be looked up.
        if present.pending.sent_at == LOOKED_UP:
            return False
        # The intent may be a newer one of the same name. Its result is not known, and an older
        # result must not close it.
        told = (result.attempted or result.applied) if result else None
        return present.pending.fingerprint == told
    if result is None:
        return False
    known = present or Record(result.name)
    return result.failure is not None and (known.applied, known.task_id) == (
        result.applied,
        result.task_id,
    )

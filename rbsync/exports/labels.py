"""Labels as they are: a JSON file for each datapoint, or one items list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import ClassVar

from rbsync.backends.base import TaskContent
from rbsync.exports.base import Export, File
from rbsync.exports.paths import Paths, UnfitError


class LabelExport(Export):
    """Write labels: a file for each datapoint in DIR, or one items list FILE (.json, .jsonl).

    Exits with 3 when a datapoint had to be left out.

    \b
    Example:
      rbsync export labels labels.json
    """

    takes: ClassVar[str] = "DIR|FILE"

    def files(self, tasks: Iterator[TaskContent]) -> Iterator[File]:
        paths = Paths()
        for one in tasks:
            file = f"{one.task.name}.json"
            try:
                paths.take(one.task.name, [file])
            except UnfitError as why:
                self.left_out.append(f"{one.task.name}: {why}")
                self.is_partial = True
                continue
            self.written += 1
            yield File(file, one.labels.encode())

    def stream(self, path: str, tasks: Iterator[TaskContent]) -> Iterator[bytes] | None:
        if path.lower().endswith(".jsonl"):
            return self._list(tasks, b"", b"\n", b"\n")
        if path.lower().endswith(".json"):
            return self._list(tasks, b"[\n", b",\n", b"\n]\n")
        return None

    def _list(
        self, tasks: Iterator[TaskContent], start: bytes, between: bytes, end: bytes
    ) -> Iterator[bytes]:
        for one in tasks:
            yield (between if self.written else start) + _entry(one)
            self.written += 1
        # Without any task this is a JSON list all the same.
        yield end if self.written else start + end.lstrip()


def _entry(one: TaskContent) -> bytes:
    """A task as an entry of an items list, with its labels as they are."""
    own = json.dumps({"name": one.task.name, "items": list(one.task.items)}, ensure_ascii=False)
    # As text, not read and written again: numbers stay as the service spells them.
    return f'{own[:-1]}, "labels": {one.labels}}}'.encode()

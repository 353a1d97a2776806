"""An export format: a text file with the names of the tasks that have labels."""

from __future__ import annotations

from collections.abc import Iterator

from rbsync.backends.base import TaskContent
from rbsync.exports.base import Export, File


class NameExport(Export):
    """Write the names of labelled datapoints to names.txt in DIR."""

    def files(self, tasks: Iterator[TaskContent]) -> Iterator[File]:
        names = [one.task.name for one in tasks]
        self.written = len(names)
        yield File("names.txt", "".join(f"{name}\n" for name in names).encode())

"""Files that are in several datapoints: people label one picture twice without knowing."""

from __future__ import annotations

from collections.abc import Iterable

from rbsync.dataset.findings import Findings
from rbsync.errors import Location, Problem
from rbsync.model.storages import is_uploaded
from rbsync.sources.base import Entry


def warn_of_shared_files(entries: Iterable[Entry], findings: Findings) -> None:
    """Warns once of the files that two sources made datapoints of.

    That is allowed, and the file is uploaded once. It is told because a picture and its mask are
    easily declared apart: as one datapoint with labels, and as another one without.
    """
    entries = list(entries)
    # One source finds each file once. A million entries of one need no table to tell that.
    if all(one.origin is entries[0].origin for one in entries):
        return
    owners: dict[str, Entry] = {}
    first: tuple[str, Entry, Entry] | None = None
    count = 0
    for entry in entries:
        if not is_uploaded(entry.settings.storage):
            continue
        for item in entry.items:
            other = owners.setdefault(item, entry)
            if other.origin != entry.origin and other.name != entry.name:
                count += 1
                first = first or (item, other, entry)
    if first is not None:
        findings.warn(_problem(count, *first))


def _problem(count: int, item: str, one: Entry, other: Entry) -> Problem:
    where = f"`{one.name}` ({_line(one.origin)}) and `{other.name}` ({_line(other.origin)})"
    message = f"`{item}` is in two datapoints, {where}"
    if count > 1:
        message += f", and so are {count - 1:,} more files"
    hint = "leave it out of one of them with `exclude`, where it is the same picture to people"
    return Problem("shared-file", message, other.origin, hint)


def _line(origin: Location) -> str:
    return f"{origin.file}:{origin.line}"

"""The number of files that a DICOM series is made of, where its files say it.

Source: DICOM PS3.4 C.3.4: Number of Series Related Instances, which some exporters write.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from rbsync.files.readiness import Group
from rbsync.files.structure.dicom import fields
from rbsync.files.structure.span import Span

_NUMBER = (0x0020, 0x1209)
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".nii", ".gz", ".mp4", ".nrrd")


class Counts(NamedTuple):
    """The files of one series that are there, that there are to be, and those of all series."""

    found: int
    wanted: int
    all: int

    def __str__(self) -> str:
        return f"{self.found:,} of the {self.wanted:,} files are there that its headers speak of"


class Instances:
    """Reads what the first file of each series says, once a version of it."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._known: dict[str, tuple[tuple[int, int], int]] = {}

    def wanted(self, group: Group) -> Counts | None:
        """The counts of the first series that is not complete, or of the last; None for unknown."""
        counts = None
        for paths in _series(group):
            number = self._number(paths[0])
            # One series that does not say leaves all open: the quiet of the folder decides then.
            if not number:
                return None
            counts = Counts(len(paths), number, len(group.paths))
            if counts.found < counts.wanted:
                return counts
        return counts

    def _number(self, path: str) -> int:
        if path.lower().endswith(_PICTURES):
            return 0
        with suppress(OSError, ValueError):
            # Without O_NONBLOCK the open of a named pipe would wait for ever.
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(os.path.join(self._root, path), flags)
            try:
                return self._read(path, descriptor)
            finally:
                os.close(descriptor)
        return 0

    def _read(self, path: str, descriptor: int) -> int:
        found = os.fstat(descriptor)
        version = (found.st_size, found.st_mtime_ns)
        known = self._known.get(path)
        if known is None or known[0] != version:
            values = fields(Span(descriptor, found.st_size), {_NUMBER}).values
            text = values.get(_NUMBER, b"").decode("ascii", "replace").strip("\0 ")
            known = self._known[path] = (version, int(text) if text.isdecimal() else 0)
        return known[1]


def _series(group: Group) -> Iterator[tuple[str, ...]]:
    start = 0
    for count in group.series or (len(group.paths),):
        yield group.paths[start : start + count]
        start += count

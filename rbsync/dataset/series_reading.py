"""The DICOM files of a series, looked at together: one patient, one acquisition, each file once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from rbsync.dataset.dicom_slices import CONTEXT, DIRECTORY, Slice, grid_of, inspect_dicom, slice_of
from rbsync.dataset.findings import Findings
from rbsync.dataset.inspection import Inspected, Inspection, Inspections
from rbsync.dataset.items import Files
from rbsync.errors import Problem
from rbsync.files.kinds import DICOM
from rbsync.files.tree import Tree
from rbsync.model.datapoint import Item
from rbsync.sources.entry import Entry

_HINT = (
    "a series is one acquisition of one patient: name its files alone, and put the others into a "
    "series of their own"
)


class Member(NamedTuple):
    """A file of a series, and what its header says."""

    item: Item
    header: Slice


class SeriesReader:
    """Reads the headers of DICOM files that are to be one series, and tells what does not fit."""

    def __init__(self, tree: Tree, inspections: Inspections, findings: Findings) -> None:
        self._tree, self._inspections, self._findings = tree, inspections, findings

    def read(self, entries: Iterable[Entry], files: Files) -> None:
        """Looks at all files that are not known yet."""
        self._inspections.take(
            self._inspection(item)
            for entry in entries
            for paths in _parts(entry, files)
            for item in _dicoms(entry, paths, files)
        )

    def check(self, entries: Iterable[Entry], files: Files) -> None:
        """Reports what the files of one series do not have in common."""
        for entry in entries:
            for paths in _parts(entry, files):
                self._check(entry, self._members(entry, paths, files))

    def grid(self, entry: Entry, paths: Sequence[str], files: Files) -> Inspected | None:
        """The grid of a series of DICOM files that were read; None where they do not say it."""
        members = self._members(entry, paths, files)
        headers = [one.header for one in members if one.header.kind != DIRECTORY]
        return grid_of(headers) if headers and len(members) == len(paths) else None

    def _inspection(self, item: Item) -> Inspection:
        work = partial(inspect_dicom, self._tree.roots, item, self._tree.algorithm)
        return Inspection(CONTEXT, item.content, (item.ref,), item.size, work)

    def _members(self, entry: Entry, paths: Sequence[str], files: Files) -> list[Member]:
        found = []
        for item in _dicoms(entry, paths, files):
            answer = self._inspections.answer(CONTEXT, item.content, (item.ref,))
            if isinstance(answer, Inspected):
                found.append(Member(item, slice_of(answer)))
        return found

    def _check(self, entry: Entry, members: Sequence[Member]) -> None:
        images = []
        for one in members:
            if one.header.kind == DIRECTORY:
                self._findings.of_entry(entry, _directory(entry, one))
            else:
                images.append(one)
        for message in _differences(images):
            self._findings.warn(entry, Problem("mixed-series", message, entry.origin, _HINT))
        for first, again in _twice(images):
            message = f"`{again}` is `{first}` again: one slice is twice in `{entry.name}`"
            hint = "take one of the two away, or name the files without it"
            self._findings.warn(entry, Problem("slice-twice", message, entry.origin, hint))


def _parts(entry: Entry, files: Files) -> Iterator[Sequence[str]]:
    """The items of each series, where they are files."""
    if not files.are_local(entry):
        return
    start = 0
    for count in entry.series or (len(entry.items),):
        paths = entry.items[start : start + count]
        start += count
        # A datapoint of one file that is no study is not worth a second look, but for its name.
        if entry.series or count > 1 or paths[0].rpartition("/")[2].upper() == "DICOMDIR":
            yield paths


def _dicoms(entry: Entry, paths: Sequence[str], files: Files) -> Iterator[Item]:
    for path in paths:
        if not files.are_fine([path]):
            continue
        item, kind = files.item(entry, path)
        if kind is DICOM and item.content:
            yield item


def _differences(members: Sequence[Member]) -> Iterator[str]:
    """Yields in what the files differ; the names of patients stay out of logs."""
    for what, values in (
        ("patients", [one.header.patient for one in members]),
        ("series", [one.header.series for one in members]),
        ("orientations", [_rounded(one.header.orientation) for one in members]),
        ("sizes", [_size(one.header) for one in members]),
    ):
        # A header that leaves the value out says nothing of the file.
        different = [one for one in dict.fromkeys(values) if one]
        if len(different) > 1:
            firsts = [members[values.index(one)].item.ref for one in different]
            shown = ", ".join(f"`{one}`" for one in firsts[:3])
            more = f" and {len(firsts) - 3:,} more" if len(firsts) > 3 else ""
            yield (
                f"the {len(members):,} DICOM files of one series are of {len(different):,} {what}, "
                f"such as {shown}{more}"
            )


def _rounded(numbers: Sequence[float]) -> str:
    # Minus zero is zero, and no other orientation.
    return ",".join(f"{number + 0.0:.3f}" for number in numbers).replace("-0.000", "0.000")


def _size(header: Slice) -> str:
    return f"{header.columns} x {header.rows}" if header.columns and header.rows else ""


def _twice(members: Sequence[Member]) -> Iterator[tuple[str, str]]:
    """Yields the first file and each other one of the same slice: equal, or of one instance."""
    seen: dict[str, str] = {}
    for item, header in members:
        keys = [one for one in (item.content, header.instance) if one]
        first = next((seen[one] for one in keys if one in seen), "")
        for one in keys:
            seen.setdefault(one, item.ref)
        if first:
            yield first, item.ref


def _directory(entry: Entry, one: Member) -> Problem:
    message = f"{one.item.ref}: this is the directory of a DICOM medium, and no image"
    hint = f"leave it out: write `{one.item.ref}` as a line into `.rbsyncignore`"
    return Problem("dicomdir", message, entry.origin, hint)

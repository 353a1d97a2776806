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
                members = self._members(entry, paths, files)
                self._check(entry, members)
                if members and (other := _of_another_kind(entry, paths, files)):
                    self._findings.warn(entry, other)

    def grid(self, entry: Entry, paths: Sequence[str], files: Files) -> Inspected | None:
        """The grid of a series of DICOM files that were read; None where they do not say it."""
        members = self._members(entry, paths, files)
        headers = [one.header for one in members if one.header.kind != DIRECTORY]
        headers = [one for one in headers if not _no_slice(one)] or headers
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
        are_images = not all(_no_slice(one.header) for one in members)
        for one in members:
            if one.header.kind == DIRECTORY:
                self._findings.of_entry(entry, _directory(entry, one))
            elif are_images and (what := _no_slice(one.header)):
                self._findings.warn(entry, _beside(entry, one, what))
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


_STORAGE = "1.2.840.10008.5.1.4.1.1."
_NO_SLICES = {
    "66.4": "segmentation (SEG)", "66.5": "segmentation (SEG)", "66.": "registration",
    "481.2": "dose (RTDOSE)", "481.3": "set of structures (RTSTRUCT)", "481.1": "image",
    "481.": "treatment plan (RTPLAN)", "88.59": "selection of images (KO)",
    "88.": "structured report (SR)", "11.": "presentation state (PR)", "104.": "document",
    "9.": "waveform",
}  # fmt: skip
"""What lies beside the slices of a series in its folder, by the numbers of its class in PS3.6."""


def _no_slice(header: Slice) -> str:
    """The name of a file that is no slice; empty for slices and what nobody knows."""
    number = header.kind.removeprefix(_STORAGE)
    # Of those that begin alike the one that says more stands first.
    found = next((name for start, name in _NO_SLICES.items() if number.startswith(start)), "")
    return found if header.kind.startswith(_STORAGE) and found != "image" else ""


def _beside(entry: Entry, one: Member, what: str) -> Problem:
    message = f"`{one.item.ref}` is a DICOM {what}, and no slice of `{entry.name}`"
    return Problem("no-slice", message, entry.origin, _leave_out(one.item.ref))


def _leave_out(path: str) -> str:
    return f"leave it out: write `{path}` as a line into `.rbsyncignore`"


def _of_another_kind(entry: Entry, paths: Sequence[str], files: Files) -> Problem | None:
    """The problem of a series of DICOM files that has others too."""
    kinds = {path: files.item(entry, path)[1] for path in paths if files.are_fine([path])}
    others = [path for path, kind in kinds.items() if kind is not DICOM]
    if not others:
        return None
    more = f" and {len(others) - 1:,} more files" if len(others) > 1 else ""
    verb = "are" if len(others) > 1 else "is"
    kind = kinds[others[0]]
    name = kind.name if kind else "other"
    message = f"`{others[0]}`{more} {verb} no DICOM, among the DICOM files of one series: {name}"
    return Problem("mixed-series", message, entry.origin, _HINT)


def _directory(entry: Entry, one: Member) -> Problem:
    message = f"{one.item.ref}: this is the directory of a DICOM medium, and no image"
    return Problem("dicomdir", message, entry.origin, _leave_out(one.item.ref))

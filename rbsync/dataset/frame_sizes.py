"""The pictures of one datapoint held against each other: frames of a video have one size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from rbsync.dataset.findings import Findings
from rbsync.dataset.inspection import Inspected, Inspection, Inspections
from rbsync.dataset.items import Files
from rbsync.errors import Problem
from rbsync.files.body import open_body
from rbsync.files.kinds import PICTURES
from rbsync.files.roots import Roots
from rbsync.files.tree import Tree
from rbsync.model.datapoint import Item
from rbsync.model.fingerprint import Algorithm
from rbsync.sources.entry import Entry

_CONTEXT = "frame size 2"
# The thumbnail in a photograph's EXIF, which stands before its size, has at most 64 KiB.
_HEAD = 128 << 10


class FrameSizes:
    """Reads the headers of the pictures of datapoints with several, and tells of other sizes."""

    def __init__(self, tree: Tree, inspections: Inspections, findings: Findings) -> None:
        self._tree, self._inspections, self._findings = tree, inspections, findings

    def check(self, entries: Iterable[Entry], files: Files) -> None:
        """Warns once of a datapoint whose pictures have several sizes.

        It is no error: the service takes them, and labels are fractions of each.
        """
        videos = [(one, frames) for one in entries for frames in _frames(one, files)]
        self._inspections.take(self._inspection(one) for _, each in videos for one in each)
        for entry, frames in videos:
            sizes: dict[tuple[int, ...], str] = {}
            for one in frames:
                answer = self._inspections.answer(_CONTEXT, one.content, (one.ref,))
                if isinstance(answer, Inspected) and answer.size != (0,):
                    sizes.setdefault(answer.size, one.ref)
            if len(sizes) > 1:
                self._findings.warn(entry, _problem(entry, sizes))

    def _inspection(self, item: Item) -> Inspection:
        work = partial(_size_of, self._tree.roots, item, self._tree.algorithm)
        return Inspection(_CONTEXT, item.content, (item.ref,), item.size, work)


def _frames(entry: Entry, files: Files) -> Iterator[list[Item]]:
    """Yields the pictures of a datapoint that are here, where there are several in a series."""
    if len(entry.items) < 2 or not files.are_local(entry) or not files.are_fine(entry.items):
        return
    start = 0
    for count in entry.series or (len(entry.items),):
        paths = entry.items[start : start + count]
        start += count
        if count > 1:
            yield list(_pictures(entry, paths, files))


def _pictures(entry: Entry, paths: Sequence[str], files: Files) -> Iterator[Item]:
    for path in paths:
        item, kind = files.item(entry, path)
        if item.content and kind in PICTURES:
            yield item


def _size_of(roots: Roots, item: Item, algorithm: Algorithm) -> Inspected:
    """The size of a picture as it is shown; (0,) where its header does not say it."""
    from rbsync.masks.error import MaskError
    from rbsync.masks.size import shown_size, stored_size

    with open_body(roots, item.ref, algorithm) as body:
        head = body.read(_HEAD)
    try:
        # Of a camera that was held otherwise for one of them.
        return Inspected(shown_size(head))
    except MaskError:
        return Inspected(stored_size(head) or (0,))


def _problem(entry: Entry, sizes: dict[tuple[int, ...], str]) -> Problem:
    shown = ", ".join(f"`{path}` is {w} x {h}" for (w, h), path in list(sizes.items())[:3])
    more = f" and {len(sizes) - 3:,} more sizes" if len(sizes) > 3 else ""
    message = f"the frames of `{entry.name}` have {len(sizes):,} sizes: {shown}{more}"
    hint = "a video has frames of one size: look whether pictures of something else are among them"
    return Problem("frame-sizes", message, entry.item_at(entry.items[0]), hint)

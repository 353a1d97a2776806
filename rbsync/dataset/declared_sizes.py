"""The sizes that images were said to have, against those that they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from rbsync.dataset.findings import Findings
from rbsync.dataset.inspection import Inspected, Inspection, Inspections
from rbsync.dataset.items import Files
from rbsync.dataset.label_reading import Drawn
from rbsync.dataset.mask_reading import image_context, is_turned, report_unseen
from rbsync.errors import Location
from rbsync.files.kinds import BMP, JPEG, PNG
from rbsync.files.tree import Tree
from rbsync.model.datapoint import Item
from rbsync.sources.entry import DeclaredSize, Entry, InlineLabels

_PICTURES = (PNG, JPEG, BMP)


class DeclaredSizes:
    """Looks at the images that are here and whose labels were drawn for a size."""

    def __init__(self, tree: Tree, inspections: Inspections, findings: Findings) -> None:
        self._tree, self._inspections, self._findings = tree, inspections, findings

    def read(self, entries: Iterable[Entry], files: Files) -> None:
        """Looks at all that are not known yet."""
        drawn = (one for one in entries if _drawn_for(one))
        images = (self._image(one, files) for one in drawn)
        self._inspections.take(self._inspect(item) for item in images if item)

    def check(self, entry: Entry, given: InlineLabels, files: Files) -> None:
        """Reports an image that was read and has another size."""
        item = self._image(entry, files) if given.drawn_for else None
        if given.drawn_for is None or item is None:
            return
        answer = self._inspections.answer(image_context(), item.content, (item.ref,))
        if isinstance(answer, Inspected):
            self._compare(entry, given.drawn_for, item, answer, given.locate(()))
        else:
            report_unseen(self._findings, entry, item, answer)

    def check_drawn(self, drawn: Sequence[Drawn], files: Files) -> None:
        """Reports pictures of another size than their labels say."""
        known = [(one, item) for one in drawn if (item := self._only_image(one.entry, files))]
        self._inspections.take(self._inspect(item) for _, item in known)
        for one, item in known:
            answer = self._inspections.answer(image_context(), item.content, (item.ref,))
            if isinstance(answer, Inspected):
                self._compare(one.entry, DeclaredSize(*one.size, one.file), item, answer, one.place)
            else:
                report_unseen(self._findings, one.entry, item, answer)

    def _only_image(self, entry: Entry, files: Files) -> Item | None:
        """The picture of an entry that has one item: of several nobody knows which is meant."""
        return self._image(entry, files) if len(entry.items) == 1 else None

    def _inspect(self, item: Item) -> Inspection:
        from rbsync.dataset.mask_inspection import inspect_image

        see = partial(inspect_image, self._tree.roots, item, self._tree.algorithm)
        return Inspection(image_context(), item.content, (item.ref,), item.size, see)

    def _image(self, entry: Entry, files: Files) -> Item | None:
        """The picture of an entry, if it is here and could be read."""
        if entry.name in self._findings.obstacles or not files.are_local(entry):
            return None
        item, kind = files.item(entry, entry.items[0])
        return item if item.content and kind in _PICTURES else None

    def _compare(
        self,
        entry: Entry,
        declared: DeclaredSize,
        item: Item,
        image: Inspected,
        place: Location,
    ) -> None:
        from rbsync.masks.error import MaskError
        from rbsync.masks.size import check_declared_size

        size = (image.size[0], image.size[1])
        if declared[:2] == size:
            return
        turned = is_turned(self._tree, item, size)
        try:
            check_declared_size(
                declared[:2], size, image_file=item.ref, file=declared.file, is_turned=turned
            )
        except MaskError as error:
            self._findings.of_entry(entry, error.at(place))


def _drawn_for(entry: Entry) -> DeclaredSize | None:
    return entry.labels.drawn_for if isinstance(entry.labels, InlineLabels) else None

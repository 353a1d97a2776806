"""COCO annotations as labels: polygons and RLE become exact outlines of pixels."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from rbsync.errors import Location, Problem
from rbsync.shapes.setting import setting
from rbsync.sources.base import SourceModel
from rbsync.sources.context import Context
from rbsync.sources.entry import DeclaredSize, Entry, InlineLabels, MadeLabels, Members
from rbsync.sources.mask_settings import checked_json

if TYPE_CHECKING:
    from rbsync.masks.coco.annotations import CocoLabels, ImageLabels

LIMIT = 1 << 30


class CocoSource(SourceModel):
    """The images of a COCO annotation file, each with its annotations."""

    key: ClassVar[str] = "coco"

    coco: str = setting(
        description="A COCO annotation file, for object detection. Needs `pip install "
        "rbsync[coco]`. An image's `file_name` is the datapoint's name.",
        examples=["annotations/instances_val2017.json"],
    )
    images: str = setting(
        default="",
        description="The folder, or the beginning of the URLs, that the file's names stand in.",
        examples=["val2017/"],
    )
    max_pixels: int | None = setting(
        default=None,
        ge=1,
        le=(1 << 31) - 1,
        description="Annotations of images with more pixels are refused before they are drawn "
        "[134217728].",
        examples=[268435456],
    )

    def expand(self, context: Context) -> Iterator[Entry]:
        from rbsync.masks.coco.annotations import read_annotations
        from rbsync.masks.png.decoding import MAX_PIXELS

        def read(data: Any) -> CocoLabels:
            limit = self.max_pixels or MAX_PIXELS
            return read_annotations(data, file=self.coco, max_pixels=limit, limits=context.limits)

        place = context.locate(("coco",))
        # Repeated keys are not looked for: it would take as long as all else, in files of a million
        # objects that programs write.
        limits = context.limits if context.limits.of_all else None
        found = checked_json(context, self.coco, "coco", read, limit=LIMIT, limits=limits)
        if found is None:
            return
        if not found.images:
            hint = "export the annotations again, or take the source out"
            context.report(Problem("empty-list", f"`{self.coco}` lists no images", place, hint))
        for error in found.flaws:
            context.report(error.at(place))
        unseen = 0
        # Image by image: what is drawn of all of them together fills the memory.
        found.images.reverse()
        while found.images:
            labels = found.labels(found.images.pop())
            unseen += labels.unseen
            yield self._entry(labels, context, place)
        for told in self._told(found.crowds, unseen):
            context.warn(Problem("coco", told, place))

    def _entry(self, one: ImageLabels, context: Context, place: Location) -> Entry:
        name = one.image.file_name
        problems = tuple(
            flaw.at(place)._replace(message=f"{flaw.at(place).message} (image `{name}`)")
            for flaw in one.flaws
        )
        # Images without annotations are datapoints too; somebody has looked at them and found
        # nothing.
        labels = self._labels(one, place) if one.texts else None
        item = posixpath.join(self.images, name)
        return Entry(
            name,
            (item,),
            labels,
            context.settings,
            context.origin,
            problems,
            members=Members(context.locate, self.key),
            made_from=self.coco,
        )

    def _labels(self, one: ImageLabels, place: Location) -> InlineLabels:
        size = DeclaredSize(one.image.width, one.image.height, self.coco)
        titles = tuple(f"{self.coco}: {title} of `{one.image.file_name}`" for title in one.titles)
        return InlineLabels(MadeLabels.of(one.texts, one.kinds), lambda _: place, size, titles)

    def _told(self, crowds: int, unseen: int) -> Iterator[str]:
        """The facts of a file worth knowing, without the names of a million annotations."""
        if crowds:
            what = "annotations of crowds (iscrowd) become labels as all others do"
            yield f"{self.coco}: {what}; there are {crowds:,}"
        if unseen:
            what = "annotations that cover no pixel became no labels"
            yield f"{self.coco}: {what}; there are {unseen:,}"

"""COCO annotations as labels: polygons and RLE become exact outlines of pixels."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from rbsync.errors import Problem
from rbsync.sources.base import Context, DeclaredSize, Entry, InlineLabels, SourceModel
from rbsync.sources.mask_settings import checked_json

LIMIT = 1 << 30


class CocoSource(SourceModel):
    """The images of a COCO annotation file, each with its annotations."""

    key: ClassVar[str] = "coco"

    coco: str = Field(
        description="A COCO annotation file, for object detection. Needs `pip install "
        "rbsync[coco]`. An image's `file_name` is the datapoint's name.",
        examples=["annotations/instances_val2017.json"],
    )
    images: str = Field(
        "",
        description="The folder, or the beginning of the URLs, that the file's names stand in.",
        examples=["val2017/"],
    )
    max_pixels: int | None = Field(
        None,
        ge=1,
        le=(1 << 31) - 1,
        description="Annotations of images with more pixels are refused before they are drawn "
        "[134217728].",
        examples=[268435456],
    )

    def expand(self, context: Context) -> Iterator[Entry]:
        from rbsync.masks.coco.annotations import coco_labels
        from rbsync.masks.png.decoding import MAX_PIXELS

        def read(data: Any) -> dict[str, list[dict[str, Any]]]:
            return coco_labels(data, file=self.coco, max_pixels=self.max_pixels or MAX_PIXELS)

        place = context.locate(("coco",))
        # Repeated keys are not looked for: it would take as long as all else, in files of a million
        # objects that programs write.
        found = checked_json(context, self.coco, "coco", read, limit=LIMIT, is_map=False)
        if found == {}:
            hint = "export the annotations again, or take the source out"
            context.report(Problem("empty-list", f"`{self.coco}` lists no images", place, hint))
        for name, labels in (found or {}).items():
            item = posixpath.join(self.images, name)
            # Images without annotations are datapoints too; somebody has looked at them and found
            # nothing.
            given = InlineLabels(labels, lambda _: place, self._size(labels)) if labels else None
            yield Entry(name, (item,), given, context.settings, context.origin)

    def _size(self, labels: list[dict[str, Any]]) -> DeclaredSize:
        """The declared size of an image, which all of its labels have."""
        width, height = labels[0]["pixel"]["imagesize"]
        return DeclaredSize(width, height, self.coco)

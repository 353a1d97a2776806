"""COCO annotations as labels: polygons and RLE become exact outlines of pixels."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from rbsync.sources.base import Context, Entry, InlineLabels, SourceModel
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

    def expand(self, context: Context) -> Iterator[Entry]:
        from rbsync.masks.coco import coco_labels

        def read(data: Any) -> dict[str, list[dict[str, Any]]]:
            return coco_labels(data, file=self.coco)

        place = context.locate(("coco",))
        found = checked_json(context, self.coco, "coco", read, limit=LIMIT, is_map=False) or {}
        for name, labels in found.items():
            item = posixpath.join(self.images, name)
            given = InlineLabels(labels, lambda _: place) if labels else None
            yield Entry(name, (item,), given, context.settings, context.origin)

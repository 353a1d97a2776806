"""Segmentation masks: exported folders, and one mask per image. Declared, not built yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from rbsync.sources.base import Context, Entry, SourceModel
from rbsync.sources.series import not_supported

Colour = list[int]


class MaskFolderSource(SourceModel):
    """A folder of PNG masks as RedBrick exports it."""

    key: ClassVar[str] = "folder"

    folder: str = Field(
        description="The folder with its PNGs, class_map.json and datapoint_map.json.",
        examples=["exports/2f0f6f3e"],
    )
    images: str | None = Field(
        None, description="Where the images are, when they are local.", examples=["images/"]
    )

    def expand(self, context: Context) -> Iterator[Entry]:
        context.report(not_supported(context, "masks"))
        return iter(())


class MaskGlobSource(SourceModel):
    """One mask for each image."""

    key: ClassVar[str] = "glob"

    glob: str = Field(description="A pattern of mask files.", examples=["masks/*.png"])
    image: str = Field(description="The image of each mask.", examples=["images/{stem}.jpg"])
    class_map: str = Field(
        description="A JSON file of each category's colour.", examples=["class_map.json"]
    )
    ignore_colors: list[Colour] = Field(
        default=[[0, 0, 0]],
        description="Colours that are background.",
        examples=[[[0, 0, 0]]],
    )

    def expand(self, context: Context) -> Iterator[Entry]:
        context.report(not_supported(context, "masks"))
        return iter(())

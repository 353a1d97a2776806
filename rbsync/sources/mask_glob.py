"""One mask for each image, found by a pattern: coloured, or indexed as in VOC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rbsync.shapes.setting import setting
from rbsync.sources.context import Context
from rbsync.sources.entry import Entry
from rbsync.sources.mask_files import MaskFiles
from rbsync.sources.matching import exclusions, may_be_empty
from rbsync.sources.one_mask import OneMaskSettings


class MaskGlobSource(OneMaskSettings):
    """One mask for each image."""

    key: ClassVar[str] = "glob"
    is_per_file: ClassVar[bool] = True

    glob: str = setting(description="A pattern of mask files.", examples=["masks/*.png"])
    exclude: tuple[str, ...] = exclusions()
    image: str = setting(
        description="The image of each mask, as a path or URL; the fields are those of `name`. "
        "With `.*` at its end: whatever the image's suffix is.",
        examples=["images/{stem}.jpg", "images/{stem}.*"],
    )
    name: str = setting(
        default="{stem}",
        description="The datapoint's name: {path} {dir} {parent} {stem} {suffix} {file} of the "
        "mask and the pattern's captures.",
        examples=["{stem}"],
    )
    class_map: str = setting(
        description="A JSON file {category: [r, g, b]}; with `format: indexed` {category: value}.",
        examples=["class_map.json"],
    )
    allow_empty: bool = may_be_empty()

    def expand(self, context: Context) -> Iterator[Entry]:
        files = MaskFiles(context, "glob", self.glob, self.exclude)
        recipe = self.mask_recipe(context, self.class_map)
        labels = self.labels_of(recipe, (), self.class_map) if recipe else None
        for one in files.find(self.name, self.image, allow_empty=self.allow_empty):
            made = files.entry(one, labels._replace(files=(one.path,)) if labels else None)
            yield made._replace(found_at=one.path, asked=context.tree.take_asked())

"""One mask for each image, found by a pattern: coloured, or indexed as in VOC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from rbsync.sources.base import Context, Entry
from rbsync.sources.mask_files import MaskFiles
from rbsync.sources.mask_settings import IgnoredColours, MaskSettings, checked_json
from rbsync.sources.matching import AllowEmpty, Exclude

if TYPE_CHECKING:
    from rbsync.masks.classes.recipe import Recipe


class MaskGlobSource(MaskSettings):
    """One mask for each image."""

    key: ClassVar[str] = "glob"

    glob: str = Field(description="A pattern of mask files.", examples=["masks/*.png"])
    exclude: Exclude = Field(default=[])
    image: str = Field(
        description="The image of each mask, as a path or URL; the fields are those of `name`.",
        examples=["images/{stem}.jpg"],
    )
    name: str = Field(
        "{stem}",
        description="The datapoint's name: {path} {dir} {parent} {stem} {suffix} {file} of the "
        "mask and the pattern's captures.",
        examples=["{stem}"],
    )
    class_map: str = Field(
        description="A JSON file {category: [r, g, b]}; with `format: indexed` {category: value}.",
        examples=["class_map.json"],
    )
    ignore_colors: IgnoredColours = Field(default=[[0, 0, 0]])
    format: Literal["rgb", "indexed"] = Field(
        "rgb",
        description="rgb: the colour is the class. indexed: the pixel's value is, as in VOC.",
        examples=["indexed"],
    )
    ignore_values: list[Annotated[int, Field(ge=0, le=255)]] = Field(
        default=[0, 255],
        description="With `format: indexed`, the values that are background.",
        examples=[[0, 255]],
    )
    allow_empty: AllowEmpty = False

    @property
    def colours_file(self) -> str | None:
        return self.class_map if self.format == "rgb" else None

    def expand(self, context: Context) -> Iterator[Entry]:
        files = MaskFiles(context, "glob", self.glob, self.exclude)
        recipe = self._recipe(context)
        if recipe is None:
            return
        labels = self.labels(recipe, (), self.class_map)
        for one in files.find(self.name, self.image, allow_empty=self.allow_empty):
            yield files.entry(one.name, one.image, labels._replace(files=(one.path,)))

    def _recipe(self, context: Context) -> Recipe | None:
        if self.format == "rgb":
            return self.rgb_recipe(context, self.class_map, "class_map", self.ignore_colors)
        return checked_json(context, self.class_map, "class_map", self._indexed)

    def _indexed(self, data: Any) -> Recipe:
        from rbsync.masks.classes.voc import read_class_values

        values = read_class_values(data, file=self.class_map)
        classes = {name: [value] for name, value in values.items()}
        return self.recipe("indexed", classes, [[value] for value in self.ignore_values])

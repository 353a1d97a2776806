"""One mask for each image, found by a pattern: coloured, or indexed as in VOC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from rbsync.errors import PluginError
from rbsync.labels.background import is_background
from rbsync.mask_formats import MASK_FORMATS, RGB, single_file_formats
from rbsync.sources.base import Context, Entry
from rbsync.sources.mask_files import MaskFiles
from rbsync.sources.mask_settings import IgnoredColours, MaskSettings, Threshold, checked_json
from rbsync.sources.matching import AllowEmpty, Exclude

if TYPE_CHECKING:
    from rbsync.mask_formats.recipe import Recipe


LARGEST_VALUE = 65535
LARGEST_OF_OURS = 255


def _known_format(name: str) -> str:
    """A format whose masks are one file each; it is loaded when it is a plug-in's."""
    if name in single_file_formats(plugins=False):
        return name
    known = single_file_formats()
    if name not in known:
        expected = " or ".join(f"'{one}'" for one in known)
        raise PydanticKnownError("literal_error", {"expected": expected})
    try:
        MASK_FORMATS.member(name)
    except PluginError as error:
        context = {"message": str(error), "hint": error.hint}
        raise PydanticCustomError("plugin", "{message}", context) from error
    return name


def _value_of_format(value: int, info: ValidationInfo) -> int:
    """A value that pixels of the source's format can have."""
    # A format of a plug-in may have 16 bits; ours are PNGs with a palette.
    if value > LARGEST_OF_OURS and info.data.get("format") in MASK_FORMATS.built_in:
        raise PydanticKnownError("less_than_equal", {"le": LARGEST_OF_OURS})
    return value


FormatName = Annotated[
    str,
    AfterValidator(_known_format),
    WithJsonSchema({"enum": single_file_formats(plugins=False), "type": "string"}),
]
PixelValue = Annotated[int, Field(ge=0, le=LARGEST_VALUE), AfterValidator(_value_of_format)]


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
    format: FormatName = Field(
        RGB,
        description="rgb: the colour is the class. indexed: the pixel's value is, as in VOC.",
        examples=["indexed"],
    )
    ignore_values: list[PixelValue] | None = Field(
        default=None,
        description="With a format of pixel values, those that are background [0 and 255 for "
        "indexed].",
        examples=[[0, 255]],
    )
    threshold: Threshold = None
    allow_empty: AllowEmpty = False

    @property
    def least_value(self) -> int | None:
        return self.threshold

    @property
    def colours_file(self) -> str | None:
        return self.class_map if self.format == RGB else None

    def expand(self, context: Context) -> Iterator[Entry]:
        files = MaskFiles(context, "glob", self.glob, self.exclude)
        recipe = self._recipe(context)
        if recipe is None:
            return
        labels = self.labels(recipe, (), self.class_map)
        for one in files.find(self.name, self.image, allow_empty=self.allow_empty):
            yield files.entry(one.name, one.image, labels._replace(files=(one.path,)))

    def _recipe(self, context: Context) -> Recipe | None:
        if self.format == RGB:
            return self.rgb_recipe(context, self.class_map, "class_map", self.ignore_colors)
        recipe = checked_json(context, self.class_map, "class_map", self._of_values)
        return recipe and self.of_one_class(context, recipe)

    def _of_values(self, data: Any) -> Recipe:
        form = MASK_FORMATS.member(self.format)()
        classes = form.read_classes(data, file=self.class_map)
        given = self.ignore_values
        ignored = form.background if given is None else given
        classes = {
            name: value
            for name, value in classes.items()
            if not (is_background(name) and value[0] in ignored)
        }
        return self.recipe(self.format, classes, [[value] for value in ignored])

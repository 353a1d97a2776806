"""The settings of masks that are one file each: coloured, indexed as in VOC, or of a plug-in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from rbsync.errors import PluginError
from rbsync.labels.background import is_background
from rbsync.mask_formats import MASK_FORMATS, RGB, single_file_formats
from rbsync.sources.context import Context
from rbsync.sources.mask_settings import IgnoredColours, MaskSettings, Threshold, checked_json

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


class OneMaskSettings(MaskSettings):
    """The keys that say how masks of one file each are read."""

    class_map: str | None = Field(
        None,
        description="A JSON file {category: [r, g, b]}; with `format: indexed` {category: value}.",
        examples=["class_map.json"],
    )
    ignore_colors: IgnoredColours = None
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

    @property
    def least_value(self) -> int | None:
        return self.threshold

    @property
    def colours_file(self) -> str | None:
        return self.class_map if self.format == RGB else None

    def mask_recipe(self, context: Context, class_map: str) -> Recipe | None:
        """Returns how masks are read; None after reporting what is wrong with the class map."""
        if self.format == RGB:
            return self.rgb_recipe(context, class_map, "class_map", self.ignore_colors)
        recipe = checked_json(
            context, class_map, "class_map", lambda data: self._of_values(data, class_map)
        )
        return recipe and self.of_one_class(context, recipe)

    def _of_values(self, data: Any, class_map: str) -> Recipe:
        form = MASK_FORMATS.member(self.format)()
        classes = form.read_classes(data, file=class_map)
        given = self.ignore_values
        ignored = form.background if given is None else given
        classes = {
            name: value
            for name, value in classes.items()
            if not (is_background(name) and value[0] in ignored)
        }
        return self.recipe(self.format, classes, [[value] for value in ignored])

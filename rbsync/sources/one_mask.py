"""The settings of masks that are one file each: coloured, indexed as in VOC, or of a plug-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from rbsync.errors import PluginError
from rbsync.labels.background import is_background
from rbsync.mask_formats import MASK_FORMATS, RGB, single_file_formats
from rbsync.shapes.setting import Checked, refuse_as, refuse_value, setting
from rbsync.sources.context import Context
from rbsync.sources.mask_settings import (
    Colour,
    MaskSettings,
    checked_json,
    ignored_colours,
    threshold,
)

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
        refuse_as("literal_error", expected=expected)
    try:
        MASK_FORMATS.member(name)
    except PluginError as error:
        refuse_value("plugin", str(error), error.hint)
    return name


def _value_of_format(value: int, given: Mapping[str, Any]) -> int:
    """A value that pixels of the source's format can have."""
    # A format of a plug-in may have 16 bits; ours are PNGs with a palette.
    is_ours = given.get("format") in MASK_FORMATS.built_in
    largest = LARGEST_OF_OURS if is_ours else LARGEST_VALUE
    if value < 0:
        refuse_as("greater_than_equal", ge=0)
    if value > largest:
        refuse_as("less_than_equal", le=largest)
    return value


def _formats() -> dict[str, Any]:
    return {"enum": single_file_formats(plugins=False), "type": "string"}


def _values() -> dict[str, Any]:
    return {"maximum": LARGEST_VALUE, "minimum": 0, "type": "integer"}


FormatName = Annotated[str, Checked(_known_format, _formats)]
PixelValue = Annotated[int, Checked(_value_of_format, _values, beside=True)]


class OneMaskSettings(MaskSettings):
    """The keys that say how masks of one file each are read."""

    class_map: str | None = setting(
        default=None,
        description="A JSON file {category: [r, g, b]}; with `format: indexed` {category: value}.",
        examples=["class_map.json"],
    )
    ignore_colors: list[Colour] | None = ignored_colours()
    format: FormatName = setting(
        default=RGB,
        description="rgb: the colour is the class. indexed: the pixel's value is, as in VOC.",
        examples=["indexed"],
    )
    ignore_values: list[PixelValue] | None = setting(
        default=None,
        description="With a format of pixel values, those that are background [0 and 255 for "
        "indexed].",
        examples=[[0, 255]],
    )
    threshold: int | None = threshold()

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

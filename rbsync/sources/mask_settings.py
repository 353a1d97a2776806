"""The common settings of sources of masks: the reading of the masks, and a size limit."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from rbsync.errors import Location, Problem
from rbsync.files.roots import outside_hint
from rbsync.files.written_text import encoding_fault, text_of
from rbsync.labels.amounts import USUAL, Limits, labels_for, marks_of, more_labels, too_many_marks
from rbsync.mask_formats import PER_CLASS, RGB
from rbsync.model.datapoint import Encoding
from rbsync.repeated_keys import KEEP_ONE, Repeats, first_repeat
from rbsync.shapes.setting import Checked, refuse_value, setting
from rbsync.sources.base import SourceModel
from rbsync.sources.context import Context
from rbsync.sources.entry import MaskLabels

if TYPE_CHECKING:
    from rbsync.mask_formats.recipe import Recipe

LIMIT = 64 << 20
IGNORED = "ignore_colors"
T = TypeVar("T")


def _three_numbers(colour: list[int]) -> list[int]:
    """A background colour that is one."""
    if len(colour) == 3 and all(0 <= one <= 255 for one in colour):
        return colour
    # Imported here, for manifests without masks do not need NumPy.
    from rbsync.masks.classes.class_map import read_ignored_colour
    from rbsync.masks.error import MaskError

    try:
        return list(read_ignored_colour(colour))
    except MaskError as error:
        refuse_value("colour", error.message, error.hint)


# Checked as each number is, so that all that is wrong in one list of colours is told together.
Colour = Annotated[list[int], Checked(_three_numbers)]


def ignored_colours() -> Any:
    """The setting of the colours that are background."""
    return setting(
        default=None,
        description="Colours that are background [black]; any other that the class map lacks is "
        "an error.",
        examples=[[[0, 0, 0]]],
    )


def threshold() -> Any:
    """The setting of the least value of a pixel that is of the class."""
    return setting(
        default=None,
        ge=1,
        le=255,
        description="For soft or compressed masks of one class: pixels are of it from this value "
        "on, 1 to 255. Without it masks of more than two values are refused.",
        examples=[128],
    )


class MaskSettings(SourceModel):
    """The keys that every source of masks has."""

    encoding: Encoding = setting(
        default="auto",
        description="How masks are sent: pixel (outlines), nifti (a label map), both exact to the "
        "pixel, or auto: as the backend likes them, which is nifti for redbrick.",
        examples=["pixel"],
    )
    max_pixels: int | None = setting(
        default=None,
        ge=1,
        description="Masks with more pixels are refused before they are decoded [134217728].",
        examples=[268435456],
    )

    alpha: Literal["background", "mask", "ignore"] = setting(
        default="background",
        description="background: transparent pixels are background. mask: the alpha channel is the "
        "mask of the one class. ignore: colours alone count.",
        examples=["mask"],
    )

    @classmethod
    def own_keys(cls) -> set[str]:
        """The keys of masks, without those of every source."""
        return _names(cls) - _names(SourceModel)

    @property
    def least_value(self) -> int | None:
        """The least value of a pixel that is of the class, where the source has a threshold."""
        return None

    @property
    def colours_file(self) -> str | None:
        """The file of the class map; None when the masks are not of colours."""
        return None

    def rgb_recipe(
        self, context: Context, path: str, key: str, given: Sequence[Colour] | None
    ) -> Recipe | None:
        """Returns how masks of the colours in a class map are read.

        None after reporting mistakes.
        """
        # Imported here, for manifests without masks do not need NumPy.
        from rbsync.masks.classes.class_map import (
            read_class_map,
            read_ignored,
            without_background,
        )

        ignore = [[0, 0, 0]] if given is None else given
        colours = checked_json(context, path, key, partial(read_class_map, file=path))
        if colours is None:
            return None
        colours = without_background(colours, ignore)
        # Where the user did not write the background, the class map is what has to be corrected.
        where = key if given is None else IGNORED
        ignored = _checked(context, (where,), partial(read_ignored, ignore, colours))
        if ignored is None:
            return None
        return self.of_one_class(context, self.recipe(RGB, colours, ignored))

    def recipe(self, form: str, classes: Any, ignore: Any = ()) -> Recipe:
        """A recipe with the source's limit."""
        from rbsync.mask_formats.recipe import Recipe
        from rbsync.masks.png.decoding import MAX_PIXELS

        limit = self.max_pixels or MAX_PIXELS
        return Recipe(form, classes, ignore, limit, self.least_value or 0, self.alpha)

    def of_one_class(self, context: Context, recipe: Recipe) -> Recipe | None:
        """The recipe of masks whose class is a matter of strength, where the source says so.

        None after reporting that there are several classes, which no strength tells apart.
        """
        key = "threshold" if self.least_value else "alpha"
        if not self.least_value and self.alpha != "mask":
            return recipe
        if len(recipe.classes) == 1:
            return self.recipe(PER_CLASS, {name: [] for name in recipe.classes})
        message = (
            f"the class map has {len(recipe.classes)} classes, and `{key}` tells one from none"
        )
        hint = f"leave `{key}` out, or give these masks a source of their own with one class"
        context.report(Problem("several-classes", message, context.locate((key,)), hint))
        return None

    def labels_of(self, recipe: Recipe, files: tuple[str, ...], named_by: str) -> MaskLabels:
        """The labels in mask files that are read by a recipe."""
        return MaskLabels(files, recipe.text(), tuple(recipe.classes), named_by, self.encoding)


def _names(kind: type[Any]) -> set[str]:
    return {one.name for one in fields(kind)}


def checked_json(
    context: Context,
    path: str,
    key: str,
    read: Callable[[Any], T],
    *,
    hint: str = "add the file, or correct its path",
    limit: int = LIMIT,
    limits: Limits | None = USUAL,
) -> T | None:
    """Returns what ``read`` makes of a JSON file; None after reporting what is wrong with it.

    ``key`` is the key of the source that names the file; ``read`` may raise MaskError. Without
    ``limits`` the file may have as much as its bytes hold.
    """
    from rbsync.masks.error import MaskError

    def parsed(data: bytes) -> Any:
        # A value may take a hundred times the memory of its letters. Other encodings than UTF-8
        # have these marks among their bytes too.
        if limits and (found := marks_of(data)) > limits.marks:
            hint = more_labels(labels_for(found))
            raise MaskError("too-many", too_many_marks(limits), hint=hint, file=path)
        repeats = Repeats()
        text = text_of(data)
        value = json.loads(text, object_pairs_hook=repeats)
        if repeats.seen:
            message = first_repeat(text).message
            raise MaskError("duplicate-key", message, hint=KEEP_ONE, file=path)
        return value

    where = context.locate((key,))
    try:
        return read(parsed(context.tree.read(path, limit)))
    except FileNotFoundError:
        context.unread(Problem("missing-file", f"there is no file `{path}`", where, hint))
    except OSError as error:
        message = f"`{path}` cannot be read: {error.strerror or error}"
        context.unread(Problem("unreadable", message, where, outside_hint(error)))
    except MaskError as error:
        (context.unread if error.code == "too-many" else context.report)(error.at(where))
    except UnicodeDecodeError as error:
        message = f"`{path}` is no JSON text: {encoding_fault(error)}"
        context.unread(Problem("json", message, where))
    except json.JSONDecodeError as error:
        place = Location(path, error.lineno, error.colno)
        context.unread(Problem("json", f"the JSON cannot be read: {error.msg.lower()}", place))
    except (ValueError, RecursionError) as error:
        context.unread(Problem("json", f"`{path}` is no JSON text: {error}", where))
    return None


def _checked(context: Context, where: tuple[str | int, ...], check: Callable[[], T]) -> T | None:
    """Returns what a check of something in the source gives; None after reporting what is wrong."""
    from rbsync.masks.error import MaskError

    try:
        return check()
    except MaskError as error:
        context.report(error.at(context.locate(where)))
        return None

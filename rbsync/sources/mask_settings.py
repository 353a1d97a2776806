"""What sources of masks have in common: how the masks are to be read, and a size limit."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import Field

from rbsync.errors import Problem
from rbsync.model.datapoint import Encoding
from rbsync.sources.base import Context, MaskLabels, SourceModel

if TYPE_CHECKING:
    from rbsync.masks.class_map import ClassMap
    from rbsync.masks.recipe import Recipe

LIMIT = 64 << 20
Colour = list[int]
IgnoredColours = Annotated[
    list[Colour],
    Field(
        description="Colours that are background; any other that the class map lacks is an error.",
        examples=[[[0, 0, 0]]],
    ),
]
T = TypeVar("T")


class MaskSettings(SourceModel):
    """The keys that every source of masks has."""

    encoding: Encoding = Field(
        "auto",
        description="How masks are sent: pixel (outlines), nifti (a label map), both exact to the "
        "pixel, or auto: as the backend likes them, which is nifti for redbrick.",
        examples=["pixel"],
    )
    max_pixels: int | None = Field(
        None,
        ge=1,
        description="Masks with more pixels are refused before they are decoded [134217728].",
        examples=[268435456],
    )

    @property
    def colours_file(self) -> str | None:
        """The file of the class map; None when the masks are not of colours."""
        return None

    def rgb_recipe(
        self, context: Context, path: str, key: str, ignore: Sequence[Colour]
    ) -> Recipe | None:
        """How masks of the colours in a class map are read; None after reporting mistakes."""
        from rbsync.masks.class_map import read_class_map, read_ignored

        def read(data: Any) -> tuple[ClassMap, Any]:
            colours = read_class_map(data, file=path)
            return colours, read_ignored(ignore, colours)

        found = checked_json(context, path, key, read)
        return self.recipe("rgb", *found) if found else None

    def recipe(self, form: Any, classes: Any, ignore: Any = ()) -> Recipe:
        """A recipe with the source's limit."""
        from rbsync.masks.png import MAX_PIXELS
        from rbsync.masks.recipe import Recipe

        return Recipe(form, classes, ignore, self.max_pixels or MAX_PIXELS)

    def labels(self, recipe: Recipe, files: tuple[str, ...], named_by: str) -> MaskLabels:
        """The labels in mask files that are read by a recipe."""
        return MaskLabels(files, recipe.text(), tuple(recipe.classes), named_by, self.encoding)


def checked_json(
    context: Context,
    path: str,
    key: str,
    read: Callable[[Any], T],
    *,
    hint: str = "",
    limit: int = LIMIT,
) -> T | None:
    """What ``read`` makes of a JSON file; None after reporting what is wrong with it.

    ``key`` is the key of the source that names the file; ``read`` may raise MaskError.
    """
    from rbsync.masks.error import MaskError

    where = context.locate((key,))
    try:
        return read(json.loads(context.tree.read(path, limit)))
    except FileNotFoundError:
        context.unread(Problem("missing-file", f"there is no file `{path}`", where, hint))
    except OSError as error:
        message = f"`{path}` cannot be read: {error.strerror or error}"
        context.unread(Problem("unreadable", message, where))
    except MaskError as error:
        context.report(error.at(where))
    except (ValueError, RecursionError) as error:
        context.unread(Problem("json", f"`{path}` is no JSON text: {error}", where))
    return None

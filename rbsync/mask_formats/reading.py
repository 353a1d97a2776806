"""Reads the files of a mask by the recipe that a plan remembers."""

from __future__ import annotations

from collections.abc import Sequence

from rbsync.mask_formats import MASK_FORMATS
from rbsync.mask_formats.recipe import Recipe
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.error import MaskError
from rbsync.masks.png.decoding import Named


def read_class_index(recipe: Recipe, files: Sequence[Named]) -> ClassIndex:
    """Returns the class index of the mask in these files. Raises MaskError."""
    form = MASK_FORMATS.find(recipe.format)
    if form is None:
        # A plan may be applied on another machine than the one that made it.
        raise MaskError(
            "mask-format",
            f"there is no mask format `{recipe.format}`",
            hint="install the distribution that has it here too",
            file=files[0].file,
        )
    return form().class_index(recipe, files)

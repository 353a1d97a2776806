"""Masks whose colours are the classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rbsync.mask_formats.base import MaskFormat
from rbsync.mask_formats.recipe import Recipe
from rbsync.masks.classes.class_index import ClassIndex, read_mask
from rbsync.masks.classes.class_map import read_class_map
from rbsync.masks.png.decoding import Named


class RgbFormat(MaskFormat):
    """The class map is ``{category: [r, g, b]}``; ``ignore`` has colours too."""

    def read_classes(self, data: Any, *, file: str) -> Mapping[str, Sequence[int]]:
        return read_class_map(data, file=file)

    def class_index(self, recipe: Recipe, files: Sequence[Named]) -> ClassIndex:
        (file,) = files
        colours = {name: (c[0], c[1], c[2]) for name, c in recipe.classes.items()}
        return read_mask(file, colours, recipe.ignore, max_pixels=recipe.max_pixels)

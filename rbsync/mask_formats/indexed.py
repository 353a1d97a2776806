"""Masks whose pixel values are the classes, as in VOC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from rbsync.mask_formats.base import MaskFormat, Redrawing
from rbsync.mask_formats.recipe import Recipe
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.classes.voc import read_class_values, read_indexed_png
from rbsync.masks.png.decoding import Named, decode_numbers
from rbsync.masks.png.encoding import png_of_numbers


class IndexedFormat(MaskFormat):
    """The class map is ``{category: value}``; each value stands alone in a list."""

    # 255 is the void border of VOC, which is of no class.
    background: ClassVar[tuple[int, ...]] = (0, 255)

    def read_classes(self, data: Any, *, file: str) -> Mapping[str, Sequence[int]]:
        return {name: [value] for name, value in read_class_values(data, file=file).items()}

    def class_index(self, recipe: Recipe, files: Sequence[Named]) -> ClassIndex:
        (file,) = files
        values = {value[0]: name for name, value in recipe.classes.items()}
        ignored = [value[0] for value in recipe.ignore]
        return read_indexed_png(file, values, ignore=ignored, max_pixels=recipe.max_pixels)

    def redraw(self, wanted: Redrawing) -> list[bytes]:
        recipe, (file,) = wanted.recipe, wanted.files
        image = decode_numbers(file.data, file=file.file, max_pixels=recipe.max_pixels)
        numbers = np.array(image)
        background = recipe.ignore[0][0] if recipe.ignore else 0
        values = np.array([background, *(one[0] for one in recipe.classes.values())], np.uint8)
        # Only what changed is drawn: a void border is of no class, and the work of its maker.
        numbers[wanted.changed] = values[wanted.after[wanted.changed]]
        return [png_of_numbers(numbers, file.data)]

"""A mask format: grey PNGs of up to 16 bits, each value a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rbsync.mask_formats.base import MaskFormat
from rbsync.mask_formats.recipe import Recipe
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.error import MaskError
from rbsync.masks.png.decoding import Named, decode_values


class ExampleFormat(MaskFormat):
    """The class map is ``{category: value}``, with values up to 65,535."""

    def read_classes(self, data: Any, *, file: str) -> Mapping[str, Sequence[int]]:
        if not isinstance(data, dict) or not all(type(one) is int for one in data.values()):
            raise MaskError("class-map", "a class map is an object {category: value}", file=file)
        return {name: [value] for name, value in data.items()}

    def class_index(self, recipe: Recipe, files: Sequence[Named]) -> ClassIndex:
        (file,) = files
        values = decode_values(file.data, file=file.file, max_pixels=recipe.max_pixels)
        table = np.full(1 << 16, -1, np.int32)
        table[[value for (value,) in recipe.ignore]] = 0
        for number, (value,) in enumerate(recipe.classes.values(), 1):
            table[value] = number
        index = table[values]
        if (index < 0).any():
            stray = int(values[index < 0][0])
            raise MaskError("undeclared-value", f"undeclared value {stray}", file=file.file)
        return ClassIndex(index, tuple(recipe.classes))

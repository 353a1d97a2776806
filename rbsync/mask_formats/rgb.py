"""Masks whose colours are the classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rbsync.mask_formats.base import MaskFormat, Redrawing
from rbsync.mask_formats.recipe import Recipe
from rbsync.masks.classes.class_index import ClassIndex, read_mask
from rbsync.masks.classes.class_map import BLACK, read_class_map
from rbsync.masks.png.decoding import Named, decode
from rbsync.masks.png.encoding import png_bytes


class RgbFormat(MaskFormat):
    """The class map is ``{category: [r, g, b]}``; ``ignore`` has colours too."""

    def read_classes(self, data: Any, *, file: str) -> Mapping[str, Sequence[int]]:
        return read_class_map(data, file=file)

    def class_index(self, recipe: Recipe, files: Sequence[Named]) -> ClassIndex:
        (file,) = files
        colours = {name: (c[0], c[1], c[2]) for name, c in recipe.classes.items()}
        return read_mask(
            file, colours, recipe.ignore, alpha=recipe.alpha, max_pixels=recipe.max_pixels
        )

    def redraw(self, wanted: Redrawing) -> list[bytes]:
        recipe, (file,) = wanted.recipe, wanted.files
        image = decode(file.data, file=file.file, max_pixels=recipe.max_pixels)
        # A mask with transparency keeps it: what is drawn anew can be seen, the rest stays.
        mode = "RGBA" if image.mode in ("RGBA", "LA") else "RGB"
        pixels = np.array(image.convert(mode))
        background = recipe.ignore[0] if recipe.ignore else BLACK
        colours = np.array([background, *recipe.classes.values()], np.uint8)
        pixels[wanted.changed, :3] = colours[wanted.after[wanted.changed]]
        pixels[wanted.changed, 3:] = 255
        return [png_bytes(pixels)]

"""The way from the files of one mask to its class index, as a plan remembers it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from rbsync.masks.classes.class_index import ClassIndex, read_mask
from rbsync.masks.classes.voc import read_binary_pngs, read_indexed_png
from rbsync.masks.png.decoding import MAX_PIXELS, Named

Format = Literal["rgb", "indexed", "binary"]


class Recipe(NamedTuple):
    """``classes`` has, for each category in its order, a colour (``rgb``), the one pixel value
    (``indexed``), or nothing (``binary``: one file each, in this order). ``ignore`` are the
    colours or values that are background.
    """

    format: Format
    classes: Mapping[str, Sequence[int]]
    ignore: Sequence[Sequence[int]] = ()
    max_pixels: int = MAX_PIXELS

    def text(self) -> str:
        """The recipe as JSON text, from which `read_recipe` makes it again."""
        return json.dumps(self._asdict(), separators=(",", ":"), ensure_ascii=False)

    def class_index(self, files: Sequence[Named]) -> ClassIndex:
        """The class index of the mask in these files. Raises MaskError."""
        if self.format == "binary":
            named = dict(zip(self.classes, files, strict=True))
            return read_binary_pngs(named, max_pixels=self.max_pixels)
        (file,) = files
        if self.format == "indexed":
            values = {value[0]: name for name, value in self.classes.items()}
            ignored = [value[0] for value in self.ignore]
            return read_indexed_png(file, values, ignore=ignored, max_pixels=self.max_pixels)
        colours = {name: (c[0], c[1], c[2]) for name, c in self.classes.items()}
        return read_mask(file, colours, self.ignore, max_pixels=self.max_pixels)


@lru_cache(maxsize=64)
def read_recipe(text: str) -> Recipe:
    """The recipe of a text that `Recipe.text` made."""
    return Recipe(**json.loads(text))

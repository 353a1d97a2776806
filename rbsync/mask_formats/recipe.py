"""How the files of one mask become its class index: what a plan remembers beside the files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from rbsync.mask_formats import MASK_FORMATS
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.error import MaskError
from rbsync.masks.png.decoding import MAX_PIXELS, Named


class Recipe(NamedTuple):
    """``classes`` has, for each category in its order, the numbers that its format gives it.

    ``ignore`` are the numbers of what is background. Both are as the format reads them: a colour
    (``rgb``), one pixel value (``indexed``), or nothing (``binary``).
    """

    format: str
    classes: Mapping[str, Sequence[int]]
    ignore: Sequence[Sequence[int]] = ()
    max_pixels: int = MAX_PIXELS

    def text(self) -> str:
        """The recipe as JSON text, from which `read_recipe` makes it again."""
        return json.dumps(self._asdict(), separators=(",", ":"), ensure_ascii=False)

    def class_index(self, files: Sequence[Named]) -> ClassIndex:
        """The class index of the mask in these files. Raises MaskError."""
        form = MASK_FORMATS.find(self.format)
        if form is None:
            # A plan may be applied on another machine than the one that made it.
            raise MaskError(
                "mask-format",
                f"there is no mask format `{self.format}`",
                hint="install the distribution that has it here too",
                file=files[0].file,
            )
        return form().class_index(self, files)

    @property
    def maker(self) -> str:
        """The distribution that reads the format, with its version; empty for one of ours."""
        return MASK_FORMATS.maker(self.format)


@lru_cache(maxsize=64)
def read_recipe(text: str) -> Recipe:
    """The recipe of a text that `Recipe.text` made."""
    return Recipe(**json.loads(text))

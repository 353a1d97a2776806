"""A recipe says how the files of one mask become its class index; a plan remembers it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from rbsync.masks.classes.transparent import BACKGROUND, Alpha
from rbsync.masks.png.decoding import MAX_PIXELS


class Recipe(NamedTuple):
    """``classes`` has, for each category in its order, the numbers that its format gives it.

    ``ignore`` are the numbers of what is background. Both are as the format reads them: a colour
    (``rgb``), one pixel value (``indexed``), or nothing (``binary``). ``threshold`` is the least
    value of a class in a binary mask, 0 where all but black is of it; ``alpha`` is what
    transparency means.
    """

    format: str
    classes: Mapping[str, Sequence[int]]
    ignore: Sequence[Sequence[int]] = ()
    max_pixels: int = MAX_PIXELS
    threshold: int = 0
    alpha: Alpha = BACKGROUND

    def text(self) -> str:
        """The recipe as JSON text, from which `read_recipe` makes it again."""
        members = self._asdict()
        # What most recipes lack stays out, so that plans of an earlier version have the same text.
        for name in ("threshold", "alpha"):
            if members[name] == self._field_defaults[name]:
                del members[name]
        return json.dumps(members, separators=(",", ":"), ensure_ascii=False)


@lru_cache(maxsize=64)
def read_recipe(text: str) -> Recipe:
    """The recipe of a text that `Recipe.text` made."""
    return Recipe(**json.loads(text))

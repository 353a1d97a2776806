"""The report on values of an indexed PNG that nobody declared."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
from PIL import Image

from rbsync.masks.error import MaskError, many

_SHOWN = 3


def refuse_undeclared_values(image: Image.Image, declared: Collection[int], file: str) -> None:
    """Raises MaskError that names the most frequent of the others: how often, and where first."""
    every = enumerate(image.histogram())
    counts = {value: count for value, count in every if count and value not in declared}
    if not counts:
        return
    strays = sorted(counts, key=lambda value: (-counts[value], value))
    pixels = np.asarray(image)
    lines = [_describe(value, counts[value], pixels) for value in strays[:_SHOWN]]
    rest = strays[_SHOWN:]
    if rest:
        others = many(sum(counts[value] for value in rest), "pixel")
        lines.append(f"and {many(len(rest), 'more value')} in {others}")
    raise MaskError(
        "undeclared-value",
        "; ".join(lines),
        hint="give the value a category, or list it under the values to ignore",
        file=file,
    )


def _describe(value: int, count: int, pixels: npt.NDArray[np.uint8]) -> str:
    row, column = divmod(int(np.argmax(pixels == value)), pixels.shape[1])
    where = f"first at column {column}, row {row}"
    return f"undeclared value {value} in {many(count, 'pixel')}, {where}"

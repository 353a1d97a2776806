"""Which class a packed colour is, small enough to stay in the processor's nearest cache."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.classes.class_map import Colour, pack

Array = npt.NDArray[Any]

# No packed colour, which has 24 bits: it marks an empty slot, and is the last of the sorted.
NOBODY = 0xFFFFFFFF

_MIX = 0x9E3779B1  # 2**32 over the golden ratio: spreads colours that differ in few bits
# At most a quarter full, so that nearly all colours are found in their first slot.
_SPACE = 4


@dataclass(frozen=True, slots=True, eq=False)
class ColourTable:
    """The declared colours, packed, and the class of each; background has class 0.

    ``colours`` (n + 1,) uint32 are sorted and end with `NOBODY`, ``classes`` (n + 1,) are of the
    type of a class index. ``slots`` (2**k, 2) uint32 is the same for the kernel: a colour and its
    class stand at ``colour * _MIX mod 2**32 >> 32 - k``, or at the next free slot after it.
    """

    colours: Array
    classes: Array
    slots: Array


# A folder of masks has one class map, and the table of thousands of classes takes longer to make
# than a small mask to read.
@lru_cache(maxsize=8)
def colour_table(class_colours: tuple[Colour, ...], ignored: tuple[Colour, ...]) -> ColourTable:
    """The table of classes 1, 2, … and of colours that are background, all different."""
    classes = {pack(colour): 0 for colour in ignored}
    classes |= {pack(colour): value for value, colour in enumerate(class_colours, 1)}
    ordered = sorted(classes)
    values = [classes[colour] for colour in ordered]
    return ColourTable(
        np.array([*ordered, NOBODY], np.uint32),
        np.array([*values, 0], index_type(len(class_colours))),
        _slots(classes),
    )


def index_type(classes: int) -> npt.DTypeLike:
    """The smallest unsigned type that holds 0 (background) to ``classes``."""
    return np.min_scalar_type(classes)


def _slots(classes: dict[int, int]) -> Array:
    bits = max(4, (_SPACE * len(classes)).bit_length())
    slots = [(NOBODY, 0)] * (1 << bits)
    for colour, value in classes.items():
        at = (colour * _MIX & 0xFFFFFFFF) >> (32 - bits)
        while slots[at][0] != NOBODY:
            at = (at + 1) % len(slots)
        slots[at] = colour, value
    return np.array(slots, np.uint32)

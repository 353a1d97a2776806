"""Which values occur in a label map."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

LARGEST_VALUE = 65535

_AT_ONCE = 1 << 20
_MOST_OTHERS = 1 << 20


class Values:
    """The values of voxels that are looked at piece by piece.

    Label values (whole, 0 to 65,535) are ticked off in a list; only others are sorted, which would
    take many seconds for all the voxels of a scan.
    """

    def __init__(self) -> None:
        self._seen = np.zeros(LARGEST_VALUE + 1, np.bool_)
        self._others: Array = np.empty(0)

    def add(self, part: Array) -> bool:
        """Takes in a flat piece; answers whether all of it are label values."""
        # Of every run the first only: a label map is a few runs, and a gibibyte of it is looked at
        # in a second.
        part = np.concatenate([part[:1], part[1:][part[1:] != part[:-1]]])
        label = (part >= 0) & (part <= LARGEST_VALUE)
        # Many programs save segmentations as floats. Whole ones are label values.
        if part.dtype.kind == "f":
            label &= part == np.trunc(part)
        fine = bool(label.all())
        self._seen[(part if fine else part[label]).astype(np.uint16)] = True
        if not fine:
            others = np.unique(part[~label])
            self._others = np.union1d(self._others, others) if len(self._others) else others
        return fine

    @property
    def are_too_many(self) -> bool:
        """Tells whether there are so many others that it is not worth looking on."""
        return len(self._others) > _MOST_OTHERS

    @property
    def found(self) -> Array:
        """The values so far, ascending, NaN last."""
        return np.unique(np.concatenate([np.flatnonzero(self._seen), self._others]))


def distinct(voxels: Array) -> Array:
    """The values of ``voxels`` of any shape and real type, ascending, NaN last."""
    values = Values()
    flat = voxels.ravel(order="K")
    for start in range(0, len(flat), _AT_ONCE):
        values.add(flat[start : start + _AT_ONCE])
    return values.found

"""Runs of equal values in an array."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt


def runs(values: npt.NDArray[Any]) -> Iterator[slice]:
    """The slices of ``values`` (n,) within which all are equal, in order."""
    if not len(values):
        return
    starts = np.flatnonzero(values[1:] != values[:-1]) + 1
    for first, last in pairwise([0, *starts.tolist(), len(values)]):
        yield slice(first, last)


def portions(lengths: npt.NDArray[Any], size: int) -> Iterator[slice]:
    """Slices of ``lengths`` (n,) whose sums are about ``size``; a larger length stands alone."""
    return runs((np.cumsum(lengths) - lengths) // size)

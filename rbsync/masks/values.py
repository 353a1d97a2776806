"""Which values occur in a label map."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

LARGEST_VALUE = 65535

_AT_ONCE = 1 << 20


def distinct(voxels: Array) -> Array:
    """The values of ``voxels`` of any shape and real type, ascending, NaN last.

    Label values (whole, 0 to 65,535) are ticked off in a list; only others are sorted, which would
    take many seconds for all the voxels of a scan.
    """
    seen = np.zeros(LARGEST_VALUE + 1, np.bool_)
    others = []
    flat = voxels.ravel(order="K")
    for start in range(0, len(flat), _AT_ONCE):
        part = flat[start : start + _AT_ONCE]
        label = (part >= 0) & (part <= LARGEST_VALUE)
        if part.dtype.kind == "f":
            label &= part == np.trunc(part)
        seen[part[label].astype(np.uint16)] = True
        others.append(np.unique(part[~label]))
    return np.unique(np.concatenate([np.flatnonzero(seen), *others]))

"""The types that the numbers of classes have in an array."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.error import MaskError

Array = npt.NDArray[Any]

_TYPES = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.uint32))
_MOST = 0xFFFFFFFF


def class_numbers(index: Array) -> Array:
    """A class index (h, w) as uint8, uint16 or uint32 of this machine, itself if it is one.

    Other integers are converted when their values fit. Raises MaskError for arrays of another
    shape or type, and for values that are no classes: the compiled kernel reads memory as it is.
    """
    if index.ndim == 2 and index.dtype in _TYPES:
        return index
    if index.ndim != 2 or index.dtype.kind not in "uib":
        raise MaskError(
            "class-index",
            "a class index is an array of shape (h, w) and of integers; "
            f"this one has shape {index.shape} and dtype {index.dtype}",
            hint="convert it with index.astype(np.uint8), or np.uint16 for more than 255 classes",
        )
    smallest, largest = int(index.min(initial=0)), int(index.max(initial=0))
    # -1 is how some programs mark "no class". Converted without a check it would be class
    # 4,294,967,295.
    if smallest < 0 or largest > _MOST:
        raise MaskError(
            "class-index",
            f"this class index has the value {smallest if smallest < 0 else largest:,}",
            hint=f"classes are numbered from 1 to {_MOST:,}; 0 is background",
        )
    # Also for arrays of the other byte order: the kernel reads memory as this machine has it.
    return index.astype(np.min_scalar_type(largest))

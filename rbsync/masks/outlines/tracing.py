"""Class index -> rings, by the compiled kernel where there is one and by NumPy elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.classes.class_numbers import class_numbers
from rbsync.masks.kernel import compiled
from rbsync.masks.outlines import cracks
from rbsync.masks.outlines.rings import Rings


def trace(index: npt.NDArray[Any]) -> Rings:
    """The rings of all classes of a class index (h, w) of integers; 0 is background.

    Pixels of a class that share only a corner are apart. The result does not depend on whether
    the compiled kernel is there. Raises MaskError as `class_numbers` does.
    """
    index = class_numbers(index)
    return trace_compiled(index) if compiled.available() else cracks.trace(index)


def trace_compiled(index: npt.NDArray[Any]) -> Rings:
    """`trace` of uint8, uint16 or uint32 by the compiled kernel, which must be available."""
    height, width = index.shape
    return Rings(width, height, *compiled.trace(np.ascontiguousarray(index)))

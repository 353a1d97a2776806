"""Masks of one class whose pixels have values between background and class."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from rbsync.masks.error import MaskError, many

Array = npt.NDArray[Any]

_FEW = 20


class Peaks(NamedTuple):
    """The two heights around which values 0-255 lie, how many pixels are right there, how many
    values there are, and the value half-way between the least and the largest.
    """

    low: int
    high: int
    low_pixels: int
    high_pixels: int
    values: int
    threshold: int


def peaks_of(levels: Array) -> Peaks:
    """The peaks of values uint8 of any shape, split as Otsu does."""
    counts = histogram(levels)
    split = _split(counts)
    low = int(counts[:split].argmax())
    high = split + int(counts[split:].argmax())
    values = np.flatnonzero(counts)
    # Half-way between the extremes, and not between the peaks: those of a soft mask say little, and
    # all masks of a source should be told the same.
    middle = max(1, int(values[0] + values[-1] + 1) // 2)
    return Peaks(low, high, int(counts[low]), int(counts[high]), len(values), middle)


def histogram(levels: Array) -> Array:
    """Counts each value 0-255 among uint8 (height, width): an array of 256 counts."""
    # Pillow counts in place; NumPy would first make eight bytes of every one.
    return np.array(Image.fromarray(np.ascontiguousarray(levels)).histogram(), np.int64)


def _split(counts: Array) -> int:
    """The first value of the upper class when the variance between two classes is largest.

    Source: N. Otsu, "A Threshold Selection Method from Gray-Level Histograms", 1979.
    """
    weights = counts.astype(np.float64)
    below = np.cumsum(weights)[:-1]
    above = weights.sum() - below
    sums = np.cumsum(weights * np.arange(256))
    both = (below > 0) & (above > 0)
    means = sums[:-1] / np.maximum(below, 1), (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    between = np.where(both, below * above * (means[0] - means[1]) ** 2, -1.0)
    return int(between.argmax()) + 1


def between_values(levels: Array, file: str) -> MaskError:
    """The error of a binary mask of more than two values, with the threshold to write."""
    peaks = peaks_of(levels)
    hint = (
        f"write `threshold: {peaks.threshold}` to take pixels from that value on, "
        "`threshold: 1` for all that is not black, or save the mask with two values"
    )
    # Nobody smooths to so few values: they are classes.
    if peaks.values <= _FEW:
        hint += "; values that are classes are read by `glob` with `format: indexed`"
    return MaskError("between-values", f"this mask {described(peaks)}", hint=hint, file=file)


def described(peaks: Peaks) -> str:
    """The peaks, as a message says them."""
    return (
        f"has {peaks.values} values where two belong: they gather at {peaks.low} "
        f"({many(peaks.low_pixels, 'pixel')}) and {peaks.high} ({many(peaks.high_pixels, 'pixel')})"
    )

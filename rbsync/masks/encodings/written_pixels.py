"""The class index of labels as they are written: straight from their text.

A picture of 20 classes has tens of thousands of corners. To make lists of Python numbers of them,
and arrays of the lists, takes longer than all else that is done with the picture.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.classes.colour_table import index_type
from rbsync.masks.encodings.label_objects import FARTHEST, category_name, image_size
from rbsync.masks.error import MaskError
from rbsync.masks.outlines.fill import Outline, paint_each
from rbsync.masks.png.decoding import MAX_PIXELS

Rings = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
# A string cannot have this in it: its quotes would be escaped.
_RINGS = re.compile(rb'"(regions|holes)":(\[[^"{}]*\])')
_TO_NUMBERS = bytes.maketrans(b"[],", b"   ")


def index_of_text(text: str) -> ClassIndex | None:
    """The class index of the JSON text of labels, each of which is a mask.

    None for a text that is written in any other way, and for labels that lie upon others: then
    only `flat_index` can tell. Labels that it would refuse are None too.
    """
    rings: list[Rings] = []

    def take(found: re.Match[bytes]) -> bytes:
        rings.append(_read(found[2]))
        return b'"%b":%d' % (found[1], len(rings) - 1)

    with suppress(ValueError, TypeError, KeyError, IndexError, MaskError, RecursionError):
        labels = json.loads(_RINGS.sub(take, text.encode()))
        pixels = [one["pixel"] for one in labels]
        # Each list of rings is of one label, and none stands anywhere else.
        own = [(each["regions"], each["holes"]) for each in pixels]
        if [at for pair in own for at in pair] != list(range(len(rings))) or not rings:
            return None
        return _painted(labels, [_outline(rings[one], rings[other]) for one, other in own])
    return None


def _read(text: bytes) -> Rings:
    """The corners (n, 2) and the number of corners of each ring. Raises ValueError."""
    if text == b"[]":
        return np.zeros((0, 2), np.int64), np.zeros(0, np.int64)
    # What is left of `[[[1,2],[3,4]],[[5,6]]]` is `p,p],[p`: anything else is written otherwise.
    form = text.translate(None, b"0123456789").replace(b"[,]", b"p")
    rings = form[2:-2].split(b"],[")
    if form[:2] + form[-2:] != b"[[]]" or any(map(_is_odd, set(rings))):
        raise ValueError
    counts = np.array([(len(one) + 1) // 2 for one in rings], np.int64)
    numbers = np.fromstring(text.translate(_TO_NUMBERS), np.int64, sep=" ")
    if len(numbers) != 2 * counts.sum() or numbers.max() > FARTHEST:
        raise ValueError
    return numbers.reshape(-1, 2), counts


def _is_odd(ring: bytes) -> bool:
    return ring != b",".join([b"p"] * ((len(ring) + 1) // 2)) or not ring


def _outline(regions: Rings, holes: Rings) -> Outline:
    signs = np.repeat(np.array([1, -1], np.int64), [len(regions[1]), len(holes[1])])
    corners, counts = (np.concatenate(both) for both in zip(regions, holes, strict=True))
    return Outline(corners, counts, signs)


def _painted(labels: list[dict[str, Any]], outlines: list[Outline]) -> ClassIndex | None:
    width, height = image_size(labels, None, MAX_PIXELS)
    names = tuple(map(category_name, labels))
    if len(set(names)) < len(names):
        return None
    canvas = np.zeros((height, width), index_type(len(names)))
    covered = paint_each(canvas, enumerate(outlines, 1))
    return ClassIndex(canvas, names) if np.count_nonzero(canvas) == covered else None

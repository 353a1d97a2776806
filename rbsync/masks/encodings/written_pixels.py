"""The class index of labels as they are written: straight from their text.

A picture of 20 classes has tens of thousands of corners. To make lists of Python numbers of them,
and arrays of the lists, takes longer than all else that is done with the picture.
"""

from __future__ import annotations

import json
import threading
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
_PARTS = (b'"regions":[', b'"holes":[')
_TO_NUMBERS = bytes.maketrans(b"[],", b"   ")
MEMBERS = frozenset({"category", "attributes", "pixel", "labelid", "classid"})
"""The members of a label that is nothing but a mask: ids are given to it by the service."""
_KEPT = 1 << 22
"""Pixels up to which the last picture of a thread is kept."""
_LAST = threading.local()


def index_of_text(text: str) -> ClassIndex | None:
    """The class index of the JSON text of labels, each of which is a mask and nothing else.

    None for a text that is written in any other way, and for labels that lie upon others: then
    only `flat_index` can tell. Labels that it would refuse are None too. Nobody may write into
    the pixels: who asks twice in a row gets the same ones.
    """
    last, found = getattr(_LAST, "found", ("", None))
    if last is not text:
        found = _index(text.encode("utf-8", "surrogatepass"))
        # A comparison asks for the pixels, and right after that for their number.
        _LAST.found = (text, found) if found and found.pixels.size <= _KEPT else ("", None)
    return found


def _index(text: bytes) -> ClassIndex | None:
    with suppress(ValueError, TypeError, LookupError, AttributeError, MaskError, RecursionError):
        rest, rings = _taken_out(text)
        labels = json.loads(rest)
        if not all(one.keys() <= MEMBERS and not one.get("attributes") for one in labels):
            return None
        pixels = [one["pixel"] for one in labels]
        # Each list of rings is of one label, and none stands anywhere else.
        own = [(each["regions"], each["holes"]) for each in pixels]
        if [at for pair in own for at in pair] != list(range(len(rings))) or not rings:
            return None
        return _painted(labels, [_outline(rings[one], rings[other]) for one, other in own])
    return None


def _taken_out(text: bytes) -> tuple[bytes, list[Rings]]:
    """A text with the number of each list of rings in its place, and the lists.

    Raises ValueError.
    """
    rest: list[bytes] = []
    rings: list[Rings] = []
    at = 0
    # A string cannot have such a key in it: its quotes would be escaped.
    while places := [(place, one) for one in _PARTS if (place := text.find(one, at)) >= 0]:
        place, key = min(places)
        start = place + len(key) - 1
        # Behind a list comes the next key, or the end of the object.
        end = min(one for mark in b'"}' if (one := text.find(mark, start)) >= 0)
        if text[end] == ord('"'):
            end = text.rindex(b",", start, end)
        rest += [text[at:start], b"%d" % len(rings)]
        rings.append(_read(text[start:end]))
        at = end
    return b"".join((*rest, text[at:])), rings


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
    # Two who ask get the same picture.
    canvas.flags.writeable = False
    return ClassIndex(canvas, names) if np.count_nonzero(canvas) == covered else None

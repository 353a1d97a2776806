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

Array = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]
Rings = tuple[Array, Array]
_PARTS = (b'"regions":[', b'"holes":[')
_NONE: Rings = (np.zeros((0, 2), np.int64), np.zeros(0, np.int64))
_NEXT_CORNER, _NEXT_RING, _NEXT_LIST = b"],[", b"]],[[", b"]]][[["
_ZERO = np.uint8(ord("0"))
_DIGITS = 12
"""Digits of a number, of which none has so many that NumPy could not count to it."""
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
    lists: list[bytes] = []
    at = 0
    # A string cannot have such a key in it: its quotes would be escaped.
    while places := [(place, one) for one in _PARTS if (place := text.find(one, at)) >= 0]:
        place, key = min(places)
        start = place + len(key) - 1
        # Behind a list comes the next key, or the end of the object.
        end = min(one for mark in b'"}' if (one := text.find(mark, start)) >= 0)
        if text[end] == ord('"'):
            end = text.rindex(b",", start, end)
        rest += [text[at:start], b"%d" % len(lists)]
        lists.append(text[start:end])
        at = end
    found = iter(_read([one for one in lists if one != b"[]"]))
    rings = [_NONE if one == b"[]" else next(found) for one in lists]
    return b"".join((*rest, text[at:])), rings


def _read(lists: list[bytes]) -> list[Rings]:
    """The corners (n, 2) and the number of corners of each ring, list by list. Raises ValueError.

    All of them at once: to begin with each of forty lists takes NumPy longer than their numbers.
    """
    if not lists:
        return []
    if not all(one.startswith(b"[[[") and one.endswith(b"]]]") for one in lists):
        raise ValueError
    text = np.frombuffer(b"".join(lists), np.uint8)
    firsts, lasts = _places(text)
    gaps = _gaps(text, firsts, lasts)
    corners = _values(text, firsts, lasts).reshape(-1, 2)
    # Corners after which a ring ends, and rings after which a list does.
    ends = np.flatnonzero(np.append(gaps, len(_NEXT_LIST)) > len(_NEXT_CORNER))
    last = np.flatnonzero(np.append(gaps[ends[:-1]], len(_NEXT_LIST)) == len(_NEXT_LIST))
    if len(last) != len(lists):
        raise ValueError
    counts = np.diff(ends, prepend=-1)
    each = np.split(counts, last[:-1] + 1)
    return list(zip(np.split(corners, ends[last[:-1]] + 1), each, strict=True))


def _places(text: Bytes) -> tuple[Array, Array]:
    """The first and the last digit of each number. Raises ValueError for an odd one out."""
    is_digit = text - _ZERO < 10
    firsts = np.flatnonzero(is_digit[1:] > is_digit[:-1]) + 1
    lasts = np.flatnonzero(is_digit[1:] < is_digit[:-1])
    if not len(firsts) or len(firsts) % 2 or firsts[0] != 3 or lasts[-1] != len(text) - 4:
        raise ValueError
    return firsts, lasts


def _gaps(text: Bytes, firsts: Array, lasts: Array) -> Array:
    """The letters between each corner and the next one, by their number.

    Raises ValueError for a text that is not `[[[1,2],[3,4]],[[5,6]]]`, or several of these.
    """
    within = lasts[::2] + 1
    if (firsts[1::2] - within != 1).any() or (text[within] != ord(",")).any():
        raise ValueError
    behind = lasts[1:-1:2] + 1
    gaps: Array = firsts[2::2] - behind
    seen = 0
    for letters in (_NEXT_CORNER, _NEXT_RING, _NEXT_LIST):
        some = behind[gaps == len(letters)]
        seen += len(some)
        if any((text[some + at] != one).any() for at, one in enumerate(letters)):
            raise ValueError
    if seen < len(gaps):
        raise ValueError
    return gaps


def _values(text: Bytes, firsts: Array, lasts: Array) -> Array:
    """The numbers (n,) int64. Raises ValueError for one that is too large, or begins with 0."""
    more = lasts - firsts
    if more.max() >= _DIGITS or ((text[firsts] == _ZERO) & (more > 0)).any():
        raise ValueError
    found = (text[lasts] - _ZERO).astype(np.int64)
    for place in range(1, int(more.max()) + 1):
        digits = (text[lasts - place] - _ZERO).astype(np.int64)
        found += digits * (10**place * (more >= place))
    if found.max() > FARTHEST:
        raise ValueError
    return found


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

"""The identity of what a mask says, whatever file and colours it says it in."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

import numpy as np
import xxhash

from rbsync.masks.lookup import ClassIndex, index_type
from rbsync.masks.nifti import present

_AT_ONCE = 1 << 20


def identity(index: ClassIndex, algorithm: Literal["xxh3", "sha256"] = "xxh3") -> str:
    """The fingerprint of a class index; empty when no pixel is of a class.

    It is the hash of a line of JSON, ``["mask", 1, width, height, names]``, and of the picture
    row by row. ``names`` are the categories that occur, sorted; a pixel is the place of its
    category among them, from 1, or 0 for background, in one, two or four bytes (little-endian),
    as many as the number of names needs. So neither colours, nor the order of the class map,
    nor classes without pixels, nor the encoding of the file have a part in it.
    """
    values = present(index)
    if not values:
        return ""
    names = sorted({index.names[value - 1] for value in values})
    places = {name: place for place, name in enumerate(names, 1)}
    table = np.zeros(len(index.names) + 1, np.dtype(index_type(len(names))).newbyteorder("<"))
    table[values] = [places[index.names[value - 1]] for value in values]
    hasher = _hasher(algorithm)
    hasher.update(json.dumps(["mask", 1, index.width, index.height, names]).encode() + b"\n")
    flat = index.pixels.reshape(-1)
    for start in range(0, len(flat), _AT_ONCE):
        hasher.update(table[flat[start : start + _AT_ONCE]].data)
    return f"{algorithm}:{hasher.hexdigest()}"


def _hasher(algorithm: str) -> Any:
    return hashlib.sha256() if algorithm == "sha256" else xxhash.xxh3_128()

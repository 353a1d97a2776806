"""The identity of what a mask says, whatever file and colours it says it in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from rbsync.masks.colour_table import index_type
from rbsync.masks.labels import category_name
from rbsync.masks.lookup import ClassIndex, read_mask
from rbsync.masks.palette import complete_class_map
from rbsync.masks.pixel import decode_pixel
from rbsync.masks.present import present, renumbered
from rbsync.model.fingerprint import Algorithm, new_hasher


def identity(index: ClassIndex, algorithm: Algorithm = "xxh3") -> str:
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
    table = np.zeros(len(index.names) + 1, index_type(len(names)))
    table[values] = [places[index.names[value - 1]] for value in values]
    hasher = new_hasher(algorithm)
    hasher.update(json.dumps(["mask", 1, index.width, index.height, names]).encode() + b"\n")
    for part in renumbered(index, table):
        hasher.update(part.astype(part.dtype.newbyteorder("<"), copy=False))
    return f"{algorithm}:{hasher.hexdigest()}"


def identity_of_labels(labels: Sequence[dict[str, Any]], algorithm: Algorithm = "xxh3") -> str:
    """The identity of the mask that these `pixel` labels were made of. Raises MaskError."""
    class_map = complete_class_map(dict.fromkeys(map(category_name, labels)))
    mask = decode_pixel(labels, class_map)
    return identity(read_mask(mask, class_map), algorithm)

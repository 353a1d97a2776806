"""The identity of what a mask says, whatever file and colours it says it in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.classes.colour_table import index_type
from rbsync.masks.classes.present import present, renumbered
from rbsync.masks.encodings.pixel import index_of_labels
from rbsync.masks.volumes.label_volume import LabelVolume
from rbsync.model.fingerprint import Algorithm, new_hasher

Array = npt.NDArray[Any]


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
    # By name and not by number: a class that is added to the map in the middle renumbers all after
    # it, and no mask has changed for that.
    names = sorted({index.names[value - 1] for value in values})
    places = {name: place for place, name in enumerate(names, 1)}
    table = np.zeros(len(index.names) + 1, index_type(len(names)))
    table[values] = [places[index.names[value - 1]] for value in values]
    # The 1 is the version of this form: another form must never meet an identity of this one.
    head = ["mask", 1, index.width, index.height, names]
    return _hashed(head, index.pixels.reshape(-1), table, algorithm)


def identity_of_volume(volume: LabelVolume, algorithm: Algorithm = "xxh3") -> str:
    """The fingerprint of a label map; empty when no voxel has a label.

    It is the hash of a line of JSON, ``["volume", 1, [x, y, z], affine, names]``, and of the
    voxels, x running fastest. ``names`` has the category of each value that occurs, sorted by
    category and value, and a voxel is the place of its value among them, in bytes as in a mask's
    `identity`. So neither the numbers nor the encoding of the file have a part in it, as long as
    the values of one category keep their order: they are different things of one kind.
    """
    ordered = sorted((name, value) for value, name in volume.names.items())
    if not ordered:
        return ""
    table = np.zeros(max(volume.names) + 1, index_type(len(ordered)))
    table[[value for _, value in ordered]] = np.arange(1, len(ordered) + 1)
    affine = [float(number) for number in volume.affine.ravel()]
    names = [name for name, _ in ordered]
    head = ["volume", 1, list(volume.voxels.shape), affine, names]
    return _hashed(head, volume.voxels.reshape(-1, order="F"), table, algorithm)


def _hashed(head: Any, pixels: Array, table: Array, algorithm: Algorithm) -> str:
    hasher = new_hasher(algorithm)
    hasher.update(json.dumps(head).encode() + b"\n")
    for part in renumbered(pixels, table):
        # A state is carried from one machine to another.
        hasher.update(part.astype(part.dtype.newbyteorder("<"), copy=False))
    return f"{algorithm}:{hasher.hexdigest()}"


def identity_of_labels(labels: Sequence[dict[str, Any]], algorithm: Algorithm = "xxh3") -> str:
    """The identity of the mask that these `pixel` labels were made of. Raises MaskError."""
    return identity(index_of_labels(labels), algorithm)

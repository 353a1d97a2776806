"""The identity of what a mask says, whatever file and colours it says it in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.labels import category_name
from rbsync.masks.lookup import ClassIndex, index_type, read_mask
from rbsync.masks.nifti import present
from rbsync.masks.palette import complete_class_map
from rbsync.masks.pixel import decode_pixel
from rbsync.masks.volume import LabelVolume
from rbsync.model.fingerprint import Algorithm, new_hasher

Array = npt.NDArray[Any]

_AT_ONCE = 1 << 20


def identity(index: ClassIndex, algorithm: Algorithm = "xxh3") -> str:
    """The fingerprint of a class index; empty when no pixel is of a class.

    It is the hash of a line of JSON, ``["mask", 1, width, height, names]``, and of the picture
    row by row. ``names`` are the categories that occur, sorted; a pixel is the place of its
    category among them, from 1, or 0 for background, in one, two or four bytes (little-endian),
    as many as the number of names needs. So neither colours, nor the order of the class map,
    nor classes without pixels, nor the encoding of the file have a part in it.
    """
    values = _present(index)
    if not values:
        return ""
    names = sorted({index.names[value - 1] for value in values})
    places = {name: place for place, name in enumerate(names, 1)}
    table = np.zeros(len(index.names) + 1, np.dtype(index_type(len(names))).newbyteorder("<"))
    table[values] = [places[index.names[value - 1]] for value in values]
    hasher = new_hasher(algorithm)
    hasher.update(json.dumps(["mask", 1, index.width, index.height, names]).encode() + b"\n")
    for part in _looked_up(index.pixels.reshape(-1), table):
        hasher.update(part)
    return f"{algorithm}:{hasher.hexdigest()}"


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
    table = np.zeros(max(volume.names) + 1, np.dtype(index_type(len(ordered))).newbyteorder("<"))
    table[[value for _, value in ordered]] = np.arange(1, len(ordered) + 1)
    affine = [float(number) for number in volume.affine.ravel()]
    names = [name for name, _ in ordered]
    hasher = new_hasher(algorithm)
    head = ["volume", 1, list(volume.voxels.shape), affine, names]
    hasher.update(json.dumps(head).encode() + b"\n")
    for part in _looked_up(volume.voxels.reshape(-1, order="F"), table):
        hasher.update(part)
    return f"{algorithm}:{hasher.hexdigest()}"


def identity_of_labels(labels: Sequence[dict[str, Any]], algorithm: Algorithm = "xxh3") -> str:
    """The identity of the mask that these `pixel` labels were made of. Raises MaskError."""
    class_map = complete_class_map(dict.fromkeys(map(category_name, labels)))
    mask = decode_pixel(labels, class_map)
    return identity(read_mask(mask, class_map), algorithm)


def _present(index: ClassIndex) -> list[int]:
    """`present`, several times as fast for pictures of one byte a pixel."""
    if index.pixels.dtype != np.uint8:
        return present(index)
    left = set(range(1, len(index.names) + 1))
    for part in _parts(index.pixels.reshape(-1)):
        data = part.tobytes()
        left = {value for value in left if value not in data}
    return [value for value in range(1, len(index.names) + 1) if value not in left]


def _looked_up(flat: Array, table: Array) -> Iterator[bytes]:
    if flat.dtype == np.uint8:
        every = table.astype(np.uint8).tobytes().ljust(256, b"\0")
        return (part.tobytes().translate(every) for part in _parts(flat))
    return (table[part].tobytes() for part in _parts(flat))


def _parts(flat: Array) -> Iterator[Array]:
    return (flat[start : start + _AT_ONCE] for start in range(0, len(flat), _AT_ONCE))

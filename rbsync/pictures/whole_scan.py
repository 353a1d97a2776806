"""A scan as a whole, for a page that leads through its slices."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.label_changes.label_content import LabelContent
from rbsync.masks.volumes.label_volume import LabelVolume
from rbsync.pictures.change_pictures import objects_json
from rbsync.pictures.class_colours import coloured
from rbsync.pictures.label_drawing import Drawing, drawing_of
from rbsync.pictures.photographs import is_dicom
from rbsync.pictures.scans import Scan, is_deep, is_nifti, read_scan, read_slices, upright
from rbsync.pictures.views import EDGES, Read

Array = npt.NDArray[Any]
MOST = 1 << 25
"""Voxels that a page gets; of more every second one of the longest axis is left out."""
_GREATEST = 65535


def whole_scan(
    before: LabelContent, after: LabelContent, items: Sequence[Read], known: Sequence[str] = ()
) -> bytes | None:
    """A line of JSON, then the voxels as its ``parts`` say; None where there is no scan.

    All parts are uint16, x fastest and to the right, y to the front, z up: values from the least
    to the greatest of ``range``, and the numbers of the classes on both sides. ``known`` is as for
    `class_colours`. Raises ValueError and MaskError for what cannot be drawn.
    """
    scan = _scan(items)
    if scan is None:
        return None
    drawings = [drawing_of(one) for one in (before, after)]
    names = _names((before, after), drawings)
    shape = scan.values.shape
    volumes = [one for side in (before, after) for one in _fitting(side, shape)]
    way = upright(volumes[-1].affine if volumes else scan.affine)
    turned = way.turn(scan.values)
    steps = _steps(turned.shape)
    low, high = _reach(scan.values)
    parts = {"values": _deep(turned[steps], low, high)}
    for title, side, drawing in zip(("before", "after"), (before, after), drawings, strict=True):
        if (grid := _grid(side, drawing, names, shape)) is not None:
            parts[title] = way.turn(grid)[steps]
    whole = shape[0], shape[1]
    head = {
        "shape": parts["values"].shape,
        "whole": turned.shape,
        "sizes": [size * one.step for size, one in zip(way.sizes, steps, strict=True)],
        "range": [low, high],
        "window": scan.window,
        "classes": coloured(names, known),
        "edges": EDGES if scan.is_placed else {},
        # Of several slices nobody can tell here which one an outline is in.
        "objects": [
            objects_json(one.objects if shape[2] == 1 else (), names, whole, (0, 0, *whole))
            for one in drawings
        ],
        "parts": list(parts),
    }
    body = (one.astype("<u2").tobytes(order="F") for one in parts.values())
    return b"".join((json.dumps(head).encode(), b"\n", *body))


def is_scan(items: Sequence[Read]) -> bool:
    """Tells whether there may be a whole scan, by the beginning of the first item.

    No voxel is read for it: whoever then asks for the scan gets it, or hears that there is none.
    """
    data = items[0]() if items else None
    if data is None:
        return False
    return is_dicom(data) or (len(items) == 1 and (is_nifti(data) or is_deep(data)))


def _scan(items: Sequence[Read]) -> Scan | None:
    first = items[0]() if items else None
    if first is None:
        return None
    if len(items) == 1:
        return read_scan(first) or read_slices([first])
    if not is_dicom(first):
        return None
    files = [first, *(data for one in items[1:] if (data := one()) is not None)]
    # Between slices of which some are missing nobody knows how far it is.
    return read_slices(files) if len(files) == len(items) else None


def _fitting(content: LabelContent, shape: tuple[int, ...]) -> list[LabelVolume]:
    return [one for one in content.volumes.values() if one.voxels.shape == shape]


def _names(sides: Sequence[LabelContent], drawings: Sequence[Drawing]) -> tuple[str, ...]:
    volumes = [one for side in sides for one in side.volumes.values()]
    own = [name for one in volumes for name in one.names.values()]
    return tuple(dict.fromkeys((*own, *(name for one in drawings for name in one.names))))


def _grid(
    content: LabelContent, drawing: Drawing, names: Sequence[str], shape: tuple[int, ...]
) -> Array | None:
    """The numbers of the classes (x, y, z), None for no labels of this shape."""
    for volume in _fitting(content, shape):
        return _renumbered(volume.voxels, volume.names, names)
    mask = drawing.mask
    if mask is None or (mask.width, mask.height, 1) != shape:
        return None
    return _renumbered(mask.pixels.T[:, :, None], dict(enumerate(mask.names, 1)), names)


def _renumbered(voxels: Array, own: Mapping[int, str], names: Sequence[str]) -> Array:
    table = np.zeros(int(max(voxels.max(), *own, 0)) + 1, np.uint16)
    for value, name in own.items():
        table[value] = names.index(name) + 1
    found: Array = np.take(table, voxels)
    return found


def _steps(shape: Sequence[int]) -> tuple[slice, ...]:
    """Of each axis every so many-th voxel, for a page to get no more than it can hold."""
    steps = [1, 1, 1]
    left = list(shape)
    while left[0] * left[1] * left[2] > MOST:
        longest = left.index(max(left))
        steps[longest] *= 2
        left[longest] = -(-left[longest] // 2)
    return tuple(slice(None, None, one) for one in steps)


def _reach(values: Array) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _deep(values: Array, low: float, high: float) -> Array:
    scaled = (np.asarray(values, np.float32) - low) * (_GREATEST / (high - low or 1))
    found: Array = np.rint(np.clip(np.nan_to_num(scaled), 0, _GREATEST)).astype(np.uint16)
    return found

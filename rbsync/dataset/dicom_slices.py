"""DICOM files of a series: whose they are, and the grid that they make together."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import quote, unquote

from rbsync.dataset.inspection import Inspected
from rbsync.files.body import open_body
from rbsync.files.roots import Roots
from rbsync.files.structure.dicom import Fields, fields
from rbsync.files.structure.span import Span
from rbsync.model.datapoint import Item
from rbsync.model.fingerprint import Algorithm

CONTEXT = "dicom header:1"
DIRECTORY = "1.2.840.10008.1.3.10"

_TEXTS = {
    "patient": (0x0010, 0x0020), "name": (0x0010, 0x0010), "series": (0x0020, 0x000E),
    "kind": (0x0008, 0x0016), "instance": (0x0008, 0x0018), "frames": (0x0028, 0x0008),
    "position": (0x0020, 0x0032), "orientation": (0x0020, 0x0037), "spacing": (0x0028, 0x0030),
}  # fmt: skip
_ROWS, _COLUMNS = (0x0028, 0x0010), (0x0028, 0x0011)
_MEDIUM_CLASS = (0x0002, 0x0002)
_WANTED = frozenset((*_TEXTS.values(), _ROWS, _COLUMNS, _MEDIUM_CLASS))


class Slice(NamedTuple):
    """The header of a file: empty texts and tuples, and 0, where it does not say a thing.

    ``position`` and ``orientation`` are as DICOM has them, in millimetres towards left, posterior,
    superior; ``spacing`` is between rows, then between columns.
    """

    columns: int
    rows: int
    frames: int
    patient: str
    series: str
    kind: str
    instance: str
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing: tuple[float, ...]


def inspect_dicom(roots: Roots, file: Item, algorithm: Algorithm) -> Inspected:
    """Reads the header of a DICOM file. Raises OSError."""
    with open_body(roots, file.ref, algorithm) as body:
        found = _slice(fields(Span(body.fileno(), body.size), _WANTED))
    text = quote(json.dumps(found[3:]), safe="")
    return Inspected((found.columns, found.rows, found.frames), text)


def slice_of(inspected: Inspected) -> Slice:
    """The inverse of what `inspect_dicom` keeps."""
    patient, series, kind, instance, *numbers = json.loads(unquote(inspected.fingerprint))
    columns, rows, frames = inspected.size
    where = (tuple(one) for one in numbers)
    return Slice(columns, rows, frames, patient, series, kind, instance, *where)


def _slice(given: Fields) -> Slice:
    texts = {
        name: given.values.get(tag, b"").decode("latin-1").strip("\0 ")
        for name, tag in _TEXTS.items()
    }
    medium = given.values.get(_MEDIUM_CLASS, b"").decode("latin-1").strip("\0 ")
    return Slice(
        _short(given, _COLUMNS),
        _short(given, _ROWS),
        int(texts["frames"]) if texts["frames"].isdecimal() else 1,
        texts["patient"] or texts["name"],
        texts["series"],
        DIRECTORY if medium == DIRECTORY else texts["kind"],
        texts["instance"],
        _numbers(texts["position"], 3),
        _numbers(texts["orientation"], 6),
        _numbers(texts["spacing"], 2),
    )


def _short(given: Fields, tag: tuple[int, int]) -> int:
    value = given.values.get(tag, b"")
    return int(struct.unpack(given.order + "H", value[:2])[0]) if len(value) >= 2 else 0


def _numbers(text: str, count: int) -> tuple[float, ...]:
    with suppress(ValueError):
        found = tuple(float(one) for one in text.split("\\"))
        if len(found) == count and all(map(math.isfinite, found)):
            return found
    return ()


def grid_of(slices: Sequence[Slice]) -> Inspected | None:
    """The shape (x, y, z) of what the files show together, and the affine where they say it.

    None for files of different sizes, and for several that have frames.
    """
    first = slices[0]
    if not first.columns or not first.rows:
        return None
    if any((one.columns, one.rows) != (first.columns, first.rows) for one in slices):
        return None
    if first.frames > 1 or any(one.frames > 1 for one in slices):
        depth = first.frames if len(slices) == 1 else 0
        return Inspected((first.columns, first.rows, depth)) if depth else None
    size = (first.columns, first.rows, len(slices))
    return Inspected(size, affine=_affine(slices))


def _affine(slices: Sequence[Slice]) -> tuple[float, ...]:
    """The affine row by row towards right, anterior, superior; empty where it is not known."""
    first = slices[0]
    known = all(one.position and one.orientation == first.orientation for one in slices)
    if len(slices) < 2 or not known or not first.orientation or not first.spacing:
        return ()
    # Here, for a plan without series needs no NumPy, which takes longer to load than all else.
    import numpy as np

    along_row, along_column = np.array(first.orientation).reshape(2, 3)
    normal = np.cross(along_row, along_column)
    places = sorted((one.position for one in slices), key=lambda one: float(normal @ np.array(one)))
    step = (np.array(places[-1]) - np.array(places[0])) / (len(places) - 1)
    columns = [along_row * first.spacing[1], along_column * first.spacing[0], step, places[0]]
    affine = np.array(columns, np.float64).T * np.array([[-1], [-1], [1]])
    return tuple(map(float, affine.ravel()))

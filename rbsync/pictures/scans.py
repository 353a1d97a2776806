"""Scans: their voxels as the files have them, and the way to turn them upright."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from rbsync.masks.error import MaskError
from rbsync.masks.nifti.file import NiftiFile, scaled
from rbsync.masks.png.decoding import MAX_PIXELS
from rbsync.pictures.photographs import WIDE, dicom_values, is_dicom, outermost

Array = npt.NDArray[Any]
_GZIP, _MAGIC = b"\x1f\x8b", slice(344, 348)
# Columns run to the right and rows down, as on a screen, where nothing says how a picture lies.
_FLAT = np.array([[1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 1, 0]], float)


class Scan(NamedTuple):
    """Values (x, y, z), their affine (3, 4), and those that are shown as black and as white.

    ``is_placed`` says that the file tells how it lies in the body.
    """

    values: Array
    affine: Array
    window: tuple[float, float]
    is_placed: bool = False


class Way(NamedTuple):
    """The turn of axes for x to run to the right, y to the front, and z up.

    ``axes`` are those of the file in this order, ``flips`` whether each runs the other way, and
    ``sizes`` are those of a voxel in millimetres.
    """

    axes: tuple[int, ...]
    flips: tuple[bool, ...]
    sizes: tuple[float, ...]

    def turn(self, voxels: Array) -> Array:
        turned = voxels.transpose(self.axes)
        return turned[tuple(slice(None, None, -1 if one else 1) for one in self.flips)]


def upright(affine: Array) -> Way:
    """The way to turn a volume whose affine leads to millimetres."""
    steps = np.asarray(affine, float)[:, :3]
    left = [0, 1, 2]
    axes: list[int] = []
    # Each direction of the world takes the axis that lies nearest to it and is still free.
    for row in steps:
        nearest = max(left, key=lambda one: abs(row[one]))
        left.remove(nearest)
        axes.append(nearest)
    sizes = [float(np.linalg.norm(steps[:, one])) or 1.0 for one in axes]
    return Way(
        tuple(axes), tuple(bool(steps[at, one] < 0) for at, one in enumerate(axes)), (*sizes,)
    )


def is_nifti(data: bytes) -> bool:
    """Tells whether a file may be NIfTI: nothing else that is an item is packed by gzip."""
    return data.startswith(_GZIP) or data[_MAGIC] == b"n+1\0" or data[4:8] == b"n+2\0"


def read_scan(data: bytes) -> Scan | None:
    """A NIfTI file's first volume, None for a file of another kind."""
    if not is_nifti(data):
        return None
    try:
        opened = NiftiFile(data)
        shape = (*opened.header.shape, 1, 1)[:3]
        stored = np.concatenate(list(_first(opened, int(np.prod(shape)))))
    except (MaskError, ValueError):
        return None
    values = scaled(stored.reshape(shape, order="F"), opened.header)
    header = opened.header
    return Scan(values, header.affine, outermost(values), header.is_placed)


def _first(opened: NiftiFile, left: int) -> Iterator[Array]:
    """The first voxels: of several volumes, one after another in time, only one is shown."""
    for part in opened.parts():
        yield part[:left]
        left -= len(part)
        if left <= 0:
            return


def read_slices(files: Sequence[bytes]) -> Scan | None:
    """The slices of a DICOM series, or one file of several; None where they are of no scan.

    A picture of more than eight bits is a scan of one slice. Raises ValueError for DICOM that
    cannot be read.
    """
    if len(files) == 1 and not is_dicom(files[0]):
        return _deep(files[0])
    if not all(map(is_dicom, files)):
        return None
    found = [dicom_values(one) for one in files]
    slices = [one for one in found if one is not None]
    shapes = {one.values.shape for one in slices}
    if len(shapes) != 1 or len(slices) < len(files):
        return None
    grid = np.concatenate([one.values for one in slices])
    first = slices[0]
    affine = _affine(first.place, slices[-1].place, len(grid))
    return Scan(grid.transpose(2, 1, 0), affine, first.window, first.place is not None)


def _affine(first: Any, last: Any, number: int) -> Array:
    """Leads from (column, row, slice) to millimetres, to the right, to the front and up."""
    if first is None:
        return _FLAT
    made = _FLAT.copy()
    made[:, 0] = np.array(first.directions[:3]) * first.spacing[1]
    made[:, 1] = np.array(first.directions[3:]) * first.spacing[0]
    step = (np.array(last.position) - np.array(first.position)) / max(1, number - 1)
    across = np.cross(first.directions[:3], first.directions[3:])
    # Of one file alone nobody knows where the next would lie.
    made[:, 2] = step if np.abs(step).max() > 0 else across * first.thickness
    # The standard counts to the left and to the back.
    made[:2] = -made[:2]
    return made


def is_deep(data: bytes) -> bool:
    """Tells whether a file is a PNG of more than eight bits, by its header."""
    return _opened(data) is not None


def _deep(data: bytes) -> Scan | None:
    image = _opened(data)
    try:
        values = np.asarray(image).T[:, :, None] if image else None
    except (OSError, SyntaxError, ValueError):
        return None
    if values is None:
        return None
    return Scan(values, _FLAT, (float(values.min()), float(values.max())))


def _opened(data: bytes) -> Image.Image | None:
    """A PNG of more than eight bits, whose pixels are read when they are asked for."""
    try:
        image = Image.open(io.BytesIO(data), formats=("PNG",))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    is_wide = image.mode in WIDE and image.width * image.height <= MAX_PIXELS
    return image if is_wide else None

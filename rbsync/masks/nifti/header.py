"""The header of a NIfTI file: what its voxels are, and where they lie in the world.

Source: nifti1.h and nifti2.h of the NIfTI Data Format Working Group. Read are single files
(`.nii`, `.nii.gz`) of version 1 and 2 in either byte order.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rbsync.masks.error import MaskError

Array = npt.NDArray[Any]

LONGEST = 544
"""Bytes from the start of a file that are enough for any header."""

TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8",
    256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
_MAGICS = {348: (b"n+1\0", 344), 540: (b"n+2\0\r\n\x1a\n", 4)}
_LABEL_TYPES = frozenset({"|u1", "<u2"})


class _Fields(NamedTuple):
    """The fields in use: format and offset in the header."""

    dim: tuple[str, int]
    datatype: tuple[str, int]
    pixdim: tuple[str, int]
    vox_offset: tuple[str, int]
    scaling: tuple[str, int]
    codes: tuple[str, int]
    quaternion: tuple[str, int]
    rows: tuple[str, int]


_LAYOUTS = {
    348: _Fields(
        ("8h", 40), ("h", 70), ("8f", 76), ("f", 108), ("2f", 112),
        ("2h", 252), ("6f", 256), ("12f", 280),
    ),
    540: _Fields(
        ("8q", 16), ("h", 12), ("8d", 104), ("q", 168), ("2d", 176),
        ("2i", 344), ("6d", 352), ("12d", 400),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Header:
    """The facts of a header about the voxels that start at the byte ``offset``.

    ``shape`` is (x, y, z, …) as the file has it, ``kind`` the type of the stored numbers,
    ``scaling`` slope and intercept, None where stored numbers are the values. ``affine`` (3, 4)
    float32 leads from voxels to millimetres; ``is_placed`` says that the file tells how they lie in
    a body, and not only how large they are.
    """

    shape: tuple[int, ...]
    kind: np.dtype[Any]
    offset: int
    scaling: tuple[float, float] | None
    affine: Array
    is_placed: bool = True

    @property
    def count(self) -> int:
        """Returns how many voxels there are."""
        return int(np.prod(self.shape, dtype=object))

    @property
    def size(self) -> int:
        """The bytes up to the last voxel."""
        return self.offset + self.count * self.kind.itemsize

    @property
    def is_label_map(self) -> bool:
        """Tells whether the voxels are stored as those of a label map are."""
        plain = self.scaling is None and self.kind.str in _LABEL_TYPES
        return plain and len(self.shape) == 3


def read_header(start: bytes, file: str = "") -> Header:
    """The header in the first bytes of a file, unpacked. Raises MaskError."""
    size, order = _version(start, file)
    fields = _LAYOUTS[size]

    def read(field: tuple[str, int]) -> tuple[Any, ...]:
        return struct.unpack_from(order + field[0], start, field[1])

    shape = _shape(read(fields.dim), file)
    (code,) = read(fields.datatype)
    if code not in TYPES:
        raise unreadable(f"its data type {code} is not one of integers or real numbers", file)
    (given,) = read(fields.vox_offset)
    # Some writers leave the offset 0. The voxels then follow the header and its four bytes of
    # extension.
    offset = int(given) if np.isfinite(given) and given else size + 4
    if offset < size:
        raise unreadable("its voxels lie within its header", file)
    codes = read(fields.codes)
    affine = _affine(codes, read(fields.pixdim), read(fields.quaternion), read(fields.rows))
    kind = np.dtype(order + TYPES[code])
    scaling = _scaling(*read(fields.scaling))
    return Header(shape, kind, offset, scaling, affine, any(code > 0 for code in codes))


class Grid(NamedTuple):
    """The shape of a file's voxels, and the affine; None where the file does not say it."""

    shape: tuple[int, ...]
    affine: Array | None


def read_grid(start: bytes, file: str = "") -> Grid:
    """The grid alone, also of voxels that `read_header` refuses. Raises MaskError."""
    size, order = _version(start, file)
    fields = _LAYOUTS[size]

    def read(field: tuple[str, int]) -> tuple[Any, ...]:
        return struct.unpack_from(order + field[0], start, field[1])

    shape, codes = _shape(read(fields.dim), file), read(fields.codes)
    # The file says no place in the world. The plain affine that the standard assumes then must not
    # be compared with the scan's.
    if max(codes) <= 0:
        return Grid(shape, None)
    where = read(fields.pixdim), read(fields.quaternion), read(fields.rows)
    return Grid(shape, _affine(codes, *where))


def _version(start: bytes, file: str) -> tuple[int, str]:
    for size, (magic, offset) in _MAGICS.items():
        if start[offset : offset + len(magic)] == magic and len(start) >= size:
            for order in "<>":
                # The size of the header tells the byte order: it is the only number whose value is
                # known.
                if struct.unpack_from(order + "i", start)[0] == size:
                    return size, order
    hint = "label maps are NIfTI-1 or NIfTI-2 in one file, .nii or .nii.gz"
    message = "this is not a NIfTI file"
    if start[128:132] == b"DICM":
        message = "this is a DICOM file, and not a NIfTI file"
        hint = (
            "convert a DICOM segmentation, for example: `segimage2itkimage --inputDICOM FILE "
            "--outputDirectory DIR -t nifti` of dcmqi"
        )
    raise MaskError("not-nifti", message, hint=hint, file=file)


def _shape(dim: Sequence[int], file: str) -> tuple[int, ...]:
    shape = tuple(dim[1 : 1 + max(dim[0], 0)])
    if not 1 <= dim[0] <= 7 or any(length < 1 for length in shape):
        raise unreadable(f"its dimensions {list(dim)} are not valid", file)
    return shape


def _scaling(slope: float, intercept: float) -> tuple[float, float] | None:
    # A slope of 0 means "no scaling" in the standard, and several programs write NaN for it.
    if not slope or not np.isfinite([slope, intercept]).all() or (slope, intercept) == (1, 0):
        return None
    return slope, intercept


def _affine(
    codes: Sequence[int],
    pixdim: Sequence[float],
    quaternion: Sequence[float],
    rows: Sequence[float],
) -> Array:
    """By the first of the standard's ways that the file uses: sform, qform, sizes alone."""
    qform, sform = codes
    sizes = [size or 1.0 for size in pixdim[1:4]]
    with np.errstate(over="ignore", invalid="ignore"):
        if sform > 0:
            affine = np.array(rows, np.float64).reshape(3, 4)
        elif qform > 0:
            b, c, d, *offsets = quaternion
            # The first size is no size: its sign is the handedness of the quaternion's axes.
            sizes[2] *= -1.0 if pixdim[0] < 0 else 1.0
            affine = np.column_stack([_rotation(b, c, d) * sizes, offsets])
        else:
            affine = np.column_stack([np.diag(sizes), np.zeros(3)])
        # -0.0 becomes 0.0, so that two spellings of one place have one identity.
        return affine.astype(np.float32) + np.float32(0)


def _rotation(b: float, c: float, d: float) -> Array:
    """The rotation of a unit quaternion, of which the file leaves the first number out."""
    a = max(0.0, 1.0 - (b * b + c * c + d * d)) ** 0.5
    return np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ]
    )


def unreadable(reason: str, file: str) -> MaskError:
    """The error of a file that is damaged or of a form that is not read."""
    hint = "write or copy the file again"
    return MaskError("bad-nifti", f"this NIfTI file cannot be read: {reason}", hint=hint, file=file)

"""NIfTI files: the header and the voxels, read in general and written in one plain form.

Source: nifti1.h and nifti2.h of the NIfTI Data Format Working Group. Read are single files
(`.nii`, `.nii.gz`) of version 1 and 2 in either byte order; written is little-endian NIfTI-1.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rbsync.masks.error import MaskError

Array = npt.NDArray[Any]

MAX_BYTES = 1 << 32

DIAGONAL = (-1.0, -1.0, 1.0, 1.0)

_TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8",
    256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
_CODES = {np.dtype(kind).name: code for code, kind in _TYPES.items()}
_MAGICS = {348: (b"n+1\0", 344), 540: (b"n+2\0\r\n\x1a\n", 4)}


class _Fields(NamedTuple):
    """Where the fields in use lie: format and offset in the header."""

    dim: tuple[str, int]
    datatype: tuple[str, int]
    vox_offset: tuple[str, int]
    scaling: tuple[str, int]


_LAYOUTS = {
    348: _Fields(("8h", 40), ("h", 70), ("f", 108), ("2f", 112)),
    540: _Fields(("8q", 16), ("h", 12), ("q", 168), ("2d", 176)),
}


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """The voxels of a NIfTI file, shape (x, y, z, …) as the file has it, scaling applied.

    The type is the file's own where it has no scaling, else float64.
    """

    voxels: Array
    file: str = ""


def read_nifti(data: bytes, *, file: str = "", max_bytes: int = MAX_BYTES) -> Volume:
    """Read a NIfTI-1 or NIfTI-2 file, gzip-compressed or not. Raises MaskError."""
    raw = _unpacked(data, file, max_bytes)
    size, order = _version(raw, file)
    fields = _LAYOUTS[size]
    shape = _shape(_field(raw, order, fields.dim), file)
    (code,) = _field(raw, order, fields.datatype)
    if code not in _TYPES:
        raise _bad(f"its data type {code} is not one of integers or real numbers", file)
    kind = np.dtype(order + _TYPES[code])
    offset = int(_field(raw, order, fields.vox_offset)[0]) or size + 4
    count = int(np.prod(shape, dtype=object))
    if not size <= offset <= len(raw) - count * kind.itemsize:
        raise _bad("it ends before its last voxel", file)
    voxels = np.frombuffer(raw, kind, count, offset).reshape(shape, order="F")
    return Volume(_scaled(voxels, *_field(raw, order, fields.scaling)), file)


def _unpacked(data: bytes, file: str, max_bytes: int) -> bytes:
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            raw = packed.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _bad(f"its gzip data are damaged: {error}", file) from None
    if len(raw) > max_bytes:
        raise _bad(f"it unpacks to more than {max_bytes:,} bytes", file)
    return raw


def _version(raw: bytes, file: str) -> tuple[int, str]:
    for size, (magic, offset) in _MAGICS.items():
        if raw[offset : offset + len(magic)] == magic and len(raw) >= size:
            for order in "<>":
                if struct.unpack_from(order + "i", raw)[0] == size:
                    return size, order
    hint = "label maps are NIfTI-1 or NIfTI-2 in one file, .nii or .nii.gz"
    raise MaskError("not-nifti", "this is not a NIfTI file", hint=hint, file=file)


def _field(raw: bytes, order: str, field: tuple[str, int]) -> tuple[Any, ...]:
    layout, offset = field
    return struct.unpack_from(order + layout, raw, offset)


def _shape(dim: Sequence[int], file: str) -> tuple[int, ...]:
    shape = tuple(dim[1 : 1 + max(dim[0], 0)])
    if not 1 <= dim[0] <= 7 or any(length < 1 for length in shape):
        raise _bad(f"its dimensions {list(dim)} are not valid", file)
    return shape


def _scaled(voxels: Array, slope: float, intercept: float) -> Array:
    if not slope or not np.isfinite([slope, intercept]).all() or (slope, intercept) == (1, 0):
        return voxels
    return voxels * np.float64(slope) + np.float64(intercept)


def write_nifti(voxels: Array, diagonal: Sequence[float] = DIAGONAL) -> bytes:
    """A gzip-compressed NIfTI-1 file of ``voxels`` with a diagonal affine.

    The bytes depend on the voxels alone: there is no time, name or system in them.
    """
    code = _CODES.get(voxels.dtype.name)
    if code is None:
        raise TypeError(f"NIfTI has no data type for {voxels.dtype}")
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    dim = (voxels.ndim, *voxels.shape, 1, 1, 1, 1, 1, 1)[:8]
    struct.pack_into("<8h", header, 40, *dim)
    struct.pack_into("<2h", header, 70, code, 8 * voxels.itemsize)
    struct.pack_into("<8f", header, 76, 1, *(abs(d) for d in diagonal[:3]), 1, 1, 1, 1)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    struct.pack_into("<2h", header, 252, 0, 2)  # the affine stands in the sform, as "aligned"
    for row in range(3):
        struct.pack_into("<f", header, 280 + 20 * row, diagonal[row])
    header[344:348] = b"n+1\0"
    plain = voxels.astype(voxels.dtype.newbyteorder("<"), copy=False)
    return _packed(bytes(header), np.ravel(plain, order="F"))


def _packed(header: bytes, voxels: Array) -> bytes:
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = voxels.data.cast("B")
    checksum = zlib.crc32(body, zlib.crc32(header))
    parts = (deflate.compress(header), deflate.compress(body), deflate.flush())
    trailer = struct.pack("<2I", checksum, len(header) + len(body) & 0xFFFFFFFF)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"".join(parts) + trailer


def _bad(reason: str, file: str) -> MaskError:
    hint = "write or copy the file again"
    return MaskError("bad-nifti", f"this NIfTI file cannot be read: {reason}", hint=hint, file=file)

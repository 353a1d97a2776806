"""NIfTI files: read whole or piece by piece, and written in one plain form.

Source: nifti1.h of the NIfTI Data Format Working Group. Written is little-endian NIfTI-1.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from rbsync.masks.error import MaskError
from rbsync.masks.nifti.header import (
    LONGEST,
    TYPES,
    Grid,
    Header,
    read_grid,
    read_header,
    unreadable,
)

Array = npt.NDArray[Any]

MAX_BYTES = 1 << 32
LONGEST_SIDE = 32767

# That of a picture: x and y run against the axes of the world.
SLICE_AFFINE = np.array([[-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 1, 0]], np.float32)

_GZIP = b"\x1f\x8b"
_AT_ONCE = 1 << 20
_CUT = "it ends before its last voxel"
_CODES = {np.dtype(kind).name: code for code, kind in TYPES.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """The voxels of a NIfTI file, shape (x, y, z, …) as the file has it, scaling applied.

    The type is the file's own where it has no scaling, else float64.
    """

    voxels: Array
    file: str = ""


class NiftiFile:
    """A file whose header was read; its voxels are there once, from the first to the last."""

    def __init__(self, data: bytes, *, file: str = "", max_bytes: int = MAX_BYTES) -> None:
        """Raises MaskError for what is no NIfTI file, unpacks to more than ``max_bytes``, or is
        shorter than its header says."""
        self.file = file
        self.is_packed = data.startswith(_GZIP)
        plain = io.BytesIO(data)
        self._stream = cast("BinaryIO", gzip.GzipFile(fileobj=plain) if self.is_packed else plain)
        self.header: Header = read_header(self._read(LONGEST), file)
        # A file of a kilobyte may unpack to gigabytes; its header says so before anything is
        # unpacked.
        if self.is_packed and self.header.size > max_bytes:
            raise unreadable(f"it unpacks to more than {max_bytes:,} bytes", file)
        if not self.is_packed and self.header.size > len(data):
            raise unreadable(_CUT, file)

    def parts(self) -> Iterator[Array]:
        """The stored numbers, a million at a time at most. Raises MaskError where they end."""
        header = self.header
        self._stream.seek(header.offset)
        # Counted by the header and not to the end of the file: some programs append what they like.
        left = header.count
        while left:
            size = min(left, _AT_ONCE) * header.kind.itemsize
            data = self._read(size)
            if len(data) < size:
                raise unreadable(_CUT, self.file)
            yield np.frombuffer(data, header.kind)
            left -= min(left, _AT_ONCE)
        self._read(1)  # where a packed file ends, its checksum is looked at

    def values(self) -> Iterator[Array]:
        """The values of the voxels, at most a million at a time. Raises MaskError."""
        return (scaled(part, self.header) for part in self.parts())

    def with_voxels(self, data: bytes, stored: Array) -> bytes:
        """The file of these bytes with other numbers, as many and of the same type."""
        plain = gzip.decompress(data) if self.is_packed else data
        start = self.header.offset
        # Numbers that were put together are of this machine's byte order, and the file has its own.
        body = stored.astype(self.header.kind).tobytes()
        whole = plain[:start] + body + plain[start + len(body) :]
        # No time stands in it: equal voxels are equal files.
        return gzip.compress(whole, mtime=0) if self.is_packed else whole

    def _read(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise unreadable(f"its gzip data are damaged: {error}", self.file) from None


def grid_in(head: bytes, file: str = "") -> Grid:
    """The grid in the first bytes of a file, whatever its voxels are. Raises MaskError."""
    if not head.startswith(_GZIP):
        return read_grid(head, file)
    try:
        return read_grid(zlib.decompressobj(31).decompress(head, LONGEST), file)
    except zlib.error as error:
        raise unreadable(f"its gzip data are damaged: {error}", file) from None


def scaled(voxels: Array, header: Header) -> Array:
    """Stored numbers as the values that they stand for."""
    if header.scaling is None:
        return voxels
    slope, intercept = header.scaling
    # In double precision: with a slope in float32 a label of 16 bits would come out as 41.9999.
    return voxels * np.float64(slope) + np.float64(intercept)


def read_nifti(data: bytes, *, file: str = "", max_bytes: int = MAX_BYTES) -> Volume:
    """Read a NIfTI-1 or NIfTI-2 file, gzip-compressed or not. Raises MaskError."""
    opened = NiftiFile(data, file=file, max_bytes=max_bytes)
    header = opened.header
    voxels = np.empty(header.count, header.kind)
    start = 0
    for part in opened.parts():
        voxels[start : start + len(part)] = part
        start += len(part)
    return Volume(scaled(voxels.reshape(header.shape, order="F"), header), file)


def write_nifti(voxels: Array, affine: Array = SLICE_AFFINE) -> bytes:
    """A gzip-compressed NIfTI-1 file of ``voxels``, whose ``affine`` (3, 4) is the sform.

    The bytes depend on the two alone: there is no time, name or system in them. Raises MaskError
    for a shape that NIfTI-1 cannot hold.
    """
    _refuse_shape(voxels.shape)
    code = _CODES.get(voxels.dtype.name)
    if code is None:
        raise TypeError(f"NIfTI has no data type for {voxels.dtype}")
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    dim = (voxels.ndim, *voxels.shape, 1, 1, 1, 1, 1, 1)[:8]
    struct.pack_into("<8h", header, 40, *dim)
    struct.pack_into("<2h", header, 70, code, 8 * voxels.itemsize)
    # A huge affine is told by the placement check, in words.
    with np.errstate(over="ignore"):
        sizes = np.sqrt(np.square(affine[:, :3], dtype=np.float64).sum(axis=0)).astype(np.float32)
    struct.pack_into("<8f", header, 76, 1, *sizes, 1, 1, 1, 1)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    struct.pack_into("<2h", header, 252, 0, 2)  # the affine stands in the sform, as "aligned"
    struct.pack_into("<12f", header, 280, *affine.ravel())
    header[344:348] = b"n+1\0"
    plain = voxels.astype(voxels.dtype.newbyteorder("<"), copy=False)
    return _packed(bytes(header), np.ravel(plain, order="F"))


def _refuse_shape(shape: tuple[int, ...]) -> None:
    if not 1 <= len(shape) <= 7 or not all(1 <= side <= LONGEST_SIDE for side in shape):
        sides = " x ".join(f"{side:,}" for side in shape)
        raise MaskError(
            "too-long",
            f"a NIfTI-1 file holds 1 to 7 dimensions of 1 to {LONGEST_SIDE:,} voxels; "
            f"this volume has {sides or 'none'}",
            hint="cut the volume into smaller ones, or write it as NIfTI-2 with another program",
        )


def _packed(header: bytes, voxels: Array) -> bytes:
    # gzip's own writer puts the time into the file, and equal masks would have different bytes.
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = voxels.data.cast("B")
    checksum = zlib.crc32(body, zlib.crc32(header))
    parts = (deflate.compress(header), deflate.compress(body), deflate.flush())
    trailer = struct.pack("<2I", checksum, len(header) + len(body) & 0xFFFFFFFF)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"".join(parts) + trailer

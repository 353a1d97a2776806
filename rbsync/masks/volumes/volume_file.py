"""Files of voxels, NIfTI or NRRD, read piece by piece in the same way.

Source of NRRD: "Definition of NRRD File Format", sections 2 to 5.
"""

from __future__ import annotations

import bz2
import gzip
import io
import math
import re
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from rbsync.masks.error import MaskError
from rbsync.masks.nifti.file import MAX_BYTES, NiftiFile, grid_in
from rbsync.masks.nifti.header import Grid, Header
from rbsync.masks.volumes.nrrd_grid import (
    MAGIC,
    MOST_DIGITS,
    MOST_HEADER,
    fields_of,
    grid_of,
    sizes_of,
)

Array = npt.NDArray[Any]

_TYPES = {
    "i1": "signed char,int8,int8_t",
    "u1": "uchar,unsigned char,uint8,uint8_t",
    "i2": "short,short int,signed short,signed short int,int16,int16_t",
    "u2": "ushort,unsigned short,unsigned short int,uint16,uint16_t",
    "i4": "int,signed int,int32,int32_t",
    "u4": "uint,unsigned int,uint32,uint32_t",
    "i8": "longlong,long long,long long int,signed long long,signed long long int,int64,int64_t",
    "u8": "ulonglong,unsigned long long,unsigned long long int,uint64,uint64_t",
    "f4": "float",
    "f8": "double",
}
_KINDS = {name: kind for kind, names in _TYPES.items() for name in names.split(",")}
_GZIP, _BZIP2 = ("gzip", "gz"), ("bzip2", "bz2")
_END = re.compile(rb"\n\r?\n")
_AT_ONCE = 1 << 20
_CUT = "it ends before its last voxel"


class NrrdFile:
    """A file whose header was read; its voxels are there once, from the first to the last."""

    is_packed = False

    def __init__(self, data: bytes, *, file: str = "", max_bytes: int = MAX_BYTES) -> None:
        """Raises MaskError for a file that cannot be read, or unpacks to more than ``max_bytes``.

        What other programs than 3D Slicer and SimpleITK write seldom is refused by its name: data
        in files of their own, and as text.
        """
        self.file = file
        end = _END.search(data, 0, MOST_HEADER)
        self._begin = end.end() if end else len(data)
        if self._begin > MOST_HEADER:
            raise self._unreadable("its header does not end")
        fields = fields_of(data[: self._begin])
        if "data file" in fields or "datafile" in fields:
            raise self._unreadable("its voxels lie in a file of their own")
        self._encoding = fields.get("encoding", "").lower()
        if self._encoding not in ("raw", *_GZIP, *_BZIP2):
            raise self._unreadable(f"its encoding is `{self._encoding}`")
        kind = self._kind(fields)
        grid = grid_of(fields)
        if grid is None:
            raise self._unreadable("its header does not say its sizes")
        affine = np.eye(4)[:3] if grid.affine is None else grid.affine
        shape = self._shape(fields, grid)
        self.header = Header(shape, kind, self._skip(fields), None, affine.astype(np.float32))
        self._open(data, max_bytes)

    def _open(self, data: bytes, max_bytes: int) -> None:
        header, rest = self.header, io.BytesIO(memoryview(data)[self._begin :])
        if self._encoding == "raw":
            # A skip of -1 counts from the end of the file.
            size = header.count * header.kind.itemsize
            self._start = len(data) - self._begin - size if header.offset < 0 else header.offset
            if self._start < 0 or len(data) < self._begin + self._start + size:
                raise self._unreadable(_CUT)
            self._stream = cast("BinaryIO", rest)
            return
        self._start = max(header.offset, 0)
        if header.size > max_bytes:
            raise self._unreadable(f"it unpacks to more than {max_bytes:,} bytes")
        self._stream = self._unpacked(rest)

    def _unpacked(self, rest: io.BytesIO) -> BinaryIO:
        is_gzip = self._encoding in _GZIP
        return cast("BinaryIO", gzip.GzipFile(fileobj=rest) if is_gzip else bz2.BZ2File(rest))

    def parts(self) -> Iterator[Array]:
        """The stored numbers, a million at a time at most. Raises MaskError where they end."""
        kind, left = self.header.kind, self.header.count
        try:
            self._stream.seek(self._start)
            while left:
                size = min(left, _AT_ONCE) * kind.itemsize
                data = self._stream.read(size)
                if len(data) < size:
                    raise self._unreadable(_CUT)
                yield np.frombuffer(data, kind)
                left -= min(left, _AT_ONCE)
            self._stream.read(1)  # where a packed file ends, its checksum is looked at
        except (OSError, EOFError, zlib.error) as error:
            raise self._unreadable(f"its packed data are damaged: {error}") from None

    values = parts

    def with_voxels(self, data: bytes, stored: Array) -> bytes:
        """The file of these bytes with other numbers, as many and of the same type."""
        head, body = data[: self._begin], stored.astype(self.header.kind).tobytes()
        if self._encoding == "raw":
            start = self._begin + self._start
            return data[:start] + body + data[start + len(body) :]
        plain = self._unpacked(io.BytesIO(data[self._begin :])).read()
        plain = plain[: self._start] + body + plain[self._start + len(body) :]
        is_gzip = self._encoding in _GZIP
        return head + (gzip.compress(plain, mtime=0) if is_gzip else bz2.compress(plain))

    def _kind(self, fields: dict[str, str]) -> np.dtype[Any]:
        name = " ".join(fields.get("type", "").lower().split())
        if name not in _KINDS:
            raise self._unreadable(f"its type `{name}` is not one of integers or real numbers")
        order = "<>"[fields.get("endian", "little").lower() == "big"]
        return np.dtype(order + _KINDS[name])

    def _skip(self, fields: dict[str, str]) -> int:
        skip = fields.get("byte skip", fields.get("byteskip", "0"))
        lines = fields.get("line skip", fields.get("lineskip", "0"))
        is_number = skip.removeprefix("-").isdecimal() and len(skip) <= MOST_DIGITS
        if not is_number or lines != "0":
            raise self._unreadable("its voxels do not follow its header")
        return int(skip)

    def _shape(self, fields: dict[str, str], grid: Grid) -> tuple[int, ...]:
        sizes = tuple(sizes_of(fields))
        # 3D Slicer keeps segments that overlap as layers, along an axis that is none of space.
        if len(grid.shape) < len(sizes) and math.prod(sizes) == math.prod(grid.shape):
            return grid.shape
        return sizes

    def _unreadable(self, reason: str) -> MaskError:
        hint = "save it again as one file with its voxels packed by gzip, or as NIfTI (.nii.gz)"
        message = f"this NRRD file cannot be read: {reason}"
        return MaskError("bad-nrrd", message, hint=hint, file=self.file)


def open_volume(data: bytes, *, file: str = "", max_bytes: int = MAX_BYTES) -> NiftiFile | NrrdFile:
    """The file of these bytes with its header read. Raises MaskError."""
    if data.startswith(MAGIC):
        return NrrdFile(data, file=file, max_bytes=max_bytes)
    return NiftiFile(data, file=file, max_bytes=max_bytes)


def grid_at(head: bytes, file: str = "") -> Grid | None:
    """The grid in the first bytes of a file; None where NRRD does not say it. Raises MaskError."""
    return grid_of(fields_of(head)) if head.startswith(MAGIC) else grid_in(head, file)

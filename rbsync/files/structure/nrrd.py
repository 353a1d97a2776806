"""The structure of an NRRD file: its header, and data enough for its sizes.

Source: "Definition of NRRD File Format", sections 2 to 5 (teem.sourceforge.net/nrrd/format.html).
"""

from __future__ import annotations

import math
import zlib

from rbsync.files.structure.span import BrokenError, Span, most_unpacked, refuse_impossible

_MOST_HEADER = 1 << 20
_BYTES = {
    1: "signed char,int8,int8_t,uchar,unsigned char,uint8,uint8_t",
    2: "short,short int,signed short,signed short int,int16,int16_t,"
    "ushort,unsigned short,unsigned short int,uint16,uint16_t",
    4: "int,signed int,int32,int32_t,uint,unsigned int,uint32,uint32_t,float",
    8: "longlong,long long,long long int,signed long long,signed long long int,int64,int64_t,"
    "ulonglong,unsigned long long,unsigned long long int,uint64,uint64_t,double",
}
_WIDTHS = {name: width for width, names in _BYTES.items() for name in names.split(",")}
_AT_ONCE = 1 << 20


def check(span: Span) -> None:
    """Raises BrokenError for an NRRD file that is cut off or whose header makes no sense."""
    fields, begin = _header(span)
    if "data file" in fields or "datafile" in fields:
        return
    wanted = _size(fields)
    encoding = fields.get("encoding", "").lower()
    if encoding == "raw":
        # A skip of -1 counts from the end of the file, so that the data are there by definition.
        skip = _number(fields.get("byte skip", fields.get("byteskip", "0")))
        span.need(wanted if skip < 0 else begin + skip + wanted, "its data")
    elif encoding in ("gzip", "gz"):
        _check_packed(span, begin, wanted)
    elif begin >= span.size:
        raise BrokenError("it is cut off: no data follow its header")


def _header(span: Span) -> tuple[dict[str, str], int]:
    """The fields in lower case, and where the data begin: after an empty line."""
    start = span.at(0, min(span.size, _MOST_HEADER))
    ends = [start.find(mark) for mark in (b"\n\n", b"\n\r\n")]
    found = [one for one in ends if one >= 0]
    lines = start[: min(found)] if found else start
    fields = {}
    for line in lines.decode("latin-1").splitlines()[1:]:
        name, colon, value = line.partition(":")
        if colon and not line.startswith("#") and not value.startswith("="):
            fields[name.strip().lower()] = value.strip()
    detached = "data file" in fields or "datafile" in fields
    if not found and not detached:
        raise BrokenError("it is cut off: the empty line that ends an NRRD header is missing")
    end = min(found, default=0)
    return fields, end + (2 if start[end : end + 2] == b"\n\n" else 3)


def _size(fields: dict[str, str]) -> int:
    """Returns how many bytes the data have, unpacked."""
    sizes = [_number(one) for one in fields.get("sizes", "").split()]
    kind = " ".join(fields.get("type", "").lower().split())
    width = _number(fields.get("block size", fields.get("blocksize", "0")))
    width = width if kind == "block" else _WIDTHS.get(kind, 0)
    if not sizes or min(sizes) < 1 or not width:
        raise BrokenError("its NRRD header does not say its type and sizes")
    return math.prod(sizes) * width


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise BrokenError(f"its NRRD header has `{text[:40]}` where a number belongs") from error


def _check_packed(span: Span, begin: int, wanted: int) -> None:
    refuse_impossible(wanted, span.size)
    member = zlib.decompressobj(31)
    size, most = 0, most_unpacked(span.size)
    try:
        for piece in span.pieces(begin, span.size):
            data = piece
            while data and not member.eof and size <= wanted:
                size += len(member.decompress(data, _AT_ONCE))
                data = member.unconsumed_tail
                if size > most:
                    return
    except zlib.error as error:
        raise BrokenError(f"its data cannot be unpacked ({error})") from error
    if size <= wanted and not member.eof:
        raise BrokenError("it is cut off: what is packed in it does not come to its end")
    if size < wanted:
        raise BrokenError(f"its data need {wanted:,} bytes, and {size:,} are packed in it")

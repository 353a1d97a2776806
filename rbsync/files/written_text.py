"""The text of files that people write with programs of their own."""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE

from rbsync.files import kinds

UTF16 = (BOM_UTF16_LE, BOM_UTF16_BE)
UTF32 = (BOM_UTF32_LE, BOM_UTF32_BE)
_MARK = "\ufeff"

# Of the many names that Python knows those of alphabets alone: others unpack or run what they read.
_ALPHABETS = r"(iso[-_]?8859[-_]?\d+|latin[-_]?\d|(windows|cp)[-_]?125\d|koi8[-_][ru]|us-ascii)$"
_SYLLABARIES = r"(gb2312|gbk|gb18030|big5|shift[-_]jis|euc[-_](jp|kr))$"
_DECLARED = rb"""\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.-]+)["']"""

_NO_TEXT = (
    kinds.PNG, kinds.JPEG, kinds.GZIP, kinds.GIF, kinds.TIFF, kinds.WEBP, kinds.ZIP, kinds.PDF,
    kinds.DICOM, kinds.NIFTI, kinds.MP4, kinds.AVI,
)  # fmt: skip


def text_of(data: bytes) -> str:
    """The text of UTF-8, or of UTF-16 with its mark, without a mark at its beginning.

    PowerShell and spreadsheets write UTF-16. Raises UnicodeDecodeError for another encoding.
    """
    if kinds.sniff(data[: kinds.HEAD]) in kinds.IN_PLACE:
        raise UnicodeDecodeError("utf-8", data, 0, 1, "another file's pointer")
    # The mark of UTF-32 begins as that of UTF-16 does.
    is_wide = data.startswith(UTF16) and not data.startswith(UTF32)
    at = 0 if data.startswith(UTF32) else -1 if is_wide else data.find(b"\0")
    # UTF-16 without its mark is UTF-8 too, by its bytes: every second letter would be a NUL, and
    # a rule of such an ignore file would match nothing.
    if at >= 0:
        raise UnicodeDecodeError("utf-8", data, at, at + 1, "a NUL byte")
    # Files that were put one behind the other, or saved twice, have several marks.
    return data.decode("utf-16" if is_wide else "utf-8").lstrip(_MARK)


def xml_text_of(data: bytes) -> str:
    """As `text_of`, also of another encoding that the first line of an XML file declares."""
    found = re.match(_DECLARED, data[:1_000])
    name = found[1].decode("ascii").lower() if found else ""
    if re.match(_SYLLABARIES, name):
        # Some pairs of bytes are a letter of UTF-8 too, and another one.
        return data.decode(name)
    try:
        return text_of(data)
    except UnicodeDecodeError:
        if not re.match(_ALPHABETS, name):
            raise
    return data.decode(name)


def encoding_fault(error: UnicodeDecodeError) -> str:
    """The byte at which a text is of another encoding, and the next step."""
    data = error.object
    kind = kinds.sniff(data[: kinds.HEAD])
    if kind in kinds.IN_PLACE:
        return f"this is {kinds.called(kind)}: {kinds.next_step('', kind)}"
    if kind in _NO_TEXT:
        also = ", as workbooks of Excel are: save it as CSV (UTF-8)" if kind is kinds.ZIP else ""
        return f"this is a {kind.name} file, and no text{also}"
    line = data.count(b"\n", 0, error.start) + 1
    name = f", of {wide}," if (wide := wide_encoding(data)) else ""
    byte = f"byte 0x{data[error.start]:02x} in line {line}{name}"
    return f"{byte} is not {error.encoding.upper()}; save it as UTF-8"


def wide_encoding(data: bytes) -> str:
    """The name of an encoding of two or four bytes a letter; empty for others."""
    import json

    # Of texts that begin with two letters of ASCII, as JSON does and lists and rules mostly do.
    found = json.detect_encoding(data[:4])[:6].upper()
    return "" if found.startswith("UTF-8") else found

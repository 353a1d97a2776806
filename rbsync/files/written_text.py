"""The text of files that people write with programs of their own."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE

_UTF32 = (BOM_UTF32_LE, BOM_UTF32_BE)


def text_of(data: bytes) -> str:
    """The text of UTF-8, or of UTF-16 with its mark, without a mark at its beginning.

    PowerShell and spreadsheets write UTF-16. Raises UnicodeDecodeError for another encoding.
    """
    at = 0 if data.startswith(_UTF32) else -1
    if not data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        at = data.find(b"\0")
    # UTF-16 without its mark is UTF-8 too, by its bytes: every second letter would be a NUL, and
    # a rule of such an ignore file would match nothing.
    if at >= 0:
        raise UnicodeDecodeError("utf-8", data, at, at + 1, "a NUL byte")
    is_wide = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    return data.decode("utf-16" if is_wide else "utf-8-sig")


def encoding_fault(error: UnicodeDecodeError) -> str:
    """The byte at which a text is of another encoding, and the next step."""
    line = error.object.count(b"\n", 0, error.start) + 1
    byte = f"byte 0x{error.object[error.start]:02x} in line {line}"
    return f"{byte} is not {error.encoding.upper()}; save it as UTF-8"

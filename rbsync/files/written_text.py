"""The text of files that people write with programs of their own."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE


def text_of(data: bytes) -> str:
    """The text of UTF-8, or of UTF-16 with its mark, without a mark at its beginning.

    PowerShell and spreadsheets write UTF-16. Raises UnicodeDecodeError for another encoding.
    """
    is_wide = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    return data.decode("utf-16" if is_wide else "utf-8-sig")


def encoding_fault(error: UnicodeDecodeError) -> str:
    """The byte at which a text is of another encoding, and the next step."""
    line = error.object.count(b"\n", 0, error.start) + 1
    byte = f"byte 0x{error.object[error.start]:02x} in line {line}"
    return f"{byte} is not {error.encoding.upper()}; save it as UTF-8"

"""The text of files that people write with programs of their own."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE


def text_of(data: bytes) -> str:
    """The text of UTF-8, or of UTF-16 with its mark, without a mark at its beginning.

    PowerShell and spreadsheets write UTF-16. Raises UnicodeDecodeError for another encoding.
    """
    is_wide = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    return data.decode("utf-16" if is_wide else "utf-8-sig")

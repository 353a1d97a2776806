"""Text that people write is of one encoding that is known, or is refused with its byte."""

from __future__ import annotations

import pytest

from rbsync.files.written_text import encoding_fault, text_of

TEXT = "tür\nrote"
READ = ("utf-8", "utf-8-sig", "utf-16")
REFUSED = {
    "latin-1": "byte 0xfc in line 1",
    "utf-16-le": "byte 0x00 in line 1",
    "utf-16-be": "byte 0x00 in line 1",
    "utf-32": "byte 0xff in line 1",
    "utf-32-be": "byte 0x00 in line 1",
}


@pytest.mark.parametrize("encoding", READ)
def test_it_is_read_without_its_mark(encoding: str) -> None:
    assert text_of(TEXT.encode(encoding)) == TEXT


@pytest.mark.parametrize("encoding", REFUSED)
@pytest.mark.parametrize("text", [TEXT, "images/x.png\n"])
def test_another_encoding_is_refused_although_its_bytes_may_be_utf_8(
    encoding: str, text: str
) -> None:
    if encoding == "latin-1" and text.isascii():
        assert text_of(text.encode(encoding)) == text
        return
    with pytest.raises(UnicodeDecodeError) as raised:
        text_of(text.encode(encoding))
    assert encoding_fault(raised.value).startswith(REFUSED[encoding])
    assert encoding_fault(raised.value).endswith("is not UTF-8; save it as UTF-8")

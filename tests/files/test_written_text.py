"""Text that people write is of one encoding that is known, or is refused with its byte."""

from __future__ import annotations

import pytest

from rbsync.files.written_text import encoding_fault, text_of, xml_text_of

TEXT = "tür\nrote"
READ = ("utf-8", "utf-8-sig", "utf-16")
REFUSED = {
    "latin-1": "byte 0xfc in line 1 is",
    "cp1250": "byte 0xfc in line 1 is",
    "utf-16-le": "byte 0x00 in line 1, of UTF-16, is",
    "utf-16-be": "byte 0x00 in line 1, of UTF-16, is",
    "utf-32": "byte 0xff in line 1, of UTF-32, is",
    "utf-32-be": "byte 0x00 in line 1, of UTF-32, is",
}


@pytest.mark.parametrize("encoding", READ)
def test_it_is_read_without_its_mark(encoding: str) -> None:
    assert text_of(TEXT.encode(encoding)) == TEXT


@pytest.mark.parametrize("encoding", REFUSED)
@pytest.mark.parametrize("text", [TEXT, "images/x.png\n"])
def test_another_encoding_is_refused_although_its_bytes_may_be_utf_8(
    encoding: str, text: str
) -> None:
    if encoding in ("latin-1", "cp1250") and text.isascii():
        assert text_of(text.encode(encoding)) == text
        return
    with pytest.raises(UnicodeDecodeError) as raised:
        text_of(text.encode(encoding))
    assert encoding_fault(raised.value).startswith(REFUSED[encoding])
    assert encoding_fault(raised.value).endswith("is not UTF-8; save it as UTF-8")


def test_marks_that_were_written_twice_are_no_letters() -> None:
    assert text_of(b"\xef\xbb\xbf" + TEXT.encode("utf-8-sig")) == TEXT


NO_TEXT = {
    "a picture": (b"\x89PNG\r\n\x1a\n\0", "this is a PNG file, and no text"),
    "a workbook": (b"PK\x03\x04\0", "as workbooks of Excel are: save it as CSV (UTF-8)"),
    "a slice": (bytes(128) + b"DICM", "this is a DICOM file, and no text"),
    "a packed file": (b"\x1f\x8b\x08\0", "this is a gzip file, and no text"),
}


@pytest.mark.parametrize("kind", NO_TEXT)
def test_a_file_of_another_kind_is_called_by_its_name(kind: str) -> None:
    data, said = NO_TEXT[kind]
    with pytest.raises(UnicodeDecodeError) as raised:
        text_of(data)
    assert said in encoding_fault(raised.value)


@pytest.mark.parametrize(
    ("declared", "encoding", "text"),
    [
        ("ISO-8859-1", "latin-1", "Möwe"),
        ("windows-1250", "cp1250", "Żółw"),
        ("koi8-r", "koi8-r", "кот"),
        ("gb2312", "gb2312", "联通"),
        ("Shift_JIS", "shift_jis", "猫"),
        # What many tools declare without looking.
        ("ISO-8859-1", "utf-8", "Möwe"),
        ("utf-8", "utf-16", "Möwe"),
    ],
)
def test_an_xml_file_is_of_the_encoding_that_it_declares(
    declared: str, encoding: str, text: str
) -> None:
    whole = f'<?xml version="1.0" encoding="{declared}"?>\n<a>{text}</a>'
    assert xml_text_of(whole.encode(encoding)) == whole


@pytest.mark.parametrize("declared", ["utf-8", "unicode_escape", "zip", "utf-7", "no-such"])
def test_what_declares_no_alphabet_is_refused_with_its_byte(declared: str) -> None:
    whole = f'<?xml version="1.0" encoding="{declared}"?>\n<a>Möwe</a>'
    with pytest.raises(UnicodeDecodeError) as raised:
        xml_text_of(whole.encode("latin-1"))
    assert encoding_fault(raised.value) == "byte 0xf6 in line 2 is not UTF-8; save it as UTF-8"

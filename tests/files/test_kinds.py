"""What a file is by its first bytes: real files where a library writes them, headers elsewhere."""

from __future__ import annotations

import gzip
import io
import struct

import pytest
from PIL import Image

from rbsync.files import kinds
from rbsync.files.kinds import (
    ACCEPTED,
    CODES,
    HEAD,
    KINDS,
    Kind,
    next_step,
    objection,
    sniff,
    suffix_of,
)


def picture(form: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (5, 4), (200, 30, 90)).save(file, form)
    return file.getvalue()


def nifti1(magic: bytes) -> bytes:
    return struct.pack("<i", 348) + bytes(340) + magic + bytes(40)


def nifti2(magic: bytes) -> bytes:
    return struct.pack("<i", 540) + magic + b"\r\n\x1a\n" + bytes(600)


def ftyp(brand: bytes) -> bytes:
    return struct.pack(">I", 24) + b"ftyp" + brand + bytes(4) + b"isomiso2" + bytes(100)


DICOM = bytes(128) + b"DICM" + b"\x02\0\0\0UL\x04\0" + bytes(4)
BARE_DICOM = b"\x08\0\x05\0CS\x0a\0ISO_IR 100" + bytes(100)
SAMPLES = {
    kinds.PNG: [picture("PNG")],
    kinds.JPEG: [picture("JPEG")],
    kinds.BMP: [picture("BMP")],
    kinds.GIF: [picture("GIF")],
    kinds.TIFF: [picture("TIFF"), b"MM\0*" + bytes(20)],
    kinds.WEBP: [picture("WEBP")],
    kinds.DICOM: [
        DICOM,
        b"II*\0" + DICOM[4:],
        b"\x89PNG\r\n\x1a\n" + DICOM[8:],
        BARE_DICOM,
        b"\x02\0\0\0" + bytes(30),
    ],
    kinds.NIFTI: [nifti1(b"n+1\0"), nifti1(b"ni1\0"), nifti2(b"n+2\0"), nifti2(b"ni2\0")],
    kinds.GZIP: [gzip.compress(nifti1(b"n+1\0"), mtime=0)],
    kinds.NRRD: [b"NRRD0004\ntype: short\n", b"NRRD0005\n"],
    kinds.MP4: [ftyp(b"isom"), ftyp(b"mp42"), ftyp(b"avc1")],
    kinds.HEIF: [ftyp(b"heic"), ftyp(b"avif"), ftyp(b"mif1")],
    kinds.AVI: [b"RIFF" + bytes(4) + b"AVI LIST" + bytes(60)],
    kinds.QUICKTIME: [ftyp(b"qt  "), bytes(3) + b"\x08wide" + bytes(20), bytes(4) + b"moov"],
    kinds.MATROSKA: [b"\x1aE\xdf\xa3" + bytes(30)],
    kinds.ZIP: [b"PK\x03\x04" + bytes(30)],
    kinds.PDF: [b"%PDF-1.7\n"],
    kinds.JPEG_2000: [b"\0\0\0\x0cjP  \r\n\x87\n", b"\xffO\xffQ"],
    kinds.JPEG_XL: [b"\xff\x0a\0", b"\0\0\0\x0cJXL \r\n"],
    kinds.PHOTOSHOP: [b"8BPS\0\1"],
    kinds.SVG: [b"<svg xmlns=''/>", b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x -->\n<svg>"],
    kinds.OPENEXR: [b"v/1\x01"],
    kinds.METAIMAGE: [b"ObjectType = Image\n", b"NDims = 3\n"],
    kinds.NUMPY: [b"\x93NUMPY\x01\0"],
    kinds.HDF5: [b"\x89HDF\r\n\x1a\n"],
    kinds.ARCHIVE: [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\0", b"\xfd7zXZ\0", b"BZh91AY"],
    kinds.VIDEO: [b"0&\xb2u\x8ef\xcf\x11", b"FLV\x01", b"\0\0\x01\xba", b"\0\0\x01\xb3"],
    kinds.ANNEX: [b"/annex/objects/MD5E-s1--x.png\n"],
    kinds.DVC: [b"outs:\n- md5: 0123\n"],
    kinds.XML: [b"<?xml version='1.0'?><Error><Code>AccessDenied</Code>", b"<Error>"],
    kinds.LFS: [b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"],
    kinds.HTML: [b"<!DOCTYPE html><title>404</title>", b"\n <html>", b"<HEAD>"],
    kinds.EMPTY: [b""],
    kinds.OTHER: [b"x", b"hello, world", bytes(400), b"RIFF" + bytes(4) + b"WAVEfmt ", b"\x08\0"],
}
CASES = [(kind, data) for kind, samples in SAMPLES.items() for data in samples]


@pytest.mark.parametrize(("kind", "data"), CASES)
def test_a_kind_is_known_by_the_first_bytes(kind, data) -> None:
    assert sniff(data[:HEAD]) is kind


@pytest.mark.parametrize(("kind", "data"), CASES)
def test_no_beginning_of_a_file_is_too_short_to_look_at(kind, data) -> None:
    assert all(sniff(data[:size]) in KINDS for size in range(1, min(len(data), HEAD)))


def test_every_kind_has_a_sample_and_a_code_of_its_own() -> None:
    assert set(SAMPLES) == set(KINDS)
    assert sorted(CODES.values()) == list(range(len(KINDS)))


def test_codes_stay_what_caches_have_written() -> None:
    named = [kind.name for kind in KINDS]
    assert named == [
        *("unknown", "PNG", "JPEG", "BMP", "DICOM", "NIfTI", "gzip", "NRRD", "MP4", "AVI"),
        *("GIF", "TIFF", "WebP", "empty", "HEIF"),
        *("Git LFS pointer", "HTML", "QuickTime", "Matroska", "ZIP", "PDF"),
        *("JPEG 2000", "JPEG XL", "Photoshop", "SVG", "OpenEXR", "MetaImage", "NumPy", "HDF5"),
        *("packed", "video", "git-annex pointer", "DVC pointer", "XML"),
    ]


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.png", "png"),
        ("a.PNG", "png"),
        ("a/b.c/d.JpEg", "jpeg"),
        ("a.nii", "nii"),
        ("a.nii.gz", "nii.gz"),
        ("a.NII.GZ", "nii.gz"),
        ("a.tar.gz", "gz"),
        ("a", ""),
        ("a.b/c", ""),
        ("a.", ""),
        ("1.2.840.113", "113"),
    ],
)
def test_a_suffix_is_what_follows_the_last_dot(name, suffix) -> None:
    assert suffix_of(name) == suffix


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.png", kinds.PNG),
        ("a.JPG", kinds.JPEG),
        ("a.jpeg", kinds.JPEG),
        ("a.bmp", kinds.BMP),
        ("a.dcm", kinds.DICOM),
        ("a", kinds.DICOM),
        ("IM000001.113", kinds.DICOM),
        ("a.nii", kinds.NIFTI),
        ("a.nii.gz", kinds.GZIP),
        ("a.nrrd", kinds.NRRD),
        ("a.mp4", kinds.MP4),
        ("a.avi", kinds.AVI),
    ],
)
def test_files_that_are_what_they_are_called_may_be_items(name, kind) -> None:
    assert objection(name, kind) == ""


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("a.png", kinds.EMPTY, "the file is empty"),
        ("a.gif", kinds.GIF, f"the file is a GIF file; accepted are {ACCEPTED}"),
        ("a.png", kinds.WEBP, f"the file is a WebP file; accepted are {ACCEPTED}"),
        ("a.heic", kinds.HEIF, f"the file is a HEIF file; accepted are {ACCEPTED}"),
        ("a.txt", kinds.OTHER, f"the file is of a kind that is not known; accepted are {ACCEPTED}"),
        (
            "a.jpg",
            kinds.PNG,
            "the file is a PNG file by its content, but its suffix is `.jpg`",
        ),
        ("a", kinds.PNG, "the file is a PNG file by its content, but it has no suffix"),
        (
            "a.png",
            kinds.DICOM,
            "the file is a DICOM file by its content, but its suffix is `.png`",
        ),
        (
            "a.gz",
            kinds.GZIP,
            "the file is a gzip file by its content, but its suffix is `.gz`",
        ),
    ],
)
def test_an_objection_says_what_is_wrong_word_for_word(name, kind, said) -> None:
    assert objection(name, kind) == said


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_that_is_refused_has_a_next_step(kind: Kind) -> None:
    assert next_step("a/scan.x", kind)


def test_a_wrong_suffix_is_mended_by_a_name_that_is_right() -> None:
    for kind in (one for one in KINDS if one.accepted):
        for name in ("a/b.c/photo.txt", "photo", "a.nii.gz", "x.JPG"):
            if objection(name, kind):
                renamed = next_step(name, kind).split("`")[1]
                assert objection(renamed, kind) == ""

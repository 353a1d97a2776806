"""The kind of a file, by its first bytes, and a check that its suffix agrees."""

from __future__ import annotations

from typing import NamedTuple

# How many bytes `sniff` wants to see: a NIfTI-1 header's magic ends at byte 348.
HEAD = 352


class Kind(NamedTuple):
    """A type of file. ``media`` is its MIME type, ``accepted`` whether it may be an item."""

    name: str
    suffixes: tuple[str, ...]
    media: str
    accepted: bool = True


PNG = Kind("PNG", ("png",), "image/png")
JPEG = Kind("JPEG", ("jpg", "jpeg"), "image/jpeg")
BMP = Kind("BMP", ("bmp",), "image/bmp")
DICOM = Kind("DICOM", ("dcm", "dicom", "ima", ""), "application/dicom")
NIFTI = Kind("NIfTI", ("nii",), "application/octet-stream")
GZIP = Kind("gzip", ("nii.gz",), "application/octet-stream")
NRRD = Kind("NRRD", ("nrrd",), "application/octet-stream")
MP4 = Kind("MP4", ("mp4",), "video/mp4")
AVI = Kind("AVI", ("avi",), "video/x-msvideo")
GIF = Kind("GIF", ("gif",), "image/gif", accepted=False)
TIFF = Kind("TIFF", ("tif", "tiff"), "image/tiff", accepted=False)
WEBP = Kind("WebP", ("webp",), "image/webp", accepted=False)
EMPTY = Kind("empty", (), "", accepted=False)
HEIF = Kind("HEIF", ("heic", "heif", "avif"), "image/heif", accepted=False)
OTHER = Kind("unknown", (), "application/octet-stream", accepted=False)
LFS = Kind("Git LFS pointer", (), "text/plain", accepted=False)
HTML = Kind("HTML", ("html", "htm"), "text/html", accepted=False)
QUICKTIME = Kind("QuickTime", ("mov", "qt"), "video/quicktime", accepted=False)
MATROSKA = Kind("Matroska", ("mkv", "webm"), "video/x-matroska", accepted=False)
ZIP = Kind("ZIP", ("zip",), "application/zip", accepted=False)
PDF = Kind("PDF", ("pdf",), "application/pdf", accepted=False)

# Kinds by the code under which the cache keeps them: append, never reorder.
KINDS = (
    OTHER, PNG, JPEG, BMP, DICOM, NIFTI, GZIP, NRRD, MP4, AVI, GIF, TIFF, WEBP, EMPTY, HEIF,
    LFS, HTML, QUICKTIME, MATROSKA, ZIP, PDF,
)  # fmt: skip

_TO_MP4 = "convert it: `ffmpeg -i IN -c:v libx264 OUT.mp4`"
_TO_PNG = "convert it to PNG, for example: `magick IN OUT.png`"
_STEPS = {
    LFS: "the file itself is not here: run `git lfs pull`",
    HTML: "a web page was saved in place of the file: download it again, logged in",
    QUICKTIME: _TO_MP4,
    MATROSKA: _TO_MP4,
    ZIP: "unpack it and declare the files in it",
    PDF: "convert its pages to PNG, for example: `pdftoppm -png IN OUT`",
    HEIF: _TO_PNG,
    WEBP: _TO_PNG,
    TIFF: _TO_PNG,
    GIF: _TO_PNG,
    EMPTY: "copy the file again",
}
"""The next step for kinds that people meet and the service does not take."""

BROKEN = 0x40
"""The bit beside a kind's code that says that the file's structure is broken."""

CODES = {kind: code for code, kind in enumerate(KINDS)}
ACCEPTED = "png, jpg, bmp, DICOM, NIfTI (nii, nii.gz), NRRD, mp4, avi"
PICTURES = (PNG, JPEG, BMP)
ANY = ".*"
"""At the end of a path: whatever its suffix is."""

SUFFIXES = frozenset(suffix for kind in KINDS for suffix in kind.suffixes if suffix)

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"\x1f\x8b", GZIP),
    (b"NRRD000", NRRD),
    (b"GIF8", GIF),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"BM", BMP),
    (b"version https://git-lfs.github.com/spec/", LFS),
    (b"\x1aE\xdf\xa3", MATROSKA),
    (b"PK\x03\x04", ZIP),
    (b"%PDF-", PDF),
)
_PAGES = (b"<!doctype html", b"<html", b"<head")
_APPLE = b"qt  "
# Old QuickTime files begin with one of these, without saying their brand.
_APPLE_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")

# Photographs of telephones: they begin as an MP4 does.
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis")


def sniff(head: bytes) -> Kind:
    """The kind of a file from its first `HEAD` bytes (fewer when the file is shorter)."""
    if not head:
        return EMPTY
    # What stands before it is anything: scanners put a TIFF header there, to be read as both.
    if head[128:132] == b"DICM":
        return DICOM
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    # A download that needed a login leaves the login page under the name of the picture.
    if head.lstrip()[:16].lower().startswith(_PAGES):
        return HTML
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12])
    if head[4:8] in _APPLE_BOXES:
        return QUICKTIME
    if head.startswith(b"RIFF"):
        return {b"AVI ": AVI, b"WEBP": WEBP}.get(head[8:12], OTHER)
    if head[344:348] in (b"n+1\0", b"ni1\0") or head[4:8] in (b"n+2\0", b"ni2\0"):
        return NIFTI
    return DICOM if _is_bare_dicom(head) else OTHER


def _of_brand(brand: bytes) -> Kind:
    if brand == _APPLE:
        return QUICKTIME
    return HEIF if brand in _HEIF_BRANDS else MP4


def _is_bare_dicom(head: bytes) -> bool:
    """Old DICOM files have no preamble and begin with an element of group 2 or 8."""
    # A guess, and so the last of all: any other kind is surer of itself.
    return len(head) >= 8 and head[:2] in (b"\x02\0", b"\x08\0") and head[2:4] < b"\x20\0"


def suffix_of(name: str) -> str:
    """A file's suffix in lower case, without its dot; ``nii.gz`` counts as one."""
    stem, dot, suffix = name.rpartition("/")[2].rpartition(".")
    if not dot:
        return ""
    if suffix.lower() == "gz" and stem.lower().endswith(".nii"):
        return "nii.gz"
    return suffix.lower()


def objection(name: str, kind: Kind) -> str:
    """Returns why a file may not be an item; empty when it may."""
    if kind is EMPTY:
        return "the file is empty"
    if not kind.accepted:
        what = "of a kind that is not known" if kind is OTHER else _called(kind)
        return f"the file is {what}; accepted are {ACCEPTED}"
    suffix = suffix_of(name)
    # Scanners name DICOM files `IM000001` or `1.2.840.113`. Any suffix will do that is not the name
    # of another kind.
    if suffix not in kind.suffixes and not (kind is DICOM and suffix not in SUFFIXES):
        but = f"its suffix is `.{suffix}`" if suffix else "it has no suffix"
        return f"the file is a {kind.name} file by its content, but {but}"
    return ""


def _called(kind: Kind) -> str:
    """A kind with its article; a pointer is called no file, for the file is elsewhere."""
    if kind is LFS:
        return f"a {kind.name}"
    return "an HTML page" if kind is HTML else f"a {kind.name} file"


def next_step(name: str, kind: Kind) -> str:
    """The next step for a file that may not be an item; empty where none is known."""
    if kind in _STEPS:
        return _STEPS[kind]
    if kind.accepted:
        stem = name[: len(name) - len(suffix_of(name))].rstrip(".")
        return f"rename it to `{stem}.{kind.suffixes[0]}`"
    return ""

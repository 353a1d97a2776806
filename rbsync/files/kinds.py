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
JPEG_2000 = Kind("JPEG 2000", ("jp2", "j2k", "jpx"), "image/jp2", accepted=False)
JPEG_XL = Kind("JPEG XL", ("jxl",), "image/jxl", accepted=False)
PHOTOSHOP = Kind("Photoshop", ("psd", "psb"), "image/vnd.adobe.photoshop", accepted=False)
SVG = Kind("SVG", ("svg",), "image/svg+xml", accepted=False)
OPENEXR = Kind("OpenEXR", ("exr",), "image/x-exr", accepted=False)
METAIMAGE = Kind("MetaImage", ("mha", "mhd"), "application/octet-stream", accepted=False)
NUMPY = Kind("NumPy", ("npy",), "application/octet-stream", accepted=False)
HDF5 = Kind("HDF5", ("h5", "hdf5", "mnc"), "application/x-hdf5", accepted=False)
ARCHIVE = Kind("packed", ("7z", "rar", "xz", "bz2", "zst"), "application/x-xz", accepted=False)
VIDEO = Kind("video", ("wmv", "asf", "flv", "mpg", "mpeg", "ts"), "video/mpeg", accepted=False)
ANNEX = Kind("git-annex pointer", (), "text/plain", accepted=False)
DVC = Kind("DVC pointer", (), "text/plain", accepted=False)
XML = Kind("XML", ("xml",), "application/xml", accepted=False)

# Kinds by the code under which the cache keeps them: append, never reorder.
KINDS = (
    OTHER, PNG, JPEG, BMP, DICOM, NIFTI, GZIP, NRRD, MP4, AVI, GIF, TIFF, WEBP, EMPTY, HEIF,
    LFS, HTML, QUICKTIME, MATROSKA, ZIP, PDF, JPEG_2000, JPEG_XL, PHOTOSHOP, SVG, OPENEXR,
    METAIMAGE, NUMPY, HDF5, ARCHIVE, VIDEO, ANNEX, DVC, XML,
)  # fmt: skip

_TO_MP4 = "convert it: `ffmpeg -i IN -c:v libx264 OUT.mp4`"
_TO_PNG = "convert it to PNG, for example: `magick IN OUT.png`"
_TO_VOLUME = "save it as NIfTI (.nii.gz) or NRRD, or its slices as PNG"
_UNPACK = "unpack it and declare the files in it"
_AGAIN = "leave it out; where an answer of a server was saved in its place, download it again"
_LEAVE_OUT = "leave it out: with `exclude`, or with a line in `.rbsyncignore`"
_STEPS = {
    LFS: "the file itself is not here: run `git lfs pull`",
    HTML: "a web page was saved in place of the file: download it again, logged in",
    QUICKTIME: _TO_MP4,
    MATROSKA: _TO_MP4,
    ZIP: _UNPACK,
    PDF: "convert its pages to PNG, for example: `pdftoppm -png IN OUT`",
    HEIF: _TO_PNG,
    WEBP: _TO_PNG,
    TIFF: _TO_PNG,
    GIF: _TO_PNG,
    EMPTY: "copy the file again",
    METAIMAGE: _TO_VOLUME,
    NUMPY: _TO_VOLUME,
    HDF5: _TO_VOLUME,
    ARCHIVE: _UNPACK,
    VIDEO: _TO_MP4,
    ANNEX: "the file itself is not here: run `git annex get`",
    DVC: "the file itself is not here: run `dvc pull`",
    XML: _AGAIN,
    OTHER: _LEAVE_OUT,
    **dict.fromkeys((JPEG_2000, JPEG_XL, PHOTOSHOP, SVG, OPENEXR), _TO_PNG),
}
"""The next step for kinds that people meet and the service does not take."""

IN_PLACE = (LFS, ANNEX, DVC, HTML)
"""Kinds of what is left in the place of a file, whatever that was to be."""

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
    (b"\0\0\0\x0cjP  ", JPEG_2000),
    (b"\xffO\xffQ", JPEG_2000),
    (b"\0\0\0\x0cJXL ", JPEG_XL),
    (b"\xff\x0a", JPEG_XL),
    (b"8BPS", PHOTOSHOP),
    (b"v/1\x01", OPENEXR),
    (b"ObjectType", METAIMAGE),
    (b"NDims", METAIMAGE),
    (b"\x93NUMPY", NUMPY),
    (b"\x89HDF\r\n", HDF5),
    (b"7z\xbc\xaf\x27\x1c", ARCHIVE),
    (b"Rar!\x1a\x07", ARCHIVE),
    (b"\xfd7zXZ", ARCHIVE),
    (b"BZh", ARCHIVE),
    (b"\x28\xb5\x2f\xfd", ARCHIVE),
    (b"0&\xb2u\x8ef\xcf\x11", VIDEO),
    (b"FLV\x01", VIDEO),
    (b"\0\0\x01\xba", VIDEO),
    (b"\0\0\x01\xb3", VIDEO),
    (b"/annex/objects/", ANNEX),
    (b"outs:\n- md5:", DVC),
)
_WITH_AN = (SVG, OPENEXR, HDF5, XML)
_PAGES = (b"<!doctype html", b"<html", b"<head")
_BLANKS = b"\xef\xbb\xbf \t\r\n"
_BEGINS_TEXT = b"<" + _BLANKS
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
    if head[:1] in _BEGINS_TEXT and (markup := _of_markup(head.lstrip(_BLANKS).lower())):
        return markup
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12])
    if head[4:8] in _APPLE_BOXES:
        return QUICKTIME
    if head.startswith(b"RIFF"):
        return {b"AVI ": AVI, b"WEBP": WEBP}.get(head[8:12], OTHER)
    if head[344:348] in (b"n+1\0", b"ni1\0") or head[4:8] in (b"n+2\0", b"ni2\0"):
        return NIFTI
    return DICOM if _is_bare_dicom(head) else OTHER


def _of_markup(head: bytes) -> Kind | None:
    """The kind of a text that begins as HTML or XML does."""
    if head.startswith(_PAGES):
        return HTML
    if not head.startswith((b"<?xml", b"<svg", b"<error")):
        return None
    return SVG if b"<svg" in head else XML


def _of_brand(brand: bytes) -> Kind:
    if brand == _APPLE:
        return QUICKTIME
    return HEIF if brand in _HEIF_BRANDS else MP4


def _is_bare_dicom(head: bytes) -> bool:
    """Old DICOM files have no preamble and begin with an element of group 2 or 8."""
    # A guess, and so the last of all: any other kind is surer of itself.
    return len(head) >= 8 and head[:2] in (b"\x02\0", b"\x08\0") and head[2:4] < b"\x20\0"


def start_of(kind: Kind) -> bytes:
    """The first bytes of all files of a kind that has only one beginning."""
    (start,) = [start for start, one in _STARTS if one is kind]
    return start


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
        what = "of a kind that is not known" if kind is OTHER else called(kind)
        return f"the file is {what}; accepted are {ACCEPTED}"
    suffix = suffix_of(name)
    # Scanners name DICOM files `IM000001` or `1.2.840.113`. Any suffix will do that is not the name
    # of another kind.
    if suffix not in kind.suffixes and not (kind is DICOM and suffix not in SUFFIXES):
        but = f"its suffix is `.{suffix}`" if suffix else "it has no suffix"
        return f"the file is a {kind.name} file by its content, but {but}"
    return ""


def called(kind: Kind) -> str:
    """A kind with its article; a pointer is called no file, for the file is elsewhere."""
    if kind in (LFS, ANNEX, DVC):
        return f"a {kind.name}"
    if kind is HTML:
        return "an HTML page"
    return f"{'an' if kind in _WITH_AN else 'a'} {kind.name} file"


def refused_as(kind: Kind | None, wanted: str) -> tuple[str, str]:
    """The message and the next step for a file that nothing reads; empty for other kinds.

    ``wanted`` are the files that are expected in its place.
    """
    if kind is None or kind.accepted or kind not in CODES or kind in (OTHER, EMPTY):
        return "", ""
    return f"the file is {called(kind)}; {wanted} are expected", next_step("", kind)


def next_step(name: str, kind: Kind) -> str:
    """The next step for a file that may not be an item; empty where none is known."""
    if kind in _STEPS:
        return _STEPS[kind]
    if kind.accepted:
        stem = name[: len(name) - len(suffix_of(name))].rstrip(".")
        return f"rename it to `{stem}.{kind.suffixes[0]}`"
    return ""

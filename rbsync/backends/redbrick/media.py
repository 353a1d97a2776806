"""The service's names for the types of files.

Source: the suffixes and MIME types that the service's own client knows.
"""

from __future__ import annotations

from rbsync.backends.base import Body

UNKNOWN = "application/octet-stream"
_BY_SUFFIX = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "bmp": "image/bmp",
    "dcm": "application/dicom",
    "dicom": "application/dicom",
    "ima": "application/dicom",
    "mp4": "video/mp4",
    "avi": "video/x-msvideo",
}
_VIDEOS = frozenset({"mp4", "avi"})


def media_of(body: Body) -> str:
    """The MIME type of a file by its first bytes; by its suffix where they do not tell."""
    found = body.media()
    # The content decides: a viewer that trusts the type would open a JPEG that is called `.png` as
    # what it is not.
    return found if found not in ("", UNKNOWN) else _BY_SUFFIX.get(_suffix(body.name), UNKNOWN)


def is_video(ref: str) -> bool:
    """Tells whether the service splits a file into frames before it is a datapoint."""
    return _suffix(ref) in _VIDEOS


def _suffix(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[2].lower()

"""Checks of a file's structure: it must have all that decoders need, not all that standards wish.

A file that was cut off while it was copied or written begins as a whole one does. Each kind has a
module that walks to where such a file has to end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rbsync.files import kinds
from rbsync.files.kinds import Kind
from rbsync.files.structure import avi, bmp, dicom, gzip, jpeg, mp4, nifti, nrrd, png
from rbsync.files.structure.span import BrokenError, Span

__all__ = ["CHECKS", "UNPACKED", "Fault", "Span", "fault_of", "is_broken"]

CHECKS: dict[Kind, Callable[[Span], None]] = {
    kinds.PNG: png.check,
    kinds.JPEG: jpeg.check,
    kinds.BMP: bmp.check,
    kinds.NIFTI: nifti.check,
    kinds.NRRD: nrrd.check,
    kinds.DICOM: dicom.check,
    kinds.MP4: mp4.check,
    kinds.AVI: avi.check,
}
"""The check of each kind that costs next to nothing beside hashing the file."""

UNPACKED: dict[Kind, Callable[[Span], None]] = {kinds.GZIP: gzip.check}
"""The check of each kind that has to be unpacked for it; its answer is worth being kept."""


class Fault(NamedTuple):
    """The reason that no decoder can read a file whole, and the next step."""

    message: str
    hint: str


def is_broken(kind: Kind, span: Span) -> bool:
    """Tells whether a file of a kind has a fault, as far as that costs next to nothing."""
    return kind in CHECKS and fault_of(kind, span) is not None


def fault_of(kind: Kind, span: Span) -> Fault | None:
    """The fault of a file of a kind; None where there is none or the kind has no check.

    Raises OSError when the file cannot be read.
    """
    check = CHECKS.get(kind) or UNPACKED.get(kind)
    if check is None:
        return None
    try:
        check(span)
    except BrokenError as broken:
        return Fault(str(broken), broken.hint)
    return None

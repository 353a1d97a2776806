"""The pixel formats of masks. A new one is a file here and its line below.

Nothing heavy is imported before a mask is read: a manifest that names a format needs no NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rbsync.plugins import ExtensionPoint, incomplete

if TYPE_CHECKING:
    from rbsync.mask_formats.base import MaskFormat


def _objection(_: str, found: Any) -> str:
    from rbsync.mask_formats.base import MaskFormat

    return incomplete(found, MaskFormat, "it lacks methods of a mask format")


MASK_FORMATS: ExtensionPoint[type[MaskFormat]] = ExtensionPoint(
    "rbsync.mask_formats",
    "mask format",
    {
        "rgb": "rbsync.mask_formats.rgb:RgbFormat",
        "indexed": "rbsync.mask_formats.indexed:IndexedFormat",
        "binary": "rbsync.mask_formats.binary:BinaryFormat",
    },
    _objection,
)
RGB = "rgb"
PER_CLASS = "binary"
"""The one whose masks are several files, one for each category."""


def single_file_formats(*, plugins: bool = True) -> list[str]:
    """The names of the formats whose masks are one file each."""
    names = MASK_FORMATS.names() if plugins else list(MASK_FORMATS.built_in)
    return [one for one in names if one != PER_CLASS]

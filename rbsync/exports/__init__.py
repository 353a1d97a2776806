"""The formats of `rbsync export`. A new one is a file here and its line below."""

from __future__ import annotations

from typing import Any

from rbsync.exports.base import Export
from rbsync.plugins import ExtensionPoint, incomplete


def _objection(_: str, found: Any) -> str:
    return incomplete(found, Export, "it has no `files`")


EXPORTS: ExtensionPoint[type[Export]] = ExtensionPoint(
    "rbsync.exports",
    "export format",
    {
        "bagit": "rbsync.exports.bag:BagExport",
        "croissant": "rbsync.exports.croissant:CroissantExport",
        "masks": "rbsync.exports.masks:MaskExport",
        "labels": "rbsync.exports.labels:LabelExport",
    },
    _objection,
)

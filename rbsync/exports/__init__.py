"""The formats of `rbsync export`. A new one is a file here and its line below."""

from __future__ import annotations

import inspect
from typing import Any

from rbsync.exports.base import Export
from rbsync.plugins import ExtensionPoint


def _objection(_: str, found: Any) -> str:
    if not (isinstance(found, type) and issubclass(found, Export)):
        return "it is no subclass of rbsync.exports.base.Export"
    return "it has no `files`" if inspect.isabstract(found) else ""


EXPORTS: ExtensionPoint[type[Export]] = ExtensionPoint(
    "rbsync.exports",
    "export format",
    {
        "masks": "rbsync.exports.masks:MaskExport",
        "labels": "rbsync.exports.labels:LabelExport",
    },
    _objection,
)

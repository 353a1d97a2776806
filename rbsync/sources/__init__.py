"""The kinds of sources by the key that tells them. A new one is a file here and its line below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from rbsync.plugins import ExtensionPoint, incomplete

if TYPE_CHECKING:
    from rbsync.sources.base import SourceModel

SourceKinds: TypeAlias = "ExtensionPoint[type[SourceModel]]"


def _objection(name: str, found: Any) -> str:
    """Returns why something cannot be the kind of source that a key tells."""
    from rbsync.sources.base import SourceModel

    if wrong := incomplete(found, SourceModel, "it has no `expand`"):
        return wrong
    if getattr(found, "key", None) != name or name not in found.__dataclass_fields__:
        return f"its `key` is not `{name}`, or it has no such field"
    return ""


DATAPOINT_SOURCES: SourceKinds = ExtensionPoint(
    "rbsync.sources",
    "source",
    {
        "items": "rbsync.sources.explicit:ExplicitSource",
        "glob": "rbsync.sources.glob:GlobSource",
        "frames": "rbsync.sources.frames:FramesSource",
        "items_list": "rbsync.sources.items_list:ItemsListSource",
        "series": "rbsync.sources.series:SeriesSource",
    },
    _objection,
)
MASK_SOURCES: SourceKinds = ExtensionPoint(
    "rbsync.mask_sources",
    "source of masks",
    {
        "folder": "rbsync.sources.mask_folder:MaskFolderSource",
        "glob": "rbsync.sources.mask_glob:MaskGlobSource",
        "per_class": "rbsync.sources.mask_per_class:MaskPerClassSource",
        "coco": "rbsync.sources.coco:CocoSource",
    },
    _objection,
)

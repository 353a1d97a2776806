"""The kinds of sources. A new one is a file here and its line below."""

from __future__ import annotations

from rbsync.sources.base import SourceModel
from rbsync.sources.coco import CocoSource
from rbsync.sources.explicit import ExplicitSource
from rbsync.sources.frames import FramesSource
from rbsync.sources.glob import GlobSource
from rbsync.sources.items_list import ItemsListSource
from rbsync.sources.mask_folder import MaskFolderSource
from rbsync.sources.mask_glob import MaskGlobSource
from rbsync.sources.mask_per_class import MaskPerClassSource
from rbsync.sources.series import SeriesSource

DATAPOINT_SOURCES: tuple[type[SourceModel], ...] = (
    ExplicitSource,
    GlobSource,
    FramesSource,
    ItemsListSource,
    SeriesSource,
)
MASK_SOURCES: tuple[type[SourceModel], ...] = (
    MaskFolderSource,
    MaskGlobSource,
    MaskPerClassSource,
    CocoSource,
)

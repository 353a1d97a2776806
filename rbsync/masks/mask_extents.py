"""The extent of masks and label maps: how many labels they become, and what these cover."""

from __future__ import annotations

import numpy as np

from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.classes.present import present
from rbsync.masks.volumes.label_volume import LabelVolume
from rbsync.model.extent import Extent


def extent_of_mask(index: ClassIndex) -> Extent:
    """The classes of a mask that have a pixel, and the pixels that are of a class."""
    pixels = index.pixels
    return Extent(len(present(index)), int(np.count_nonzero(pixels)), pixels.size)


def extent_of_volume(volume: LabelVolume) -> Extent:
    """The values of a label map that occur, and the voxels that have one."""
    voxels = volume.voxels
    return Extent(len(volume.names), int(np.count_nonzero(voxels)), voxels.size)

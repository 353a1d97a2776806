"""The way back: what a label map shows is written into the file that it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.error import MaskError
from rbsync.masks.png.decoding import Named
from rbsync.masks.volumes.label_volume import LabelVolume
from rbsync.masks.volumes.turning import Turn, back, turned
from rbsync.masks.volumes.values import LARGEST_VALUE
from rbsync.masks.volumes.volume_file import open_volume

Array = npt.NDArray[Any]


def redrawn_volume(
    file: Named, segment_map: Mapping[int, str], shown: LabelVolume | None, turn: Turn = ()
) -> bytes:
    """The file, so that its voxels say what ``shown`` says (None: nothing).

    ``turn`` is the one by which the file came onto the grid of what is shown.

    Header, grid, type and what follows the voxels stay, and so does the whole file when it says
    that already. Raises MaskError for a category that the segment map lacks, for another shape,
    and for numbers that the file's type cannot hold.
    """
    if shown and turn:
        shown = turned(shown, back(turn))
    opened = open_volume(file.data, file=file.file)
    header = opened.header
    # A number that is scaled back is rounded, and may become that of another class.
    if header.scaling is not None:
        raise _unfit("its numbers are scaled", file)
    stored = np.concatenate([*opened.parts()])
    flat = _flat(shown, header.shape, file) if shown else np.zeros(stored.size, np.uint8)
    drawn = stored.copy()
    _draw(drawn, flat, segment_map, shown.names if shown else {}, file)
    # Not packed anew: another gzip has other bytes, and a lock would call the file changed.
    if drawn.tobytes() == stored.tobytes():
        return file.data
    return opened.with_voxels(file.data, drawn)


def _flat(shown: LabelVolume, shape: tuple[int, ...], file: Named) -> Array:
    """The shown values in the order of the file. Raises MaskError for another shape."""
    padded = (*shape, 1, 1, 1)[:3]
    if shown.voxels.shape != padded or int(np.prod(shape)) != shown.voxels.size:
        raise _unfit("its labels are of a volume of another shape", file)
    return np.ravel(shown.voxels, order="F")


def _draw(
    stored: Array,
    flat: Array,
    segment_map: Mapping[int, str],
    names: Mapping[int, str],
    file: Named,
) -> None:
    """Changes the stored numbers whose category is another one now, and no others."""
    values: dict[str, int] = {}
    for value, name in segment_map.items():
        values.setdefault(name, value)
    missing = sorted(set(names.values()) - values.keys())
    if missing:
        raise _unfit(f"its segment map has no `{missing[0]}`", file)
    if stored.dtype.kind in "iu" and max(values.values(), default=0) > np.iinfo(stored.dtype).max:
        raise _unfit("its type cannot hold all values of the segment map", file)
    here = np.zeros(LARGEST_VALUE + 1, np.int64)
    for value, name in segment_map.items():
        here[value] = values[name]
    there = np.zeros(LARGEST_VALUE + 1, np.int64)
    for value, name in names.items():
        there[value] = values[name]
    wanted = there[flat]
    # Two values of one category stay apart where nobody changed them.
    changed = here[stored.astype(np.int64)] != wanted
    stored[changed] = wanted[changed]


def _unfit(why: str, file: Named) -> MaskError:
    return MaskError("not-drawn", f"this file cannot be changed: {why}", file=file.file)

"""The pictures of a datapoint: one photograph, some frames of a video, three planes of a scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from rbsync.label_changes.label_content import LabelContent
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.classes.colour_table import index_type
from rbsync.masks.volumes.label_volume import LabelVolume
from rbsync.pictures.change_pictures import WHOLE, Detail, Part, change_picture
from rbsync.pictures.photographs import windowed
from rbsync.pictures.scans import Scan, Way, read_scan, upright

Array = npt.NDArray[Any]
Read = Callable[[], bytes | None]
FRAMES = 8
"""Frames of a video that are shown, spread over its length."""
_PLANES = (("sagittal", 0), ("coronal", 1), ("axial", 2))
EDGES: Mapping[str, str] = {"sagittal": "PASI", "coronal": "LRSI", "axial": "LRAP"}
"""The sides of a body at the left, the right, the upper and the lower edge of each plane.

Half of the viewers have a patient's right side on the left: who reads a scan has to know.
"""
_FRAME = Detail(320, 60_000)
_SCREEN = 2048
"""Pixels of a side that a screen has room for; of more its parts are asked for."""


class View(NamedTuple):
    """One picture: its title, the photograph or its file, and the labels of both sides.

    ``aspect`` is the height of a pixel by its width, ``edges`` are as in `EDGES`, empty where
    nobody knows.
    """

    title: str
    photo: Image.Image | bytes | None
    before: LabelContent
    after: LabelContent
    aspect: float = 1.0
    edges: str = ""


def change_views(
    before: LabelContent, after: LabelContent, items: Sequence[Read], detail: Detail
) -> list[dict[str, Any]]:
    """The pictures of a change, each as `change_picture` makes it with a title and an aspect.

    ``items`` read the files of a datapoint, None where one is not at hand. Raises MaskError for
    labels that cannot be drawn.
    """
    few = detail if len(items) < 2 or detail.photo else _FRAME
    found = (_drawn(view, few) for view in _views(before, after, items))
    return [one for one in found if one is not None]


def screen_views(
    before: LabelContent, after: LabelContent, items: Sequence[Read]
) -> list[dict[str, Any]]:
    """The pictures of a change as `change_views` makes them, no larger than a screen."""
    return change_views(before, after, items, Detail(_SCREEN, part=WHOLE))


def part_view(
    before: LabelContent, after: LabelContent, items: Sequence[Read], title: str, part: Part
) -> dict[str, Any] | None:
    """A part of the picture of a title, in as many pixels as it has; None where there is none.

    Raises MaskError for labels that cannot be drawn.
    """
    found = (view for view in _views(before, after, items) if view.title == title)
    view = next(found, None)
    return _drawn(view, Detail(_SCREEN, part=part)) if view else None


def _drawn(view: View, detail: Detail) -> dict[str, Any] | None:
    picture = change_picture(view.before, view.after, view.photo, detail)
    if picture is None:
        return None
    return {**picture, "title": view.title, "aspect": view.aspect, "edges": view.edges}


def main_view(content: LabelContent, items: Sequence[Read]) -> View | None:
    """The one picture that stands for a datapoint, with its labels; None for none."""
    if len(items) > 1:
        # The first slice of a series has the crown of a head, and the first frame may be black.
        return _frame(content, content, items, len(items) // 2)
    # Of three planes the last is the one that people know best.
    return next(reversed(list(_views(content, content, items))), None)


def _views(before: LabelContent, after: LabelContent, items: Sequence[Read]) -> Iterator[View]:
    if len(items) > 1:
        yield from _frames(before, after, items)
        return
    volumes = [one.volumes[series] for one in (before, after) for series in sorted(one.volumes)]
    data = items[0]() if items else None
    scan = read_scan(data) if data is not None else None
    if scan is not None or volumes:
        yield from _planes(before, after, scan, volumes[-1] if volumes else None)
    else:
        yield View("", data, before, after)


def _frames(before: LabelContent, after: LabelContent, items: Sequence[Read]) -> Iterator[View]:
    for at in _shown_frames(before, after, len(items)):
        yield _frame(before, after, items, at)


def _frame(before: LabelContent, after: LabelContent, items: Sequence[Read], at: int) -> View:
    sides = [_of_frame(one, at, len(items)) for one in (before, after)]
    return View(f"{at + 1} of {len(items)}", items[at](), sides[0], sides[1])


def _shown_frames(before: LabelContent, after: LabelContent, number: int) -> list[int]:
    """The frames whose labels differ first of all, and of the rest some from each part."""
    if number <= FRAMES:
        return list(range(number))
    old, new = _by_frame(before), _by_frame(after)
    differ = [at for at in range(number) if old.get(at) != new.get(at)] or range(number)
    return sorted({differ[at * len(differ) // FRAMES] for at in range(FRAMES)})


def _by_frame(content: LabelContent) -> dict[int, list[Any]]:
    """The labels of each frame that has some; those of all frames are left out."""
    found: dict[int, list[Any]] = {}
    for one in content.objects:
        if "frameindex" in one:
            found.setdefault(one["frameindex"], []).append(one)
    return found


def _of_frame(content: LabelContent, at: int, number: int) -> LabelContent:
    objects = tuple(one for one in content.objects if one.get("frameindex", at) == at)
    volume = next(iter(content.volumes.values()), None)
    # A series of files has a slice in each; rows run down, and columns to the right.
    if volume is not None and volume.voxels.shape[2] == number:
        return LabelContent(objects, _index(volume.voxels[:, :, at].T, volume.names))
    return LabelContent(objects, content.picture)


def _planes(
    before: LabelContent, after: LabelContent, scan: Scan | None, volume: LabelVolume | None
) -> Iterator[View]:
    is_placed = scan.is_placed if scan is not None else volume is not None
    affine = volume.affine if volume is not None else scan.affine if scan else np.eye(3, 4)
    way = upright(affine)
    grey = way.turn(windowed(scan.values, *scan.window)) if scan else None
    sides = [_turned(one, way) for one in (before, after)]
    labels = [one.voxels for one in sides if one is not None]
    shape = grey.shape if grey is not None else labels[0].shape
    centre = _centre(labels, shape)
    for title, axis in _PLANES:
        others = [length for other, length in enumerate(shape) if other != axis]
        # Of a volume of one slice two of the planes are lines.
        if min(others) < 2 <= max(shape):
            continue
        at = centre[axis]
        cut = None if grey is None else Image.fromarray(_slice(grey, axis, at)).convert("RGB")
        contents = [
            replace(own, volumes={}, picture=_picture(one, axis, at, shape))
            for own, one in zip((before, after), sides, strict=True)
        ]
        across, down = [size for other, size in enumerate(way.sizes) if other != axis]
        aspect = round(down / across, 4)
        edges = EDGES[title] if is_placed else ""
        named = f"{title} {at + 1} of {shape[axis]}"
        yield View(named, cut, contents[0], contents[1], aspect, edges)


def _picture(
    volume: LabelVolume | None, axis: int, at: int, shape: tuple[int, ...]
) -> ClassIndex | None:
    if volume is None or volume.voxels.shape != shape:
        return None
    return _index(_slice(volume.voxels, axis, at), volume.names)


def _turned(content: LabelContent, way: Way) -> LabelVolume | None:
    volume = next(iter(content.volumes.values()), None)
    return volume and replace(volume, voxels=way.turn(volume.voxels))


def _centre(labels: Sequence[Array], shape: tuple[int, ...]) -> list[int]:
    """The middle of what differs, else of what is labelled, else of all."""
    grids = [one for one in labels if one.shape == shape]
    differs = grids[0] != grids[-1] if grids else np.zeros(())
    places = np.argwhere(differs if differs.any() or not grids else grids[-1] > 0)
    if not grids or not len(places):
        return [length // 2 for length in shape]
    # One of them, and not their mean: between two spots there may be nothing.
    middle = places.mean(axis=0)
    nearest = places[np.abs(places - middle).sum(axis=1).argmin()]
    return [int(one) for one in nearest]


def _slice(voxels: Array, axis: int, at: int) -> Array:
    """Rows run down: what is up or in front is in the first one."""
    plane = np.take(voxels, at, axis)
    return np.ascontiguousarray(plane.T[::-1])


def _index(plane: Array, names: Mapping[int, str]) -> ClassIndex:
    own = tuple(dict.fromkeys(names.values()))
    table = np.zeros(max(names, default=0) + 1, index_type(len(own)))
    for value, name in names.items():
        table[value] = own.index(name) + 1
    return ClassIndex(np.ascontiguousarray(table[plane]), own)

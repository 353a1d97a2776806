"""A change of labels as a picture: the photograph and both masks, cut to where they differ."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from rbsync.label_changes.label_content import LabelContent
from rbsync.masks.classes.colour_table import index_type
from rbsync.masks.error import MaskError
from rbsync.masks.size import shown_size
from rbsync.pictures.class_colours import coloured
from rbsync.pictures.label_drawing import Drawing, Outlined, drawing_of
from rbsync.pictures.photographs import read_photograph

Array = npt.NDArray[Any]
Box = tuple[int, int, int, int]
Photo = bytes | Image.Image | None
Part = tuple[float, float, float, float]
"""Left, top, width and height, in fractions of a picture."""
WHOLE: Part = (0, 0, 1, 1)
_LEAST = 160
"""Pixels of a side that are shown at least: a change of three pixels needs its surroundings."""
_LEVEL = 6
"""Of a mask's PNG: the best one takes three times as long, and is 3 % smaller."""
_QUALITIES = (70, 50, 30, 15)
_LARGEST = 4096
"""Pixels of a side that a page shows: of more a browser makes nothing, and WebP has no room."""


class Detail(NamedTuple):
    """The most that is kept of a picture: pixels of a side, and letters of its photograph.

    ``part`` is what is shown of it; without one it is all of a picture of which each pixel is kept,
    and else what surrounds the change.
    """

    side: int | None = None
    photo: int | None = None
    part: Part | None = None


def change_picture(
    before: LabelContent,
    after: LabelContent,
    data: Photo,
    detail: Detail,
) -> dict[str, Any] | None:
    """The picture of a change, as a page's script takes it; None where nothing can be drawn.

    ``data`` is the photograph, or its file. Masks are PNGs of the number of the class of each
    pixel, two bytes in red and green; boxes are in fractions of what is shown. Raises MaskError
    for labels that cannot be drawn.
    """
    old, new = (drawing_of(one) for one in (before, after))
    size = _mask_size(old, new)
    if size is None:
        data, size = _sized(data)
    if size is None:
        return None
    names = tuple(dict.fromkeys((*old.names, *new.names)))
    grids = [_grid(one, names, size) for one in (old, new)]
    box = _part_of(size, detail.part) if detail.part else None
    box = box or _box(grids[0], grids[1], _moved(old, new), size, detail.side)
    shown, scale = _fitted(box, detail.side or _LARGEST)
    # As many pixels of it as are shown: most of a file's time goes into those that are not.
    photo = _photo(data, math.ceil(max(size) * scale) if scale < 1 else None)
    if photo is None and detail.part:
        # Of one that takes too much memory a coarser one is better than none.
        photo = next(filter(None, (_photo(data, max(size) >> less) for less in (1, 2, 3))), None)
    if photo is None and old.mask is None and new.mask is None:
        return None
    return {
        "size": list(size),
        "box": list(box),
        "shown": list(shown),
        "scale": scale,
        "classes": coloured(names),
        "photo": _photo_uri(photo, size, box, shown, detail.photo) if photo else "",
        "before": _grid_uri(_cut(grids[0], box, shown), len(names)),
        "after": _grid_uri(_cut(grids[1], box, shown), len(names)),
        "objects": [objects_json(one.objects, names, size, box) for one in (old, new)],
    }


def _photo(data: Photo, side: int | None = None) -> Image.Image | None:
    if isinstance(data, Image.Image):
        return data
    # What cannot be drawn hides no change: the masks are shown without a photograph.
    try:
        return read_photograph(data, side) if data is not None else None
    except ValueError:
        return None


def _sized(data: Photo) -> tuple[Photo, tuple[int, int] | None]:
    """A photograph, and its (width, height) as it is shown; None for what cannot be drawn."""
    # Of one that says it in its header no pixel is unpacked: most of a large one are not shown.
    with suppress(MaskError):
        if isinstance(data, bytes):
            return data, shown_size(data)
    photo = _photo(data)
    return photo, photo.size if photo else None


def _part_of(size: tuple[int, int], part: Part) -> Box:
    """The pixels of a part, at least one each way."""
    (left, across), (top, down) = (_span(part[at], part[at + 2], size[at]) for at in (0, 1))
    return left, top, across, down


def _span(start: float, length: float, whole: int) -> tuple[int, int]:
    pixels = min(whole, max(1, round(length * whole)))
    return min(max(round(start * whole), 0), whole - pixels), pixels


def _mask_size(old: Drawing, new: Drawing) -> tuple[int, int] | None:
    """(width, height) of the masks; the later one goes before the earlier one."""
    # Masks are not scaled, so that a change of one pixel is one pixel; the photograph is fitted.
    for one in (new.mask, old.mask):
        if one is not None:
            return one.width, one.height
    return None


def _grid(drawing: Drawing, names: Sequence[str], size: tuple[int, int]) -> Array:
    """The numbers of the classes (height, width), in those of ``names``; 0 is none."""
    if drawing.mask is None:
        return np.zeros((size[1], size[0]), np.uint8)
    pixels = drawing.mask.pixels
    if pixels.shape != (size[1], size[0]):
        # Of another size: not the same pixels, but the same picture.
        rows, columns = _steps(len(pixels), size[1]), _steps(pixels.shape[1], size[0])
        pixels = pixels[np.ix_(rows, columns)]
    own = drawing.mask.names
    # Most changes leave the classes as they are, and a million pixels are not numbered anew.
    if own == tuple(names[: len(own)]):
        return pixels
    numbers = [0, *(names.index(one) + 1 for one in own)]
    # Into a table by places is three times as fast as by an index of all dimensions.
    return np.take(np.array(numbers, index_type(len(names))), pixels)


def _steps(length: int, number: int) -> Array:
    """Places of so many pixels that are spread over a length."""
    return np.arange(number) * length // number


def _moved(old: Drawing, new: Drawing) -> list[Outlined]:
    """The objects that only one of both has."""
    return [*(set(old.objects) - set(new.objects)), *(set(new.objects) - set(old.objects))]


def _box(
    old: Array, new: Array, objects: Iterable[Outlined], size: tuple[int, int], side: int | None
) -> Box:
    """The part (left, top, width, height) in which they differ, with some room around it."""
    width, height = size
    differs = old != new
    rows, columns = np.flatnonzero(differs.any(1)), np.flatnonzero(differs.any(0))
    points = [(x * width, y * height) for one in objects for x, y in one.points]
    xs = [*((columns.min(), columns.max() + 1) if len(columns) else ()), *(x for x, _ in points)]
    ys = [*((rows.min(), rows.max() + 1) if len(rows) else ()), *(y for _, y in points)]
    # Nothing to cut to: labels may differ in what is not drawn, such as an attribute.
    if side is None or not xs:
        return 0, 0, width, height
    left, across = _widened(min(xs), max(xs), width)
    top, down = _widened(min(ys), max(ys), height)
    return left, top, across, down


def _widened(low: float, high: float, length: int) -> tuple[int, int]:
    wanted = min(length, max(_LEAST, int((high - low) * 1.25)))
    start = int((low + high - wanted) / 2)
    return min(max(start, 0), length - wanted), wanted


def _fitted(box: Box, side: int) -> tuple[tuple[int, int], float]:
    # Never enlarged: the browser does that with hard edges, and the page stays small.
    scale = min(1.0, side / max(box[2:]))
    return (max(1, round(box[2] * scale)), max(1, round(box[3] * scale))), round(scale, 4)


def _cut(grid: Array, box: Box, shown: tuple[int, int]) -> Array:
    left, top, width, height = box
    part = grid[top : top + height, left : left + width]
    cut: Array = part[np.ix_(_steps(height, shown[1]), _steps(width, shown[0]))]
    return cut


def _grid_uri(grid: Array, classes: int) -> str:
    if not grid.any():
        return ""
    if classes < 256:
        # A browser reads grey as three equal values: the red one is the number.
        return _uri(Image.fromarray(grid.astype(np.uint8)), "png", compress_level=_LEVEL)
    parts = [grid & 255, grid >> 8, np.zeros_like(grid)]
    return _uri(Image.fromarray(np.stack(parts, -1).astype(np.uint8)), "png", compress_level=_LEVEL)


def _photo_uri(
    photo: Image.Image,
    size: tuple[int, int],
    box: Box,
    shown: tuple[int, int],
    limit: int | None,
) -> str:
    across, down = photo.width / size[0], photo.height / size[1]
    left, top, width, height = box
    part = (left * across, top * down, (left + width) * across, (top + height) * down)
    image = photo.resize(shown, Image.Resampling.BILINEAR, part)
    text = ""
    # Noise takes ten times the room of a sky: one grainy photograph must not crowd out the others.
    for quality in _QUALITIES if limit else (85,):
        # Of hundreds of small ones the quicker way is hardly larger.
        text = _uri(image, "webp", quality=quality, method=0 if limit else 2)
        if not limit or len(text) <= limit:
            break
    return text


def _uri(image: Image.Image, form: str, **options: Any) -> str:
    file = io.BytesIO()
    image.save(file, form, **options)
    return f"data:image/{form};base64,{base64.b64encode(file.getvalue()).decode()}"


def objects_json(
    objects: Iterable[Outlined], names: Sequence[str], size: tuple[int, int], box: Box
) -> list[list[Any]]:
    """Each object as [number of its class, its shape, its points in fractions of what is shown]."""
    left, top, width, height = box
    return [
        [
            names.index(one.category) + 1,
            one.shape,
            [
                [round((x * size[0] - left) / width, 5), round((y * size[1] - top) / height, 5)]
                for x, y in one.points
            ],
        ]
        for one in objects
    ]

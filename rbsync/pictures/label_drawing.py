"""Labels as a picture: the class of each pixel, and the outlines of objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from rbsync.label_changes.geometry_places import Label, member_of, place_of
from rbsync.label_changes.label_content import LabelContent
from rbsync.label_changes.pairing import category_of
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.encodings.pixel import index_of_labels
from rbsync.pictures.class_colours import Colour, class_colours

Point = tuple[float, float]
_OUTLINED = frozenset({"bbox2d", "polygon", "polyline", "point", "ellipse"})


class Outlined(NamedTuple):
    """An object to be drawn: its points in fractions of the picture. A point is a small box."""

    category: str
    shape: str
    points: tuple[Point, ...]


class Drawing(NamedTuple):
    """The labels of one picture. ``mask`` is None where there is none."""

    mask: ClassIndex | None
    objects: tuple[Outlined, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The classes and categories, each once."""
        own = self.mask.names if self.mask else ()
        return tuple(dict.fromkeys((*own, *(one.category for one in self.objects))))


def drawing_of(content: LabelContent) -> Drawing:
    """The drawing of labels.

    Raises MaskError for labels that cannot be drawn. Label maps of volumes are left out.
    """
    index = content.picture
    if index is None and any(one.get("pixel") is not None for one in content.objects):
        index = index_of_labels(content.objects, merges=True)
    return Drawing(index, tuple(_outlined(content)))


def _outlined(content: LabelContent) -> Iterator[Outlined]:
    for label in content.objects:
        member = member_of(label)
        if member in _OUTLINED and (points := _points(member, label)):
            yield Outlined(category_of(label), member, points)


def _points(member: str, label: Label) -> tuple[Point, ...]:
    place = place_of(label)
    # A box in a volume has three dimensions, and no place in one picture.
    if place is None or len(place.low) != 2:
        return ()
    if member in ("polygon", "polyline"):
        return tuple((float(one["xnorm"]), float(one["ynorm"])) for one in label[member])
    return (place.low[0], place.low[1]), (place.high[0], place.high[1])


def overlaid(
    photo: Image.Image, drawing: Drawing, opacity: float = 0.5, known: Sequence[str] = ()
) -> Image.Image:
    """A photograph (RGB) with its labels on it; masks are scaled to it, and keep hard edges.

    ``known`` is as for `class_colours`.
    """
    colours = class_colours(drawing.names, known)
    made = photo.copy()
    if drawing.mask is not None:
        made = _with_mask(made, drawing.mask, colours, opacity)
    for one in drawing.objects:
        _outline(made, one, colours[one.category])
    return made


def _with_mask(
    photo: Image.Image, index: ClassIndex, colours: Mapping[str, Colour], opacity: float
) -> Image.Image:
    # Picked and not blended: between class 1 and class 3 there is no class 2.
    rows = np.linspace(0, index.height, photo.height, endpoint=False).astype(int)
    columns = np.linspace(0, index.width, photo.width, endpoint=False).astype(int)
    numbers = index.pixels[np.ix_(rows, columns)]
    table = np.array([(0, 0, 0), *(colours[name] for name in index.names)], np.float32)
    under: Any = np.asarray(photo, np.float32)
    mixed = under * (1 - opacity) + table[numbers] * opacity
    return Image.fromarray(np.where(numbers[..., None] > 0, mixed, under).astype(np.uint8))


def _outline(photo: Image.Image, one: Outlined, colour: Colour) -> None:
    pen = ImageDraw.Draw(photo)
    # A line of one pixel vanishes where a photograph is scaled down, to a terminal or a thumbnail.
    width = max(1, round(min(photo.size) / 100))
    points = [(x * photo.width, y * photo.height) for x, y in one.points]
    match one.shape:
        case "polygon":
            pen.line([*points, points[0]], colour, width)
        case "polyline":
            pen.line(points, colour, width)
        case "ellipse":
            pen.ellipse([*points[0], *points[1]], outline=colour, width=width)
        case "point":
            (x, y), radius = points[0], 2 * width
            pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colour)
        case _:
            pen.rectangle([*points[0], *points[1]], outline=colour, width=width)

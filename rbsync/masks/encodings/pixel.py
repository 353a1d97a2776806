"""The `pixel` encoding: a mask as LabelObjects with integer rings, and back.

Source: LabelObject and Pixel of the service's upload page. A pixel belongs to a label exactly
when the regions that contain it, less the holes that do, are one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.collector import paused_collector
from rbsync.masks.classes.class_index import ClassIndex, read_mask
from rbsync.masks.classes.class_map import BLACK, ClassMap, read_background, read_class_map
from rbsync.masks.classes.colour_table import index_type
from rbsync.masks.classes.picture import MaskSource
from rbsync.masks.encodings.label_objects import (
    category_name,
    category_value,
    image_size,
    outline_of,
    refuse_namesakes,
)
from rbsync.masks.outlines.fill import paint_each
from rbsync.masks.outlines.json_text import rings_text
from rbsync.masks.outlines.rings import Rings
from rbsync.masks.outlines.tracing import trace
from rbsync.masks.png.decoding import MAX_PIXELS

Label = dict[str, Any]


def encode_pixel(
    mask: MaskSource,
    class_map: ClassMap,
    ignore_colors: Sequence[Sequence[int]] = (BLACK,),
) -> list[Label]:
    """One LabelObject for each class present, in class-map order.

    ``mask`` is an array (m, n, 3) uint8, the bytes of a PNG, or its path. Coordinates are ints,
    rings are open. Raises MaskError, OSError as `read_mask` does.
    """
    return labels_of(read_mask(mask, class_map, ignore_colors))


def labels_of(index: ClassIndex) -> list[Label]:
    """The LabelObjects of a class index, as lists of Python ints."""
    rings = trace(index.pixels)
    # Millions of new lists make the collector of garbage run over all of them again and again, and
    # there is none among them.
    with paused_collector():
        corners = rings.vertices.tolist()
        return [
            _label(index, value, _lists(rings, corners, regions), _lists(rings, corners, holes))
            for value, regions, holes in rings.by_class()
        ]


def _lists(rings: Rings, corners: list[Any], part: slice) -> list[Any]:
    firsts, counts = rings.firsts[part].tolist(), rings.counts[part].tolist()
    return [corners[first : first + n] for first, n in zip(firsts, counts, strict=True)]


def _label(index: ClassIndex, value: int, regions: list[Any], holes: list[Any]) -> Label:
    return {
        "category": [["object", index.names[value - 1]]],
        "attributes": [],
        "pixel": {"imagesize": [index.width, index.height], "regions": regions, "holes": holes},
    }


def pixel_json(index: ClassIndex) -> bytes:
    """The JSON text of `labels_of(index)`, without spaces, written straight from the arrays."""
    return pixel_text(index)[0]


def pixel_text(index: ClassIndex) -> tuple[bytes, tuple[str, ...]]:
    """`pixel_json`, and the category of each label in it."""
    rings = trace(index.pixels)
    # Only classes that have a pixel become labels: a label without a region says nothing.
    present = list(rings.by_class())
    names = tuple(index.names[value - 1] for value, _, _ in present)
    return b"".join(_label_texts(index, rings, present)), names


def _label_texts(
    index: ClassIndex, rings: Rings, present: list[tuple[int, slice, slice]]
) -> Iterator[bytes | memoryview]:
    text = rings_text(rings)
    size = b"%d,%d" % (index.width, index.height)
    before = b"["
    for value, regions, holes in present:
        name = json.dumps(index.names[value - 1]).encode()
        yield before + b'{"category":[["object",' + name + b']],"attributes":[],"pixel":'
        yield b'{"imagesize":[' + size + b'],"regions":['
        yield text.part(regions)
        yield b'],"holes":['
        yield text.part(holes)
        yield b"]}}"
        before = b","
    yield b"]" if present else b"[]"


def decode_pixel(
    labels: Sequence[Label],
    class_map: ClassMap,
    *,
    imagesize: Sequence[int] | None = None,
    background: Sequence[int] = BLACK,
    max_pixels: int = MAX_PIXELS,
) -> npt.NDArray[np.uint8]:
    """The mask (m, n, 3) uint8 of LabelObjects; labels without `pixel` are not drawn.

    The size is that of the labels; ``imagesize`` (width, height) is needed when there are none.
    Rings may be open or closed, with repeated and redundant vertices, ints or floats that are
    integers, `holes` may be null. Where labels overlap the later one is seen. Edges that are
    neither horizontal nor vertical take the pixels whose centres they enclose. Raises MaskError
    for labels of another form, of different sizes, of more than ``max_pixels``, or of a category
    that the map lacks, and for a background that is no colour or that of a category.
    """
    colours = read_class_map(class_map)
    palette = np.array([read_background(background, colours), *colours.values()], np.uint8)
    return palette[index_of_labels(labels, tuple(colours), imagesize, max_pixels).pixels]


def index_of_labels(
    labels: Sequence[Label],
    names: Sequence[str] | None = None,
    imagesize: Sequence[int] | None = None,
    max_pixels: int = MAX_PIXELS,
    *,
    merges: bool = False,
) -> ClassIndex:
    """The class index of LabelObjects, as `decode_pixel` draws them.

    ``names`` are the classes in their order, None for the categories as they come. With
    ``merges`` categories of one name are one class. Raises MaskError as `decode_pixel` does.
    """
    drawn = [label for label in labels if label.get("pixel") is not None]
    if not merges:
        refuse_namesakes(drawn)
    return _painted(drawn, names, imagesize, max_pixels)[0]


def flat_index(labels: Sequence[Label]) -> ClassIndex | None:
    """The class index of LabelObjects, None where some lie upon others. Raises MaskError."""
    drawn = [label for label in labels if label.get("pixel") is not None]
    index, covered = _painted(drawn, None, None, MAX_PIXELS)
    return index if np.count_nonzero(index.pixels) == covered else None


def _painted(
    drawn: Sequence[Label],
    names: Sequence[str] | None,
    imagesize: Sequence[int] | None,
    max_pixels: int,
) -> tuple[ClassIndex, int]:
    """The class index, and the pixels of all labels together."""
    width, height = image_size(drawn, imagesize, max_pixels)
    if names is None:
        names = tuple(dict.fromkeys(map(category_name, drawn)))
    values_of = {name: value for value, name in enumerate(names, 1)}
    values = [category_value(label, values_of) for label in drawn]
    canvas = np.zeros((height, width), index_type(len(names)))
    # In the order of the labels, so that the later one is seen where two overlap.
    covered = paint_each(canvas, zip(values, map(outline_of, drawn), strict=True))
    return ClassIndex(canvas, tuple(names)), covered

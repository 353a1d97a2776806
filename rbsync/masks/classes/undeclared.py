"""The reports on colours and values of a mask that nobody declared."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from rbsync.masks.classes.class_map import (
    BLACK,
    ClassMap,
    Colour,
    pack,
    packed_colours,
    show,
    unpack,
)
from rbsync.masks.classes.picture import Picture, packed_pixels
from rbsync.masks.classes.soft import described, peaks_of
from rbsync.masks.error import MaskError, many

_SHOWN = 3


class _Stray(NamedTuple):
    colour: int
    pixels: int
    first: int


def undeclared_colours(
    picture: Picture, class_map: ClassMap, ignored: tuple[Colour, ...]
) -> MaskError:
    """The error that names the most frequent of them: how often, where first, what is nearest."""
    # The most frequent first: it is the class that was forgotten, while the rare ones come from
    # smoothing at edges.
    strays = sorted(_count(picture, class_map, ignored), key=lambda s: (-s.pixels, s.first))
    lines = [_describe(stray, picture.width, class_map) for stray in strays[:_SHOWN]]
    rest = strays[_SHOWN:]
    if rest:
        pixels = sum(stray.pixels for stray in rest)
        lines.append(f"and {many(len(rest), 'more colour')} in {many(pixels, 'pixel')}")
    hint = "add the colour to the class map or to ignore_colors, or repair the mask"
    # Nobody forgets ten classes.
    if len(strays) > 10:
        hint += "; so many colours mean smoothing or JPEG compression somewhere"
    if len(strays) > 1 and len(class_map) == 1 and BLACK in ignored:
        hint += _threshold(_levels(picture))
    return MaskError("undeclared-colour", "; ".join(lines), hint=hint, file=picture.file)


def _levels(picture: Picture) -> npt.NDArray[np.uint8]:
    strips = [colours[:, :3].max(axis=1) for _, colours in picture.strips()]
    levels: npt.NDArray[np.uint8] = np.concatenate(strips)
    return levels.reshape(picture.height, picture.width)


def _threshold(levels: npt.NDArray[np.uint8]) -> str:
    """The way out for a mask of one class that is soft; empty where there is nothing to split."""
    peaks = peaks_of(levels)
    if peaks.values < 3:
        return ""
    return f". Its brightness {described(peaks)}: `threshold: {peaks.threshold}` splits them"


def _count(picture: Picture, class_map: ClassMap, ignored: tuple[Colour, ...]) -> list[_Stray]:
    background = np.array([pack(colour) for colour in ignored], np.uint32)
    declared = np.concatenate([packed_colours(class_map), background])
    found: dict[int, _Stray] = {}
    for start, colours in picture.strips():
        values, firsts, counts = np.unique(
            packed_pixels(colours), return_index=True, return_counts=True
        )
        new = ~np.isin(values, declared)
        for colour, first, count in zip(values[new], firsts[new], counts[new], strict=True):
            known = found.get(int(colour), _Stray(int(colour), 0, start + int(first)))
            found[int(colour)] = known._replace(pixels=known.pixels + int(count))
    return list(found.values())


def _describe(stray: _Stray, width: int, class_map: ClassMap) -> str:
    row, column = divmod(stray.first, width)
    colour = unpack(stray.colour)
    nearest = _nearest(colour, class_map)
    return (
        f"undeclared colour {show(colour)} in {many(stray.pixels, 'pixel')}, "
        f"first at column {column}, row {row}{nearest}"
    )


def _nearest(colour: Colour, class_map: ClassMap) -> str:
    if not class_map:
        return "; the class map is empty"
    distances = {
        name: sum((a - b) ** 2 for a, b in zip(colour, declared, strict=True))
        for name, declared in class_map.items()
    }
    name = min(distances, key=distances.__getitem__)
    return f"; nearest is {name!r} {show(class_map[name])}"


def refuse_undeclared_values(
    image: Image.Image, declared: Collection[int], classes: int, file: str
) -> None:
    """Raises MaskError that names the most frequent of the others: how often, and where first.

    ``classes`` is how many of the declared values are no background.
    """
    every = enumerate(image.histogram())
    counts = {value: count for value, count in every if count and value not in declared}
    if not counts:
        return
    strays = sorted(counts, key=lambda value: (-counts[value], value))
    pixels = np.asarray(image)
    lines = [_describe_value(value, counts[value], pixels) for value in strays[:_SHOWN]]
    rest = strays[_SHOWN:]
    if rest:
        others = many(sum(counts[value] for value in rest), "pixel")
        lines.append(f"and {many(len(rest), 'more value')} in {others}")
    hint = "give the value a category, or list it under `ignore_values`"
    if len(counts) > 1 and classes == 1:
        hint += _threshold(pixels)
    raise MaskError("undeclared-value", "; ".join(lines), hint=hint, file=file)


def _describe_value(value: int, count: int, pixels: npt.NDArray[np.uint8]) -> str:
    row, column = divmod(int(np.argmax(pixels == value)), pixels.shape[1])
    where = f"first at column {column}, row {row}"
    return f"undeclared value {value} in {many(count, 'pixel')}, {where}"

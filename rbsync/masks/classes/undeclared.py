"""The report on colours of a mask that nobody declared."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rbsync.masks.classes.class_map import ClassMap, Colour, pack, packed_colours, show, unpack
from rbsync.masks.classes.picture import Picture, packed_pixels
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
    strays = sorted(_count(picture, class_map, ignored), key=lambda s: (-s.pixels, s.first))
    lines = [_describe(stray, picture.width, class_map) for stray in strays[:_SHOWN]]
    rest = strays[_SHOWN:]
    if rest:
        pixels = sum(stray.pixels for stray in rest)
        lines.append(f"and {many(len(rest), 'more colour')} in {many(pixels, 'pixel')}")
    hint = "add the colour to the class map or to ignore_colors, or repair the mask"
    if len(strays) > 10:
        hint += "; so many colours mean smoothing or JPEG compression somewhere"
    return MaskError("undeclared-colour", "; ".join(lines), hint=hint, file=picture.file)


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

"""Colours of classes, as far from each other as their number allows."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Mapping

Colour = tuple[int, int, int]
_GOLDEN = 0.618033988749895
_LIGHTS = (0.55, 0.42, 0.68)


def class_colours(names: Iterable[str]) -> Mapping[str, Colour]:
    """A colour for each name, in the order of the names; the same names have the same colours."""
    # Steps of the golden section: the next hue falls into the largest gap, however many there are.
    return {name: _colour(at) for at, name in enumerate(dict.fromkeys(names))}


def _colour(at: int) -> Colour:
    light = _LIGHTS[at // 8 % len(_LIGHTS)]
    red, green, blue = colorsys.hls_to_rgb((0.02 + at * _GOLDEN) % 1, light, 0.78)
    return round(red * 255), round(green * 255), round(blue * 255)

"""Colours of classes, as far from each other as their number allows."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Colour = tuple[int, int, int]
_GOLDEN = 0.618033988749895
_LIGHTS = (0.55, 0.42, 0.68)


def class_colours(names: Iterable[str], known: Iterable[str] = ()) -> Mapping[str, Colour]:
    """A colour for each name, in the order of the names; the same names have the same colours.

    Those that are ``known`` come first: pictures that know the same names agree on the colours of
    a class, whatever else is on them.
    """
    # Steps of the golden section: the next hue falls into the largest gap, however many there are.
    return {name: _colour(at) for at, name in enumerate(dict.fromkeys((*known, *names)))}


def recoloured(pictures: Iterable[Mapping[str, Any]], known: Sequence[str]) -> list[dict[str, Any]]:
    """Pictures as `change_picture` makes them, with classes in the colours of ``known``."""
    return [{**one, "classes": coloured(_names(one), known)} for one in pictures]


def names_of(pictures: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The names of the classes of pictures, each once."""
    return tuple(dict.fromkeys(name for one in pictures for name in _names(one)))


def coloured(names: Sequence[str], known: Iterable[str] = ()) -> list[list[str]]:
    """Each name with its colour, as pages take them."""
    colours = class_colours(names, known)
    return [[name, "#{:02x}{:02x}{:02x}".format(*colours[name])] for name in names]


def _names(picture: Mapping[str, Any]) -> list[str]:
    return [name for name, _ in picture["classes"]]


def _colour(at: int) -> Colour:
    light = _LIGHTS[at // 8 % len(_LIGHTS)]
    red, green, blue = colorsys.hls_to_rgb((0.02 + at * _GOLDEN) % 1, light, 0.78)
    return round(red * 255), round(green * 255), round(blue * 255)

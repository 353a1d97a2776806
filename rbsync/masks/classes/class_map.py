"""Class maps: which category a colour stands for."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from rbsync.labels.background import is_background
from rbsync.masks.error import MaskError
from rbsync.repeated_keys import KEEP_ONE, Repeats, first_repeat

Colour = tuple[int, int, int]
ClassMap = dict[str, Colour]

BLACK: Colour = (0, 0, 0)

T = TypeVar("T")
R = TypeVar("R")

_IGNORED = "ignore_colors"
_SHOWN = 5
"""Flaws of a class map that are told."""

# From here on floats leave integers out.
_LARGE = 1 << 53


def pack(colour: Sequence[int]) -> int:
    """A colour as one number, red in the lowest byte: the order of the bytes in a picture."""
    return int(colour[0]) | int(colour[1]) << 8 | int(colour[2]) << 16


def unpack(packed: int) -> Colour:
    """The inverse of `pack`."""
    return packed & 255, packed >> 8 & 255, packed >> 16 & 255


def show(colour: Sequence[int]) -> str:
    """A colour as messages write it: ``(255, 0, 0)``."""
    return f"({colour[0]}, {colour[1]}, {colour[2]})"


def load_class_map(path: str | os.PathLike[str]) -> ClassMap:
    """Read a ``class_map.json`` as the service exports it. Raises MaskError, OSError."""
    name = os.fspath(path)
    with open(name, "rb") as file:
        # JSON's own reader keeps the last of two equal keys, and a category would lose its colour
        # without a word.
        data = file.read()
    try:
        found = json.loads(data, object_pairs_hook=(repeats := Repeats()))
    except ValueError as error:
        raise MaskError("class-map", f"this is not JSON: {error}", file=name) from None
    if repeats.seen:
        message = first_repeat(data.decode(json.detect_encoding(data))).message
        raise MaskError("duplicate-key", message, hint=KEEP_ONE, file=name)
    return read_class_map(found, file=name)


def read_class_map(data: Any, *, file: str = "") -> ClassMap:
    """Check ``{category: [r, g, b]}`` and give integers 0-255, in the order given.

    Floats 0-1, as exports of 2021 have them, are scaled by 255 and rounded if and only if every
    value of the map lies within 0-1 and at least one is a float: 1.0 is full, 1 nearly nothing.
    Raises MaskError for values of another kind, for two categories with one colour, and for a
    category that is given twice.
    """
    if not isinstance(data, Mapping):
        raise _bad("a class map is an object {category: [r, g, b]}", file)
    given, flaws = _by_text(data, file), _Flaws(file)
    values = flaws.without(given, lambda name, one: _three_numbers(_category(name), one, file))
    numbers = [number for value in values.values() for number in value]
    # The map as a whole decides: [0, 0, 1] is a dark blue among integers and a full one among
    # fractions, and one colour alone does not tell.
    if all(0 <= n <= 1 for n in numbers) and any(map(_is_float, numbers)):
        values = {name: [round(float(n) * 255) for n in value] for name, value in values.items()}
    class_map = flaws.without(values, lambda name, one: _colour(_category(name), one, file))
    flaws.found += _shared_colours(class_map, file)
    flaws.raise_if_any()
    return class_map


class _Flaws:
    """Collects what is wrong with a class map: each run tells all of it."""

    def __init__(self, file: str) -> None:
        self.found: list[MaskError] = []
        self._file = file

    def without(self, given: Mapping[str, T], read: Callable[[str, T], R]) -> dict[str, R]:
        """All that is read, by category; without those of which that raises MaskError."""
        kept = {}
        for name, value in given.items():
            try:
                kept[name] = read(name, value)
            except MaskError as error:
                self.found.append(error)
        return kept

    def raise_if_any(self) -> None:
        """Raises the first flaw, with the messages of all."""
        if not self.found:
            return
        first = self.found[0]
        lines = [one.message for one in self.found[:_SHOWN]]
        if rest := len(self.found) - len(lines):
            lines.append(f"and {rest:,} more")
        raise MaskError(first.code, "; ".join(lines), hint=first.hint, file=self._file)


def _by_text(data: Mapping[Any, Any], file: str) -> dict[str, Any]:
    """The colours by the text of their keys, which may be numbers."""
    given: dict[str, Any] = {}
    for key, value in data.items():
        # YAML reads the category `1` as a number. In the labels it is a text, as all categories
        # are.
        name = str(key)
        if name in given:
            message = f"{_category(name)} is given twice, with {given[name]!r} and {value!r}"
            raise MaskError("duplicate-key", message, hint="keep one of the two", file=file)
        given[name] = value
    return given


def _category(name: str) -> str:
    return f"category {name!r}"


def _three_numbers(owner: str, value: Any, file: str) -> list[Any]:
    numbers = list(value) if isinstance(value, Iterable) else []
    if len(numbers) != 3 or not all(map(_is_number, numbers)):
        message = f"{owner} has the colour {value!r}, not three numbers"
        # Masks whose pixels are the numbers of classes are as common as coloured ones.
        if file and _is_number(value):
            hint = "where the numbers are those of pixels, write `format: indexed` beside the map"
            raise MaskError("class-map", message, hint=hint, file=file)
        raise _bad(message, file)
    return numbers


def _is_float(value: Any) -> bool:
    return isinstance(value, float | np.floating)


def _is_number(value: Any) -> bool:
    # `True` is an int to Python, and [true, 0, 0] in a class map is a mistake, not a dark red.
    if type(value) is int:
        return -_LARGE < value < _LARGE
    return isinstance(value, float | np.integer | np.floating) and math.isfinite(value)


def _colour(owner: str, value: Sequence[Any], file: str) -> Colour:
    if any(n != int(n) or not 0 <= n <= 255 for n in value):
        shown = ", ".join(f"{n:g}" for n in value)
        raise _bad(f"{owner} has the colour [{shown}], outside of the integers 0-255", file)
    red, green, blue = value
    return int(red), int(green), int(blue)


def _shared_colours(class_map: ClassMap, file: str) -> Iterator[MaskError]:
    owner: dict[Colour, str] = {}
    for name, colour in class_map.items():
        # A pixel of that colour would be of both; whichever were taken, half of the masks would be
        # wrong.
        if colour in owner:
            yield MaskError(
                "shared-colour",
                f"categories {owner[colour]!r} and {name!r} have one colour, {show(colour)}",
                hint="give each category a colour of its own, in the class map and in the masks",
                file=file,
            )
        owner.setdefault(colour, name)


def _bad(message: str, file: str) -> MaskError:
    hint = "write three integers 0-255, such as [255, 0, 0], or three fractions 0-1"
    return MaskError("class-map", message, hint=hint, file=file)


def read_ignored(colours: Iterable[Sequence[int]], class_map: ClassMap) -> tuple[Colour, ...]:
    """Check the background colours. Raises MaskError for one that is also a category's."""
    ignored = tuple(map(read_ignored_colour, colours))
    refuse_class_as_background(ignored, class_map)
    return ignored


def read_ignored_colour(colour: Sequence[int]) -> Colour:
    """Check a background colour. Raises MaskError for what is no colour."""
    try:
        return _colour(_IGNORED, _three_numbers(_IGNORED, colour, ""), "")
    except MaskError as error:
        hint = "write three integers 0-255, such as [0, 0, 0]"
        raise MaskError("ignored-colour", error.message, hint=hint) from None


def without_background(class_map: ClassMap, ignored: Iterable[Sequence[int]]) -> ClassMap:
    """The class map without a category that is called background and has a background's colour."""
    colours = {tuple(colour) for colour in ignored}
    return {
        name: colour
        for name, colour in class_map.items()
        if not (is_background(name) and colour in colours)
    }


def refuse_class_as_background(ignored: Iterable[Colour], class_map: ClassMap) -> None:
    """Raises MaskError for a background colour that is also a category's."""
    for colour in ignored:
        # Nobody need have written it: black is background by itself.
        hint = "give the category another colour, or take it out of the class map"
        if colour == BLACK:
            hint += "; where black is a class, say `ignore_colors: []` or other colours there"
        _refuse_class_colour(colour, class_map, hint)


def read_background(colour: Sequence[int], class_map: ClassMap) -> Colour:
    """Check the colour that stands for no class. Raises MaskError for one of a category."""
    checked = _colour("the background", _three_numbers("the background", colour, ""), "")
    _refuse_class_colour(
        checked, class_map, "give another background, or the category another colour"
    )
    return checked


def _refuse_class_colour(background: Colour, class_map: ClassMap, hint: str) -> None:
    for name, colour in class_map.items():
        if colour == background:
            message = f"the colour {show(colour)} is both category {name!r} and background"
            raise MaskError("class-is-background", message, hint=hint)


def packed_colours(class_map: ClassMap) -> npt.NDArray[np.uint32]:
    """The colours of a class map as packed numbers, shape (classes,)."""
    return np.array([pack(colour) for colour in class_map.values()], dtype=np.uint32)

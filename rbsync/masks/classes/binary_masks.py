"""One binary PNG for each class: what is not black is of the class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.classes.class_map import show
from rbsync.masks.classes.colour_table import index_type
from rbsync.masks.classes.soft import between_values, histogram
from rbsync.masks.classes.transparent import (
    BACKGROUND,
    IGNORE,
    OF_ALPHA,
    Alpha,
    refuse_shape_in_alpha,
    shape_in_alpha,
)
from rbsync.masks.error import MaskError, many
from rbsync.masks.png.decoding import MAX_PIXELS, Source, decode, read_bytes

Array = npt.NDArray[Any]


def read_binary_pngs(
    sources: Mapping[str, Source],
    *,
    threshold: int = 0,
    alpha: Alpha = BACKGROUND,
    max_pixels: int = MAX_PIXELS,
) -> ClassIndex:
    """One PNG for each category -> class index; a pixel that is not black is of the class.

    ``sources`` is {category: bytes or path}. With a ``threshold`` pixels are of the class from
    that value on; ``alpha`` says whether transparent pixels are background, the alpha channel is
    the mask, or it is ignored. Raises MaskError for PNGs of different sizes, for pixels that two
    categories claim, and without a threshold for a PNG of more than black and one colour.
    """
    names = tuple(sources)
    index: Array | None = None
    transparent = 0
    for value, (name, source) in enumerate(sources.items(), 1):
        data, file = read_bytes(source)
        image = decode(data, file=file, max_pixels=max_pixels)
        inside, hidden = _inside(image, threshold, alpha, file)
        transparent += hidden
        if index is None:
            index = np.zeros(inside.shape, index_type(len(names)))
        _refuse_other_size(inside, index, names[0], file)
        _refuse_overlap(inside, index, names, name, file)
        index[inside] = value
    if index is None:
        raise MaskError("no-masks", "there is no PNG for any category", hint="check the folder")
    return ClassIndex(index, names, transparent)


def _inside(image: Image.Image, threshold: int, alpha: Alpha, file: str) -> tuple[Array, int]:
    """The pixels that are of the class, and how many are not for being transparent."""
    colours = np.asarray(image.convert("L" if image.mode in ("1", "L", "LA") else "RGB"))
    has_alpha = image.mode in ("LA", "RGBA")
    opaque = np.asarray(image.getchannel("A")) if has_alpha else None
    if alpha == OF_ALPHA:
        levels = _alpha_channel(opaque, colours, file)
        return _strong(levels, threshold, file), 0
    levels = colours if colours.ndim == 2 else colours.max(axis=2)
    hidden = 0
    if opaque is not None and alpha != IGNORE and opaque.min() < 255:
        _refuse_one_colour(colours, opaque, file)
        refuse_shape_in_alpha(levels > 0, opaque, file)
        hidden = int(np.count_nonzero(levels[opaque == 0]))
        levels = np.where(opaque == 0, np.uint8(0), levels)
    inside = _strong(levels, threshold, file)
    if not threshold and colours.ndim == 3:
        _refuse_several_colours(colours, inside, file)
    return inside, hidden


def _strong(levels: Array, threshold: int, file: str) -> Array:
    values = np.flatnonzero(histogram(levels)[1:]) + 1
    if not threshold:
        # Between black and one value lie soft edges: where the class ends, only the user can say.
        if len(values) > 1:
            raise between_values(levels, file)
        return np.asarray(levels > 0)
    # Masks of 0 and 1 among those of 0 to 255 would all be empty, without a word.
    if len(values) == 1 and values[0] < threshold:
        message = (
            f"all pixels of this mask are 0 or {values[0]}, below the `threshold: {threshold}`"
        )
        hint = "put masks of two values into a source of their own, without a `threshold`"
        raise MaskError("below-threshold", message, hint=hint, file=file)
    return np.asarray(levels >= threshold)


def _alpha_channel(opaque: Array | None, colours: Array, file: str) -> Array:
    varies = bool((colours != colours[0, 0]).any())
    if opaque is not None and (not varies or opaque.min() < 255):
        return opaque
    what = "no alpha channel" if opaque is None else "no transparent pixel"
    message = f"this mask has {what}, and `alpha: mask` takes the shape from there"
    hint = "put such masks into a source of their own, without `alpha: mask`"
    raise MaskError("no-alpha", message, hint=hint, file=file)


def _refuse_one_colour(colours: Array, opaque: Array, file: str) -> None:
    """Raises MaskError for a picture of one colour that is transparent in parts."""
    if opaque.min() == opaque.max() or (colours != colours[0, 0]).any():
        return
    colour = show(_channels(colours[0, 0]))
    raise shape_in_alpha(f"all pixels are {colour}", opaque, file)


def _channels(pixel: Array) -> list[int]:
    """Red, green and blue of a pixel that may be grey."""
    return [int(one) for one in np.broadcast_to(pixel, 3)]


def _refuse_several_colours(colours: Array, inside: Array, file: str) -> None:
    """Raises MaskError for colours that are equally bright: those of several classes, mostly."""
    if not inside.any():
        return
    first = colours[divmod(int(inside.argmax()), inside.shape[1])]
    others = (colours != first).any(axis=2) & inside
    if not others.any():
        return
    row, column = divmod(int(others.argmax()), others.shape[1])
    message = (
        f"this mask has the colours {show(_channels(first))} and "
        f"{show(_channels(colours[row, column]))}, the latter "
        f"first at column {column}, row {row}; that of one class has black and one other"
    )
    hint = (
        "write `threshold: 1` for all that is not black; colours that are classes are read by "
        "`glob` with a `class_map`"
    )
    raise MaskError("several-colours", message, hint=hint, file=file)


def _refuse_other_size(inside: Array, index: Array, first: str, file: str) -> None:
    if inside.shape != index.shape:
        (height, width), (first_height, first_width) = inside.shape, index.shape
        raise MaskError(
            "size-mismatch",
            f"this PNG is {width} x {height} pixels, but that of {first!r} is "
            f"{first_width} x {first_height}",
            hint="all masks of one image have its size",
            file=file,
        )


def _refuse_overlap(
    inside: Array,
    index: Array,
    names: Sequence[str],
    name: str,
    file: str,
) -> None:
    # The order of the files must not decide which class wins.
    both = inside & (index != 0)
    if both.any():
        row, column = divmod(int(both.argmax()), both.shape[1])
        other = names[int(index[row, column]) - 1]
        raise MaskError(
            "overlap",
            f"{name!r} and {other!r} both claim {many(int(np.count_nonzero(both)), 'pixel')}, "
            f"first at column {column}, row {row}",
            hint="one pixel is of one class; upload overlapping classes as separate labels",
            file=file,
        )

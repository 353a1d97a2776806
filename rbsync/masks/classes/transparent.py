"""Transparent pixels of masks: nobody sees their colour, and so they are background."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from rbsync.masks.classes.class_map import BLACK, ClassMap, Colour, pack, unpack
from rbsync.masks.classes.picture import Picture, packed_pixels
from rbsync.masks.classes.soft import peaks_of
from rbsync.masks.error import MaskError, many

Array = npt.NDArray[Any]
Alpha = Literal["background", "mask", "ignore"]

BACKGROUND: Alpha = "background"
OF_ALPHA: Alpha = "mask"
IGNORE: Alpha = "ignore"


class Visible(NamedTuple):
    """A picture whose transparent pixels have a background's colour, all such colours, and how
    many of those pixels had another one.
    """

    picture: Picture
    ignored: tuple[Colour, ...]
    hidden: int


def without_hidden(picture: Picture, class_map: ClassMap, ignored: tuple[Colour, ...]) -> Visible:
    """Takes the colours away that nobody sees: programs leave any colour in erased pixels.

    Raises MaskError for a mask whose shape lies in its alpha channel.
    """
    pixels = np.asarray(picture.pixels)
    alpha = pixels[:, :, 3]
    if alpha.min() == 255:
        return Visible(picture, ignored, 0)
    packed = packed_pixels(np.ascontiguousarray(pixels).reshape(-1, 4)).reshape(alpha.shape)
    is_class = ~np.isin(packed, np.array([pack(one) for one in ignored], np.uint32))
    refuse_shape_in_alpha(is_class, alpha, picture.file, is_one_class=len(class_map) == 1)
    hidden = int(np.count_nonzero(is_class & (alpha == 0)))
    if not hidden:
        return Visible(picture, ignored, 0)
    background = ignored or (_free(class_map),)
    cleared = pixels.copy()
    cleared[alpha == 0, :3] = background[0]
    return Visible(replace(picture, pixels=cleared), background, hidden)


def refuse_shape_in_alpha(
    is_class: Array, alpha: Array, file: str, *, is_one_class: bool = True
) -> None:
    """Raises MaskError where the alpha channel says more than which pixels are there.

    ``is_class`` and ``alpha`` (height, width) have what a pixel would be by its colour alone, and
    how opaque it is.
    """
    seen = is_class & (alpha != 0)
    degrees = np.unique(alpha[seen])
    if len(degrees) > 1:
        raise _partly(alpha, file, is_one_class=is_one_class)
    # A shape drawn in black on nothing, whatever colour lies there: by its colours it would be an
    # empty mask.
    if is_one_class and not len(degrees) and alpha.min() != alpha.max():
        raise shape_in_alpha("the pixels that can be seen are background", alpha, file)


def shape_in_alpha(why: str, alpha: Array, file: str) -> MaskError:
    """The question where the shape of a mask is to be taken from."""
    hidden = int(np.count_nonzero(alpha == 0))
    message = (
        f"the shape of this mask seems to lie in its alpha channel: {why}, and "
        f"{hidden:,} of {many(alpha.size, 'pixel')} are transparent"
    )
    hint = f"write {_from_alpha(alpha)} to take it from there, or `alpha: ignore` for the colours"
    return MaskError("shape-in-alpha", message, hint=hint, file=file)


def _partly(alpha: Array, file: str, *, is_one_class: bool) -> MaskError:
    partly = (alpha != 0) & (alpha != 255)
    row, column = divmod(int(partly.argmax()), alpha.shape[1])
    message = (
        f"some pixels of this mask are neither a class nor background: they are partly "
        f"transparent, {int(np.count_nonzero(partly)):,} of them, first at column {column}, "
        f"row {row}"
    )
    hint = "write `alpha: ignore` to take the colours as they are"
    if is_one_class:
        hint += f", or {_from_alpha(alpha)} where the alpha channel has the shape"
    return MaskError("partly-transparent", message, hint=hint, file=file)


def _from_alpha(alpha: Array) -> str:
    peaks = peaks_of(alpha)
    return (
        f"`alpha: mask` and `threshold: {peaks.threshold}`" if peaks.values > 2 else "`alpha: mask`"
    )


def _free(class_map: ClassMap) -> Colour:
    """A colour that no class has."""
    taken = {BLACK, *class_map.values()}
    return next(one for one in map(unpack, range(1, len(taken) + 2)) if one not in taken)

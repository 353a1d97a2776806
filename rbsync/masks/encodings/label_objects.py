"""Reading the parts of a LabelObject that masks are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.error import MaskError
from rbsync.masks.outlines.fill import Outline

FARTHEST = 1 << 30  # products of two coordinates stay within 64 bits


def category_name(label: dict[str, Any]) -> str:
    """The last part of a label's category path. Raises MaskError."""
    try:
        return str(label["category"][0][-1])
    except (KeyError, IndexError, TypeError):
        shown = label.get("category")
        raise _bad(f'a label has the category {shown!r}, not [["object", NAME]]') from None


def refuse_namesakes(labels: Sequence[dict[str, Any]]) -> None:
    """Raises MaskError when two categories of the labels have one name: a mask has one colour.

    A path may be written from the middle on, as that of a label that was made of a mask is.
    """
    paths: dict[str, list[Any]] = {}
    for label in labels:
        name = category_name(label)
        path = list(label["category"][0])
        known = paths.setdefault(name, path)
        # "tumor" below "liver" and "tumor" below "lung" would get one colour, and nobody could take
        # them apart again.
        if not _may_be_one(known, path):
            shown = " and ".join("/".join(map(str, one)) for one in (known, path))
            hint = "give one of the two another name, or export the labels themselves"
            message = f"labels of two categories have the name {name!r}: {shown}"
            raise MaskError("ambiguous-category", message, hint=hint)


def _may_be_one(one: list[Any], other: list[Any]) -> bool:
    """Tells whether two paths end alike, as far as the shorter one tells.

    All begin with the root.
    """
    length = max(1, min(len(one), len(other)) - 1)
    return one[-length:] == other[-length:]


def category_value(label: dict[str, Any], values: Mapping[str, int]) -> int:
    """The class value of a label. Raises MaskError for a category without one."""
    name = category_name(label)
    if name not in values:
        raise MaskError(
            "unknown-category",
            f"a label has the category {name!r}, which the class map lacks",
            hint="add the category and its colour to the class map",
        )
    return values[name]


def image_size(
    labels: Sequence[dict[str, Any]], given: Sequence[int] | None, max_pixels: int
) -> tuple[int, int]:
    """The one (width, height) of all labels. Raises MaskError for none, several, or too large."""
    sizes = {_size(label) for label in labels}
    if given is not None:
        sizes.add(_given_size(given))
    if not sizes:
        raise _bad("there is no pixel label to take the size of the picture from", "imagesize")
    if len(sizes) > 1:
        shown = ", ".join(f"{width} x {height}" for width, height in sorted(sizes))
        raise _bad(f"labels of one picture have different sizes: {shown}")
    width, height = sizes.pop()
    if width * height > max_pixels:
        raise MaskError(
            "too-large",
            f"the labels' picture has {width} x {height} = {width * height:,} pixels, "
            f"more than the limit of {max_pixels:,}; it was not drawn",
            hint="if the picture is meant to be that large, raise max_pixels",
        )
    return width, height


def _size(label: dict[str, Any]) -> tuple[int, int]:
    try:
        return _two_lengths(label["pixel"]["imagesize"])
    except (KeyError, TypeError, ValueError, OverflowError):
        message = "a label has no imagesize [width, height] of two positive numbers"
        raise _bad(message) from None


def _given_size(given: Sequence[int]) -> tuple[int, int]:
    try:
        return _two_lengths(given)
    except (TypeError, ValueError, OverflowError):
        raise MaskError(
            "imagesize",
            f"the imagesize {given!r} is not (width, height)",
            hint="give two positive numbers",
        ) from None


def _two_lengths(numbers: Iterable[Any]) -> tuple[int, int]:
    """Raises ValueError and others for what is not two positive numbers."""
    width, height = (round(float(number)) for number in numbers)
    if width < 1 or height < 1:
        raise ValueError
    return width, height


def instance_id(label: dict[str, Any]) -> int | None:
    """The value of a label in its label map, None without one. Raises MaskError."""
    dicom = label.get("dicom")
    value = dicom.get("instanceid") if isinstance(dicom, Mapping) else None
    if value is None:
        return None
    try:
        number = int(value)
        # JSON of other programs has 3.0 for 3. 3.5 is no voxel's value, and cutting it off would
        # draw another structure.
        if isinstance(value, float) and number != value:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise _bad(f"a label has the instanceid {value!r}, not a whole number") from None
    return number


def outline_of(label: dict[str, Any]) -> Outline:
    """The regions and holes of a label's ``pixel``. Raises MaskError."""
    pixel = label["pixel"]
    regions, holes = pixel.get("regions") or [], pixel.get("holes") or []
    try:
        # Other tools leave empty rings behind.
        signed = [(ring, 1) for ring in regions if ring] + [(ring, -1) for ring in holes if ring]
        counts = np.array([len(ring) for ring, _ in signed], np.int64)
        corners = [corner for ring, _ in signed for corner in ring]
        if set(map(len, corners)) - {2}:
            raise TypeError
        numbers = np.fromiter(chain.from_iterable(corners), np.float64, 2 * len(corners))
    except (TypeError, ValueError):
        raise _bad("a ring is not a list of [x, y]") from None
    signs = np.array([sign for _, sign in signed], np.int64)
    return Outline(_on_grid(numbers.reshape(-1, 2)), counts, signs)


def _on_grid(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    # Exports of the service write 12.0. A corner at 12.5 is of a polygon, not of pixels, and
    # rounding it would change the mask.
    whole = np.rint(corners)
    wrong = ~(whole == corners) | ~(np.abs(corners) <= FARTHEST)
    if wrong.any():
        x, y = corners[wrong.any(axis=1)][0]
        raise _bad(f"a ring has the corner [{x:g}, {y:g}], which is not on the pixel grid")
    return whole.astype(np.int64)


def _bad(message: str, argument: str = "") -> MaskError:
    hint = f"give {argument}" if argument else "export the labels again, or correct the file"
    return MaskError("label", message, hint=hint)

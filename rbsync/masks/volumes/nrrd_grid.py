"""The header of an NRRD file: its fields, and the grid that they say.

Source: "Definition of NRRD File Format", section 5 (space and orientation).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np

from rbsync.masks.nifti.header import Grid

MAGIC = b"NRRD000"

MOST_HEADER = 1 << 20
_MOST_AXES = 16
"""As many as the format allows."""

MOST_DIGITS = 18

# Signs of x, y and z that lead to right, anterior, superior, as NIfTI has it.
_SPACES = {
    "right-anterior-superior": (1, 1, 1), "ras": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1), "las": (-1, 1, 1),
    "left-posterior-superior": (-1, -1, 1), "lps": (-1, -1, 1),
}  # fmt: skip


def grid_of(fields: Mapping[str, str]) -> Grid | None:
    """The grid that the fields of a header say; None where they do not say it.

    Axes that are none of space, such as the channels of colours, are left out.
    """
    sizes = sizes_of(fields)
    vectors = _vectors(fields.get("space directions", ""))
    if not sizes:
        return None
    if len(vectors) != len(sizes):
        return Grid(tuple(sizes), None)
    lying = [(size, one) for size, one in zip(sizes, vectors, strict=True) if one is not None]
    shape = tuple(size for size, _ in lying)
    signs = _SPACES.get(fields.get("space", "").lower())
    origin = _vectors(fields.get("space origin", ""))
    if signs is None or len(lying) != 3 or len(origin) != 1 or origin[0] is None:
        return Grid(shape, None)
    columns = [one for _, one in lying if one is not None]
    affine = np.array([*columns, origin[0]], np.float64).T * np.array(signs)[:, None]
    return Grid(shape, affine)


def sizes_of(fields: Mapping[str, str]) -> list[int]:
    """The sizes of the axes; empty where they are not such as a file may have."""
    texts = fields.get("sizes", "").split()
    # Python refuses to read numbers of thousands of digits, with an error of its own.
    if len(texts) > _MOST_AXES or max(map(len, texts), default=0) > MOST_DIGITS:
        return []
    return [int(one) for one in texts if one.isdecimal()]


def fields_of(head: bytes) -> dict[str, str]:
    """The fields in the first bytes of a file, their names in small letters."""
    head = head[:MOST_HEADER]
    lines = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0].decode("latin-1").splitlines()
    found = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon and not line.startswith("#"):
            found[name.strip().lower()] = value.strip()
    return found


def _vectors(text: str) -> list[tuple[float, ...] | None]:
    """Vectors of three numbers in brackets, None for ``none``; empty where one is not such."""
    found: list[tuple[float, ...] | None] = []
    # A bracket that opens within brackets ends the search from there: thousands of them would be
    # searched from each.
    for one in re.findall(r"none|\([^()]*\)", text):
        try:
            numbers = tuple(map(float, one[1:-1].split(","))) if one != "none" else None
        except ValueError:
            return []
        if numbers is not None and (len(numbers) != 3 or not all(map(math.isfinite, numbers))):
            return []
        found.append(numbers)
    return found

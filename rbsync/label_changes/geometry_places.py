"""The place of a label: what kind of thing it is, and how far it reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import dist
from typing import Any, NamedTuple

Label = Mapping[str, Any]

KINDS = {
    "bbox2d": "box",
    "polygon": "polygon",
    "polyline": "line",
    "point": "point",
    "ellipse": "ellipse",
    "pixel": "mask",
    "point3d": "3D point",
    "cuboid": "cuboid",
    "length3d": "length",
    "angle3d": "angle",
    "dicom": "segment",
}
"""The members of a label that are geometries, and the words for them."""

OTHER = "label"
_IN_FRACTIONS = frozenset({"bbox2d", "polygon", "polyline", "point", "ellipse"})


class Place(NamedTuple):
    """The box around a geometry: its lowest and its highest corner, in two or three dimensions."""

    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def middle(self) -> tuple[float, ...]:
        return tuple((one + other) / 2 for one, other in zip(self.low, self.high, strict=True))

    def meets(self, other: Place) -> bool:
        """Tells whether two boxes have a point in common."""
        sides = zip(self.low, self.high, other.low, other.high, strict=True)
        return all(low <= far and near <= high for low, high, near, far in sides)

    def distance(self, other: Place, size: Sequence[float] = ()) -> float:
        """The distance of one middle from the other; ``size`` are the lengths of the picture."""
        scale = size or (1.0,) * len(self.low)
        here, there = (
            [at * length for at, length in zip(one.middle, scale, strict=False)]
            for one in (self, other)
        )
        return dist(here, there)


def member_of(label: Label) -> str:
    """The member that is a label's geometry; empty where it has none."""
    return next((one for one in KINDS if label.get(one) is not None), "")


def is_in_fractions(label: Label) -> bool:
    """Tells whether a label's places are fractions of its picture."""
    return member_of(label) in _IN_FRACTIONS


def place_of(label: Label) -> Place | None:
    """The place of a label; None for one that has none, or one that cannot be read."""
    member = member_of(label)
    try:
        points = list(_points(member, label[member])) if member else []
        dimensions = {len(one) for one in points}
        if len(dimensions) != 1:
            return None
        return Place(
            tuple(min(axis) for axis in zip(*points, strict=True)),
            tuple(max(axis) for axis in zip(*points, strict=True)),
        )
    # Labels of others may lack members; one bad label must not end the comparison of all others.
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _points(member: str, shape: Any) -> Iterator[tuple[float, ...]]:
    match member:
        case "bbox2d":
            x, y = float(shape["xnorm"]), float(shape["ynorm"])
            yield x, y
            yield x + shape["wnorm"], y + shape["hnorm"]
        case "polygon" | "polyline":
            yield from ((float(one["xnorm"]), float(one["ynorm"])) for one in shape)
        case "point":
            yield float(shape["xnorm"]), float(shape["ynorm"])
        case "ellipse":
            x, y = float(shape["xcenternorm"]), float(shape["ycenternorm"])
            yield x - shape["xnorm"], y - shape["ynorm"]
            yield x + shape["xnorm"], y + shape["ynorm"]
        case "pixel":
            yield from ((float(x), float(y)) for ring in shape["regions"] for x, y in ring)
        case "point3d":
            yield float(shape["pointx"]), float(shape["pointy"]), float(shape["pointz"])
        case "cuboid" | "length3d" | "angle3d":
            yield from map(_corner, (shape[one] for one in sorted(shape) if "point" in one))
        case _:
            # A structure of a label map has its place in there.
            return


def _corner(point: Any) -> tuple[float, ...]:
    found = point.get("point", point) if isinstance(point, dict) else point
    if isinstance(found, dict):
        return tuple(float(found[one]) for one in ("pointx", "pointy", "pointz"))
    return tuple(map(float, found))

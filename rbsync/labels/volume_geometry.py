"""The geometries of the present service in a volume, checked lightly.

Source of the shapes: labels as the public SDK 2.35.4 reads and writes them. Their coordinates
are voxels and millimetres, which nothing here can compare with a scan.
"""

from __future__ import annotations

from collections.abc import Sequence

from rbsync.labels.problem import FINE, Check, LabelProblem
from rbsync.labels.records import list_of, missing, record
from rbsync.labels.scalars import finite, whole, wrong_type

LARGEST_INSTANCE = 65535
"""An instance is a voxel's value in a label map of 16 bits."""

point3d = record(
    {"pointx": finite, "pointy": finite, "pointz": finite},
    {
        "computedpointworld": lambda _: FINE,
    },
)
dicom = record(
    {"instanceid": whole(1, LARGEST_INSTANCE)},
    {"groupids": list_of(whole(1, LARGEST_INSTANCE), "group ids")},
)


def _with(*required: str) -> Check:
    def check(value: object) -> Sequence[LabelProblem]:
        if not isinstance(value, dict):
            return wrong_type(value, "an object with " + ", ".join(required))
        return [missing(key) for key in required if value.get(key) is None] or FINE

    return check


VOLUME: dict[str, Check] = {
    "point3d": point3d,
    "cuboid": _with("point1", "point2"),
    "length3d": _with("point1", "point2"),
    "angle3d": _with("point1", "point2", "point3"),
    "dicom": dicom,
}

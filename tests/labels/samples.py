"""One good label of every kind, and of what else a label may have."""

from __future__ import annotations

from typing import Any

CAR = [["object", "car"]]
SHAPES: dict[str, Any] = {
    "bbox2d": {"xnorm": 0.1, "ynorm": 0.2, "wnorm": 0.3, "hnorm": 0.4},
    "polygon": [{"xnorm": 0, "ynorm": 0}, {"xnorm": 1, "ynorm": 0}, {"xnorm": 0.5, "ynorm": 1.0}],
    "polyline": [{"xnorm": 0.25, "ynorm": 0.5}, {"xnorm": 0.75, "ynorm": 0.5}],
    "point": {"xnorm": 0.5, "ynorm": 0.5},
    "ellipse": {"xcenternorm": 0.5, "ycenternorm": 0.5, "xnorm": 0.2, "ynorm": 0.1, "rot": 3.14},
    "pixel": {
        "imagesize": [8, 6],
        "regions": [[[0, 0], [8, 0], [8, 6], [0, 6]]],
        "holes": [[[1, 1], [1, 2], [2, 2], [1, 1]]],
    },
    "point3d": {"pointx": 1, "pointy": 2, "pointz": 3.5},
    "cuboid": {"point1": {"pointx": 1}, "point2": {"pointx": 2}},
    "length3d": {"point1": {}, "point2": {}, "computedlength": 12.5},
    "angle3d": {"point1": {}, "point2": {}, "point3": {}},
    "dicom": {"instanceid": 3, "groupids": [5, 6]},
    "taskclassify": True,
    "tasklevelclassify": True,
    "frameclassify": True,
    "studyclassify": True,
    "multiclassify": True,
    "seriesclassify": True,
    "instanceclassify": True,
}
FRAME = {"frameindex": 4, "trackid": "t1", "keyframe": True, "end": False}
OTHERS: dict[str, Any] = {
    "attributes": [
        {"name": "occluded", "value": True},
        {"name": "count", "value": 2, "attrid": 0},
        {"name": "tags", "value": ["a", "b"], "optionid": [0, 1]},
    ],
    "ocrvalue": "",
    "classid": 0,
    "volumeindex": 0,
    "globalitemsindex": 1,
    "seriesframeindex": 2,
    "linkid": "l",
    "readonly": False,
    "stats": {},
}
NULLS = dict.fromkeys([*SHAPES, *FRAME, *OTHERS])


def label(kind: str, **members: Any) -> dict[str, Any]:
    """A good label of a kind, with further members."""
    return {"category": CAR, kind: SHAPES[kind], **members}


def bbox(**members: Any) -> dict[str, Any]:
    """A label with a box, some of whose members are others."""
    return {"category": CAR, "bbox2d": {**SHAPES["bbox2d"], **members}}

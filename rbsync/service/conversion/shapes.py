"""The annotations of a series, each as the label that it becomes.

Source: what the public SDK 2.35.4 exports labels as, read the other way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rbsync.labels import Taxonomy
from rbsync.service.conversion.annotation_class import attributes_of, category_of
from rbsync.service.conversion.import_problem import members, objects, refuse

Made = dict[str, Any]
_VIDEO = {
    "trackId": "trackid",
    "frameIndex": "frameindex",
    "keyFrame": "keyframe",
    "endTrack": "end",
}


def _point(value: Mapping[str, Any]) -> Made:
    return {"xnorm": value["xNorm"], "ynorm": value["yNorm"]}


def _points(one: Mapping[str, Any]) -> list[Made]:
    return [_point(value) for value in one["points"]]


def _box(one: Mapping[str, Any]) -> Made:
    return {**_point(one["pointTopLeft"]), "wnorm": one["wNorm"], "hnorm": one["hNorm"]}


def _ellipse(one: Mapping[str, Any]) -> Made:
    center = one["pointCenter"]
    return {
        "xcenternorm": center["xNorm"],
        "ycenternorm": center["yNorm"],
        "xnorm": one["xRadiusNorm"],
        "ynorm": one["yRadiusNorm"],
        "rot": one["rotationRad"],
    }


def _voxel(one: Mapping[str, Any]) -> Made:
    voxel = one["point"]
    made: Made = {"pointx": voxel["i"], "pointy": voxel["j"], "pointz": voxel["k"]}
    if world := one.get("absolutePoint"):
        made["computedpointworld"] = [world["x"], world["y"], world["z"]]
    return made


SHAPES: dict[str, Callable[[Mapping[str, Any]], Made]] = {
    "boundingBoxes": lambda one: {"bbox2d": _box(one)},
    "classifications": lambda _: {"seriesclassify": True},
    "ellipses": lambda one: {"ellipse": _ellipse(one)},
    "instanceClassifications": lambda one: {
        "instanceclassify": True,
        "frameindex": one["fileIndex"],
    },
    "landmarks": lambda one: {"point": _point(one["point"])},
    "landmarks3d": lambda one: {"point3d": _voxel(one)},
    "polygons": lambda one: {"polygon": _points(one)},
    "polylines": lambda one: {"polyline": _points(one)},
}


def shape_labels(key: str, value: Any, place: str, taxonomy: Taxonomy) -> list[Made]:
    """The labels of one member of a series. Raises NotConvertibleError."""
    return [
        {**_meaning(one, f"{place}[{at}]", taxonomy), **_geometry(key, one, f"{place}[{at}]")}
        for at, one in enumerate(objects(value, place))
    ]


def classification_labels(value: Any, place: str) -> list[Made]:
    """The label of a classification of the whole task."""
    given = members(value, place)
    if not given:
        return []
    attributes = attributes_of(given.get("attributes"), f"{place}.attributes")
    return [{"studyclassify": True, "attributes": attributes}]


def _geometry(key: str, one: Mapping[str, Any], place: str) -> Made:
    try:
        made = SHAPES[key](one)
    except (KeyError, TypeError) as error:
        refuse(place, f"lacks {error}")
    video = members(one.get("video"), f"{place}.video")
    return made | {name: video[given] for given, name in _VIDEO.items() if given in video}


def _meaning(one: Mapping[str, Any], place: str, taxonomy: Taxonomy) -> Made:
    given = one.get("attributes", one.get("values"))
    made: Made = {"attributes": attributes_of(given, f"{place}.attributes")}
    if one.get("category") is not None:
        made["category"] = category_of(one["category"], place, taxonomy)
    if one.get("id"):
        made["labelid"] = one["id"]
    return made

"""One task: the items of its series in one list, its segmentations as labels and label maps.

Source: what the public SDK 2.35.4 exports labels as, read the other way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rbsync.labels.taxonomy import Taxonomy
from rbsync.service.conversion.import_problem import members, objects, refuse, strings
from rbsync.shapes.guards import is_whole

Made = dict[str, Any]
ROOT = "object"
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


LARGEST = 65535


def instance_labels(
    by_instance: dict[str, Any], place: str, taxonomy: Taxonomy
) -> list[dict[str, Any]]:
    """A label for each instance, in the order of the map. Raises NotConvertibleError."""
    return [
        _label(_number(key, place), value, f"{place}.{key}", taxonomy)
        for key, value in by_instance.items()
    ]


def instance_masks(by_instance: dict[str, Any]) -> dict[str, str]:
    """The files that hold one instance each, by the instance."""
    return {
        key: value["mask"]
        for key, value in by_instance.items()
        if isinstance(value, dict) and value.get("mask")
    }


def _number(key: str, place: str) -> int:
    # `isdigit` alone is true of "²".
    if not key.isascii() or not key.isdigit() or not 1 <= int(key) <= LARGEST:
        refuse(place, f'"{key}" is not a voxel value from 1 to {LARGEST}')
    return int(key)


def _label(number: int, value: Any, place: str, taxonomy: Taxonomy) -> dict[str, Any]:
    given = value if isinstance(value, dict) else {"category": value}
    dicom: dict[str, Any] = {"instanceid": number}
    groups = given.get("overlappingGroups")
    if groups:
        dicom["groupids"] = groups
    label = {
        "category": category_of(given.get("category"), place, taxonomy),
        "attributes": attributes_of(given.get("attributes"), f"{place}.attributes"),
        "dicom": dicom,
    }
    if given.get("id"):
        label["labelid"] = given["id"]
    if given.get("readOnly"):
        label["readonly"] = True
    return label


_KEPT = ("name", "dataType", "metaData", "imageHeaders", "numFrames")
_MASK_FORMS = ("binaryMask", "semanticMask", "pngMask")
_PLAIN = {*_KEPT, *_MASK_FORMS, "items", "segmentations", "segmentMap"}
_TO_LISTS = {"heatMaps", "transforms", "centerline"}


@dataclass
class Flat:
    """The sum of the series of a task."""

    items: list[str] = field(default_factory=list)
    series_info: list[dict[str, Any]] = field(default_factory=list)
    labels: list[dict[str, Any]] = field(default_factory=list)
    labels_map: list[dict[str, Any]] = field(default_factory=list)
    beside: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        made: dict[str, Any] = {"items": self.items, "seriesInfo": self.series_info}
        if self.labels:
            made["labels"] = self.labels
        if self.labels_map:
            made["labelsMap"] = self.labels_map
        return {**made, **self.beside}


def add_series(flat: Flat, series: dict[str, Any], place: str, taxonomy: Taxonomy) -> None:
    """Adds a series to those before it. Raises NotConvertibleError."""
    # What is not converted is refused by name. Left out silently, the labels of a whole series
    # would be gone.
    for key in sorted(series.keys() - _PLAIN - _TO_LISTS - SHAPES.keys()):
        if series[key]:
            refuse(f"{place}.{key}", "is not converted here; give the task in the flat form")
    number = len(flat.series_info)
    items = strings(series.get("items"), f"{place}.items")
    info = {key: series[key] for key in (*_KEPT, *_MASK_FORMS) if series.get(key) is not None}
    info["itemsIndices"] = list(range(len(flat.items), len(flat.items) + len(items)))
    flat.items += items
    flat.series_info.append(info)
    _add_segments(flat, series, number, place, taxonomy)
    for key in sorted(SHAPES.keys() & series.keys()):
        labels = shape_labels(key, series[key], f"{place}.{key}", taxonomy)
        flat.labels += [{**label, "volumeindex": number} for label in labels]
    for key in sorted(_TO_LISTS & series.keys()):
        _add_beside(flat, key, series[key], number, place)


def _add_segments(
    flat: Flat, series: dict[str, Any], number: int, place: str, taxonomy: Taxonomy
) -> None:
    by_instance = members(series.get("segmentMap"), f"{place}.segmentMap")
    # Series by series: the value 1 means one thing in this and another in the next.
    labels = instance_labels(by_instance, f"{place}.segmentMap", taxonomy)
    flat.labels += [{**label, "volumeindex": number} for label in labels]
    masks = instance_masks(by_instance)
    if masks:
        flat.series_info[number]["masks"] = masks
    files = series.get("segmentations")
    if files:
        names = strings(files, f"{place}.segmentations")
        flat.labels_map += [{"labelName": name, "seriesIndex": number} for name in names]


def _add_beside(flat: Flat, key: str, value: Any, number: int, place: str) -> None:
    if key == "transforms":
        found = [{"transform": _sixteen(value, f"{place}.{key}")}] if value else []
    else:
        found = objects(value, f"{place}.{key}")
    own = [{**one, "seriesIndex": number} for one in found]
    if own:
        flat.beside.setdefault(key, []).extend(own)


def _sixteen(value: Any, place: str) -> list[float]:
    """The numbers of a 4 by 4 matrix, row by row."""
    rows = value if isinstance(value, list) else [value]
    numbers = [one for row in rows for one in (row if isinstance(row, list) else [row])]
    if len(numbers) != 16 or not all(isinstance(one, int | float) for one in numbers):
        refuse(place, "must be a matrix of 4 by 4 numbers")
    return numbers


_OF_SERIES = {"series", "classification"}


def is_flat(task: Any) -> bool:
    """Tells whether a task is in the flat form already."""
    return isinstance(task, dict) and "series" not in task


def flat_task(task: Any, at: int, taxonomy: Taxonomy) -> dict[str, Any]:
    """A task in the flat form. Raises NotConvertibleError."""
    place = f"task {at}"
    if not isinstance(task, dict):
        refuse(place, "must be an object")
    name = task.get("name")
    if name is not None and (not isinstance(name, str) or not name):
        refuse(place, "its name must be a string that is not empty")
    if is_flat(task):
        strings(task.get("items"), f"{place}.items")
        return task
    flat = Flat()
    for number, series in enumerate(objects(task["series"], f"{place}.series")):
        add_series(flat, series, f"{place}.series[{number}]", taxonomy)
    flat.labels += classification_labels(task.get("classification"), f"{place}.classification")
    if not flat.items:
        refuse(f"{place}.series", "has no items")
    rest = {key: value for key, value in task.items() if key not in _OF_SERIES}
    return {**rest, **flat.as_json()}


def category_of(category: Any, place: str, taxonomy: Taxonomy) -> list[list[str]]:
    """The category of a label, from a name, a class id or a path. Raises NotConvertibleError."""
    if is_whole(category):
        names = [one.name for one in taxonomy.walk() if one.class_id == category]
        if not names:
            refuse(place, f"the taxonomy has no class {category}")
        return [[ROOT, names[0]]]
    path = [category] if isinstance(category, str) else category
    if not isinstance(path, list) or not path or not all(isinstance(one, str) for one in path):
        refuse(place, "needs a category: a name, a class id or a path")
    # Exports have the root in the path and people leave it out; both mean the same category.
    return [[ROOT, *(path[1:] if path[0] == ROOT and len(path) > 1 else path)]]


def attributes_of(value: Any, place: str) -> list[dict[str, Any]]:
    """The attributes of a label, from such a list or from values by name."""
    if isinstance(value, list):
        return value
    return [{"name": name, "value": one} for name, one in members(value, place).items()]

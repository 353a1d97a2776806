"""A segment map: what the values of the voxels stand for."""

from __future__ import annotations

from typing import Any

from rbsync.labels import Taxonomy
from rbsync.service.conversion.annotation_class import attributes_of, category_of
from rbsync.service.conversion.import_problem import refuse

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

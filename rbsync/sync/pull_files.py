"""The files that say what a datapoint's labels are, as the project has them now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from rbsync.backends.base import TaskContent
from rbsync.files.body import read_whole
from rbsync.files.roots import Roots
from rbsync.labels.check import members
from rbsync.model.datapoint import Item, Labels
from rbsync.model.fingerprint import Algorithm

LIMIT = 1 << 30
_IDS = ("labelid", "classid")
_KNOWN = frozenset(members((), ()))


class NotPulledError(Exception):
    """The reason that a datapoint's labels cannot be written into its files."""


class File(NamedTuple):
    """A file to be written: a path as in the manifest, and its bytes."""

    path: str
    data: bytes


def files_of(
    found: TaskContent, labels: Labels | None, beside: str, roots: Roots, algorithm: Algorithm
) -> list[File]:
    """The files that have to change, so that what they declare is what the project has.

    ``labels`` is what is declared now; ``beside`` the path of a label file that is not there yet,
    empty where none is declared. Raises NotPulledError, and OSError for files that cannot be read.
    """
    if labels is None:
        if not beside:
            raise NotPulledError("the manifest names no file for its labels")
        return [File(beside, _json_text(found, None))]
    if not labels.inputs:
        raise NotPulledError("its labels stand in a list together with others")
    given = [(one, *read_whole(roots, one.ref, algorithm, LIMIT)) for one in labels.inputs]
    # A mask redrawn from half a file would be written back as the whole.
    if any(content != item.content for item, _, content in given):
        raise NotPulledError("its files are being changed right now")
    match labels.kind:
        case "objects":
            ((_, data, _),) = given
            made = [_json_text(found, data)]
        case "mask":
            made = _masks(found, labels, [(item, data) for item, data, _ in given])
        case "segmentation":
            made = _volumes(found, labels, [(item, data) for item, data, _ in given])
        case "kept":
            raise NotPulledError("its labels are those of the history")
    return [
        File(item.ref, data)
        for (item, before, _), data in zip(given, made, strict=True)
        if data != before
    ]


def _json_text(found: TaskContent, before: bytes | None) -> bytes:
    """LabelObjects as people keep them: without what the service adds to every label."""
    if found.maps:
        raise NotPulledError("its labels are a label map, which a JSON file cannot hold")
    had = _ids_in(before)
    kept = [
        {
            key: value
            for key, value in label.items()
            if key in _KNOWN and (key not in _IDS or key in had)
        }
        for label in _objects(found)
    ]
    return (json.dumps(kept, indent=2, ensure_ascii=False) + "\n").encode()


def _ids_in(before: bytes | None) -> frozenset[str]:
    labels = json.loads(before) if before else []
    return frozenset(key for one in labels if isinstance(one, dict) for key in _IDS if key in one)


def _objects(found: TaskContent) -> list[dict[str, Any]]:
    labels = json.loads(found.labels or "[]")
    if not isinstance(labels, list) or not all(isinstance(one, dict) for one in labels):
        raise NotPulledError("its labels are of a form that is not known")
    return labels


def _masks(found: TaskContent, labels: Labels, given: list[tuple[Item, bytes]]) -> list[bytes]:
    from rbsync.mask_formats.base import NotDrawnError
    from rbsync.mask_formats.reading import read_class_index
    from rbsync.mask_formats.recipe import read_recipe
    from rbsync.mask_formats.redrawing import redrawn
    from rbsync.masks.error import MaskError
    from rbsync.masks.label_maps import LabelMap
    from rbsync.masks.png.decoding import Named
    from rbsync.masks.shown import shown_picture

    recipe = read_recipe(labels.inline)
    files = [Named(data, item.ref) for item, data in given]
    objects = _objects(found)
    _refuse_others(objects, "dicom" if found.maps else "pixel")
    try:
        before = read_class_index(recipe, files)
        maps = [LabelMap(one.series, one.read()) for one in found.maps]
        shown = shown_picture(objects, maps, (before.width, before.height), recipe.max_pixels)
        if shown is None:
            raise NotPulledError("its labels are those of a volume, not of a picture")
        return redrawn(recipe, files, shown)
    except (MaskError, NotDrawnError) as why:
        raise NotPulledError(str(why)) from why


def _refuse_others(labels: list[dict[str, Any]], held: str) -> None:
    """A mask holds one class a pixel. What else labels say would be lost without a word."""
    for one in labels:
        if one.get(held) is None:
            raise NotPulledError("a mask cannot hold labels that are no segmentation")
        if one.get("attributes"):
            raise NotPulledError("a mask cannot hold the attributes of its labels")


def _volumes(found: TaskContent, labels: Labels, given: list[tuple[Item, bytes]]) -> list[bytes]:
    from rbsync.masks.error import MaskError
    from rbsync.masks.label_maps import LabelMap, volumes_of
    from rbsync.masks.png.decoding import Named
    from rbsync.masks.volumes.segmentation_recipe import by_series, read_study
    from rbsync.masks.volumes.volume_redrawing import redrawn_volume

    files = [Named(data, item.ref) for item, data in given]
    objects = _objects(found)
    _refuse_others(objects, "dicom")
    made: list[bytes] = []
    try:
        maps = [LabelMap(one.series, one.read()) for one in found.maps]
        volumes = volumes_of(objects, maps)
        for one, own in by_series(read_study(labels.inline), files):
            if len(own) != 1:
                raise NotPulledError("a series has several segmentation files")
            if one.is_binary:
                raise NotPulledError("its segmentations are files of one structure each")
            shown = volumes.get(one.series)
            made.append(redrawn_volume(own[0], one.segment_map, shown, one.turn))
        _refuse_unread(volumes, [one.series for one in read_study(labels.inline)])
    except MaskError as why:
        raise NotPulledError(str(why)) from why
    return made


def _refuse_unread(volumes: Mapping[int, object], declared: list[int]) -> None:
    for series in volumes:
        if series not in declared:
            raise NotPulledError(f"the series {series} has no segmentation file")

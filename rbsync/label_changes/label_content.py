"""The content of labels, in a form in which two of them can be compared, and the comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.label_changes.change_kinds import ClassChange, LabelChanges, ObjectChange, Unit
from rbsync.label_changes.grids import compared, counted
from rbsync.label_changes.object_pairs import Size, objects_changed
from rbsync.label_changes.pairing import category_of, is_reordered
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.classes.colour_table import index_type
from rbsync.masks.encodings.label_objects import category_name, image_size, outline_of
from rbsync.masks.encodings.pixel import flat_index
from rbsync.masks.label_maps import LabelMap, picture_of, volumes_of
from rbsync.masks.outlines.fill import paint_each
from rbsync.masks.png.decoding import MAX_PIXELS
from rbsync.masks.volumes.label_volume import LabelVolume

Array = npt.NDArray[Any]
Label = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LabelContent:
    """The content: LabelObjects, a picture of classes, label maps by series, or several."""

    objects: tuple[Label, ...] = ()
    picture: ClassIndex | None = None
    volumes: Mapping[int, LabelVolume] = field(default_factory=dict)


def content_of(labels: Sequence[Label], maps: Sequence[LabelMap] = ()) -> LabelContent:
    """The content of labels with their label maps. Raises MaskError for maps that are none."""
    if not maps:
        return LabelContent(tuple(labels))
    volumes = volumes_of(labels, maps)
    objects = tuple(one for one in labels if one.get("dicom") is None)
    picture = picture_of(volumes)
    return LabelContent(objects, picture) if picture else LabelContent(objects, None, volumes)


def compare(before: LabelContent, after: LabelContent, size: Size | None = None) -> LabelChanges:
    """Says in what two contents differ; ``size`` is that of the picture, where it is known.

    Raises MaskError for outlines that cannot be drawn.
    """
    own = _objects(before, after)
    told = _told_by_class(*own)
    objects = tuple(one for one in objects_changed(*own, size) if not told(one))
    if before.volumes or after.volumes:
        return _of_volumes(before, after, objects)
    # Drawn once, where to compare class by class takes a canvas for each of them.
    classes, resized = _of_pictures(*as_pictures(before, after))
    is_same = not (classes or objects or resized)
    is_drawn = before.picture is not None or after.picture is not None
    reordered = is_same and not is_drawn and is_reordered(before.objects, after.objects)
    return LabelChanges(classes, "px", objects, resized, reordered)


def _objects(before: LabelContent, after: LabelContent) -> tuple[list[Label], list[Label]]:
    """The labels that are compared one by one."""
    # A mask is one label a class, whatever was drawn by hand on the other side.
    drawn = before.picture is not None or after.picture is not None
    own = [
        [one for one in each.objects if not (drawn and one.get("pixel") is not None)]
        for each in (before, after)
    ]
    return own[0], own[1]


def _told_by_class(
    before: Sequence[Label], after: Sequence[Label]
) -> Callable[[ObjectChange], bool]:
    """Tells whether an object is the only mask of its class, whose pixels are counted."""
    many = {
        category
        for each in (before, after)
        for category, number in Counter(
            category_of(one) for one in each if one.get("pixel") is not None
        ).items()
        if number > 1
    }
    return lambda one: one.kind == "mask" and one.verb != "changed" and one.category not in many


def as_pictures(before: LabelContent, after: LabelContent) -> tuple[LabelContent, LabelContent]:
    """Both contents; where one is a picture, the other's outlines are drawn as one too.

    Outlines that overlap, or of another size, stay: in one picture the lower would be hidden.
    Raises MaskError for outlines that cannot be drawn.
    """
    if (before.picture is None) == (after.picture is None):
        return before, after
    if before.picture is None:
        return _as_picture(before, after), after
    return before, _as_picture(after, before)


def _as_picture(content: LabelContent, like: LabelContent) -> LabelContent:
    if _size(content, _outlines(content)) != _size(like, {}):
        return content
    index = flat_index(content.objects)
    rest = tuple(one for one in content.objects if one.get("pixel") is None)
    return replace(content, objects=rest, picture=index) if index else content


def _of_pictures(before: LabelContent, after: LabelContent) -> tuple[tuple[ClassChange, ...], str]:
    if before.picture is not None and after.picture is not None:
        return _of_indices(before.picture, after.picture)
    old, new = _outlines(before), _outlines(after)
    names = sorted({*_names(before, old), *_names(after, new)})
    sizes = [one for one in (_size(before, old), _size(after, new)) if one]
    # Outlines drawn on canvases of two sizes would differ in all that is the same.
    if len(set(sizes)) > 1:
        return (), _resized(*((one[1], one[0]) for one in sizes))
    found: list[ClassChange] = []
    for name in names:
        # Drawing costs a canvas a class; most classes of an edited picture are as they were.
        if before.picture is None and after.picture is None and old.get(name) == new.get(name):
            continue
        one, other = (
            _drawn(each, own.get(name, []), name, sizes[0])
            for each, own in ((before, old), (after, new))
        )
        found += compared(one[None], other[None], [name])
    return tuple(found), ""


def _outlines(content: LabelContent) -> dict[str, list[Label]]:
    found: dict[str, list[Label]] = {}
    for label in content.objects:
        if label.get("pixel") is not None:
            found.setdefault(category_name(label), []).append(label)
    return found


def _names(content: LabelContent, outlines: Mapping[str, Any]) -> Iterator[str]:
    yield from outlines
    if content.picture is not None:
        yield from content.picture.names


def _size(content: LabelContent, outlines: Mapping[str, list[Label]]) -> tuple[int, int] | None:
    """(height, width) of what is drawn, None for nothing."""
    if content.picture is not None:
        return content.picture.height, content.picture.width
    drawn = [one for group in outlines.values() for one in group]
    if not drawn:
        return None
    width, height = image_size(drawn, None, MAX_PIXELS)
    return height, width


def _drawn(
    content: LabelContent, outlines: Sequence[Label], name: str, size: tuple[int, int]
) -> Array:
    """The pixels of one class (height, width) of uint8."""
    canvas = np.zeros(size, np.uint8)
    picture = content.picture
    if picture is not None and name in picture.names:
        found: Array = picture.pixels == picture.names.index(name) + 1
        return found.view(np.uint8)
    # Two objects of one class may overlap, and each is drawn by itself.
    paint_each(canvas, ((1, outline_of(label)) for label in outlines))
    return canvas


def _of_indices(before: ClassIndex, after: ClassIndex) -> tuple[tuple[ClassChange, ...], str]:
    names = before.names
    old, new = before.pixels, after.pixels
    if names != after.names:
        # A class may have another number in each picture: equal pixels would differ.
        names = tuple(dict.fromkeys((*before.names, *after.names)))
        old, new = (_renumbered(one, names) for one in (before, after))
    if old.shape != new.shape:
        return counted(old[None], new[None], names), _resized(
            (before.width, before.height), (after.width, after.height)
        )
    return compared(old[None], new[None], names), ""


def _renumbered(index: ClassIndex, names: Sequence[str]) -> Array:
    table = np.zeros(len(index.names) + 1, index_type(len(names)))
    table[1:] = [names.index(one) + 1 for one in index.names]
    return table[index.pixels]


def _resized(before: Sequence[int], after: Sequence[int]) -> str:
    shown = [" x ".join(map(str, one)) for one in (before, after)]
    return f"{shown[0]} to {shown[1]}"


def _of_volumes(
    before: LabelContent, after: LabelContent, objects: tuple[Any, ...]
) -> LabelChanges:
    classes: list[ClassChange] = []
    resized = ""
    for series in sorted({*before.volumes, *after.volumes}):
        found, other = _of_series(before.volumes.get(series), after.volumes.get(series))
        classes += found
        resized = resized or other
    unit: Unit = "voxels"
    return LabelChanges(tuple(classes), unit, objects, resized)


def _of_series(
    before: LabelVolume | None, after: LabelVolume | None
) -> tuple[tuple[ClassChange, ...], str]:
    given = [one for one in (before, after) if one is not None]
    names = sorted({name for one in given for name in one.names.values()})
    old, new = (_classes(one, names, given[0]) for one in (before, after))
    if old.shape != new.shape:
        return counted(old, new, names), _resized(old.shape[::-1], new.shape[::-1])
    # The tolerance is for affines that went through a NIfTI header's 32-bit numbers.
    if len(given) == 2 and not np.allclose(given[0].affine, given[1].affine, rtol=1e-4, atol=1e-3):
        return counted(old, new, names), "it lies elsewhere in the world"
    return compared(old, new, names), ""


def _classes(volume: LabelVolume | None, names: Sequence[str], like: LabelVolume) -> Array:
    """The classes of the voxels (z, y, x), in the numbers of the names."""
    if volume is None:
        return np.zeros(like.voxels.shape[::-1], index_type(len(names)))
    largest = max(volume.names, default=0)
    table = np.zeros(largest + 1, index_type(len(names)))
    for value, name in volume.names.items():
        table[value] = names.index(name) + 1
    return table[volume.voxels.T]

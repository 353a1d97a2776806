"""Masks and segmentations as the labels that are sent."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Literal, assert_never

from rbsync.backends.base import LabelFile, LabelText
from rbsync.files.body import read_whole
from rbsync.files.roots import Roots
from rbsync.mask_formats.reading import read_class_index
from rbsync.mask_formats.recipe import read_recipe
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.encodings.label_map import label_map_of
from rbsync.masks.encodings.pixel import pixel_text
from rbsync.masks.error import MaskError
from rbsync.masks.png.decoding import Named
from rbsync.masks.volumes.segmentation_recipe import by_series, check_turned, read_study
from rbsync.model.datapoint import Encoding, Labels
from rbsync.model.fingerprint import Algorithm

LIMIT = 1 << 30
NOTHING = LabelText("[]", 0)


def mask_text(
    roots: Roots, labels: Labels, algorithm: Algorithm, preferred: Literal["pixel", "nifti"]
) -> tuple[LabelText, str]:
    """The LabelObjects of a mask, and the content identities of its files, parted by a space.

    ``preferred`` is the encoding of masks that leave it open. The text is empty when the files
    are not the planned ones any more. Raises OSError, MaskError.
    """
    files, contents = read_label_files(roots, labels, algorithm)
    if files is None:
        return NOTHING, contents
    index = read_class_index(read_recipe(labels.inline), files)
    return encoded(index, labels.encoding, preferred), contents


def encoded(
    index: ClassIndex, encoding: Encoding, preferred: Literal["pixel", "nifti"]
) -> LabelText:
    """A mask in its encoding; outlines where a label map is only preferred and cannot hold it.

    Raises MaskError for one that has to be a label map and cannot.
    """
    match encoding:
        case "pixel":
            return _outlines(index)
        case "nifti":
            return _label_map(index)
        case "auto":
            return _preferred(index, preferred)
        case never:
            assert_never(never)


def _preferred(index: ClassIndex, preferred: Literal["pixel", "nifti"]) -> LabelText:
    match preferred:
        case "pixel":
            return _outlines(index)
        case "nifti":
            # The backend only prefers label maps. A mask with more classes than a label map can
            # number is still sent, as outlines, unless the manifest insists.
            with suppress(MaskError):
                return _label_map(index)
            return _outlines(index)
        case never:
            assert_never(never)


def _outlines(index: ClassIndex) -> LabelText:
    text, categories = pixel_text(index)
    return LabelText(text.decode(), len(categories), categories)


def _label_map(index: ClassIndex) -> LabelText:
    data, labels = label_map_of(index)
    return LabelText(_compact(labels), len(labels), files=(LabelFile(0, data),))


def segmentation_text(roots: Roots, labels: Labels, algorithm: Algorithm) -> tuple[LabelText, str]:
    """The LabelObjects and label maps of a study. As `mask_text`."""
    files, contents = read_label_files(roots, labels, algorithm)
    if files is None:
        return NOTHING, contents
    made, maps = [], []
    for one, own in by_series(read_study(labels.inline), files):
        checked = check_turned(own, one)
        if checked.volume is None:
            raise checked.problems[0]
        if checked.volume.names:
            made += checked.volume.labels(one.series)
            maps.append(LabelFile(one.series, checked.data()))
    return LabelText(_compact(made), len(made), files=tuple(maps)), contents


def read_label_files(
    roots: Roots, labels: Labels, algorithm: Algorithm
) -> tuple[list[Named] | None, str]:
    """The files, None when one is not the planned one any more, and their content identities."""
    read = [(one, *read_whole(roots, one.ref, algorithm, LIMIT)) for one in labels.inputs]
    contents = " ".join(content for _, _, content in read)
    # All files of a mask are of one moment or it is not sent: a study whose second series was
    # redrawn meanwhile would get labels that never existed together.
    if any(content != item.content for item, _, content in read):
        return None, contents
    return [Named(data, item.ref) for item, data, _ in read], contents


def _compact(labels: list[dict[str, object]]) -> str:
    return json.dumps(labels, separators=(",", ":"), ensure_ascii=False)

"""COCO annotations (polygons, compressed and uncompressed RLE) -> LabelObjects.

Polygons need pycocotools, an extra, which is what defines how they become pixels there.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rbsync.labels.scalars import kind_of, shown
from rbsync.masks.coco.annotation_file import (
    CocoAnnotation,
    CocoFlaw,
    CocoImage,
    bad_annotation,
    read_coco,
)
from rbsync.masks.coco.shapes import decode_rle, draw_polygons
from rbsync.masks.encodings.pixel import Label
from rbsync.masks.error import MaskError, ShapeError
from rbsync.masks.outlines.tracing import trace
from rbsync.masks.png.decoding import MAX_PIXELS
from rbsync.shapes.guards import is_number

# No limit is above it: pycocotools counts pixels with 32 bits.
MOST_PIXELS = (1 << 31) - 1


class ImageLabels(NamedTuple):
    """The labels of one image, what each annotation is called, and what is wrong with others."""

    image: CocoImage
    labels: list[Label]
    titles: list[str]
    flaws: list[MaskError]


class CocoLabels(NamedTuple):
    """All images of a file, the flaws of annotations that are of no image, and what is to be told.

    ``crowds`` is how many annotations stand for many things at once, ``unseen`` how many cover no
    pixel and became no label.
    """

    images: list[ImageLabels]
    flaws: list[MaskError]
    crowds: int
    unseen: int


def coco_labels(
    data: Any, *, file: str = "", max_pixels: int = MAX_PIXELS
) -> dict[str, list[Label]]:
    """{image file name: its LabelObjects}, one `pixel` label for each annotation with pixels.

    ``data`` is a parsed annotation file. Every image is in the answer, also without labels.
    Raises MaskError for files of another form, annotations of unknown images or categories, what
    is not in its image, images with annotations of more than ``max_pixels``, and polygons when
    pycocotools is missing.
    """
    found = read_annotations(data, file=file, max_pixels=max_pixels, boxes=False)
    for error in (*found.flaws, *(flaw for one in found.images for flaw in one.flaws)):
        raise error
    return {one.image.file_name: one.labels for one in found.images}


def read_annotations(
    data: Any, *, file: str = "", max_pixels: int = MAX_PIXELS, boxes: bool = True
) -> CocoLabels:
    """As `coco_labels`, but a bad annotation is a flaw of its image, and the others are read.

    With ``boxes`` an annotation that has a bbox alone is a `bbox2d` label.
    """
    coco = read_coco(data, file=file)
    found = {key: ImageLabels(one, [], [], []) for key, one in coco.images.items()}
    lost: list[MaskError] = []
    crowds = unseen = 0
    for one in coco.annotations:
        if isinstance(one, CocoFlaw):
            (found[one.image.id].flaws if one.image else lost).append(one.error)
            continue
        crowds += one.members.get("iscrowd") == 1
        own = found[one.image.id]
        try:
            label = _read(one, min(max_pixels, MOST_PIXELS), file, boxes=boxes)
        except MaskError as error:
            if error.code == "missing-extra":
                raise
            own.flaws.append(error)
            continue
        # A polygon thinner than a pixel covers none, and a label without a region says nothing.
        if label is None:
            unseen += 1
        else:
            own.labels.append(label)
            own.titles.append(one.title)
    return CocoLabels(list(found.values()), lost, crowds, unseen)


def _read(annotation: CocoAnnotation, max_pixels: int, file: str, *, boxes: bool) -> Label | None:
    """The label of an annotation; None for one that covers no pixel."""
    if boxes and not annotation.members.get("segmentation") and "bbox" in annotation.members:
        return _box(annotation, file)
    _refuse_large(annotation, max_pixels, file)
    regions, holes = _rings(_pixels(annotation, file))
    return _label(annotation, regions, holes) if regions else None


def _box(annotation: CocoAnnotation, file: str) -> Label:
    """A box, ``[x, y, width, height]`` in pixels, as fractions of the image."""
    box, image = annotation.members["bbox"], annotation.image
    if not (isinstance(box, list) and len(box) == 4 and all(map(_is_length, box))):
        what = f"has the bbox {shown(box)}, not [x, y, width, height]"
        raise bad_annotation(annotation.title, what, file)
    # What tools draw a little over the edge is cut off there, as it is of polygons.
    left, right = _within(box[0], box[2], image.width)
    top, bottom = _within(box[1], box[3], image.height)
    if not (left < right and top < bottom):
        what = f"has the bbox {shown(box)}, of which nothing lies in its image"
        raise bad_annotation(annotation.title, what, file)
    return {
        "category": [["object", annotation.category]],
        "attributes": [],
        "bbox2d": {"xnorm": left, "ynorm": top, "wnorm": right - left, "hnorm": bottom - top},
    }


def _is_length(value: object) -> bool:
    # NaN is within no bounds, and neither is a number of hundreds of digits.
    return is_number(value) and -MOST_PIXELS <= value <= MOST_PIXELS


def _within(start: float, length: float, whole: int) -> tuple[float, float]:
    """The begin and the end of a stretch as fractions of the image, which is ``whole`` pixels."""
    return max(0.0, start / whole), min(1.0, (start + length) / whole)


def _label(annotation: CocoAnnotation, regions: list[Any], holes: list[Any]) -> Label:
    size = [annotation.image.width, annotation.image.height]
    return {
        "category": [["object", annotation.category]],
        "attributes": [],
        "pixel": {"imagesize": size, "regions": regions, "holes": holes},
    }


def _refuse_large(annotation: CocoAnnotation, limit: int, file: str) -> None:
    image = annotation.image
    pixels = image.width * image.height
    if pixels > limit:
        raise MaskError(
            "too-large",
            f"{annotation.title} is of an image of {image.width} x {image.height} = {pixels:,} "
            f"pixels, more than the limit of {limit:,}; it was not drawn",
            hint=f"correct the size of image {shown(image.id)}; if it is meant to be that large, "
            "raise max_pixels",
            file=file,
        )


def _pixels(annotation: CocoAnnotation, file: str) -> npt.NDArray[np.uint8]:
    """The mask (height, width) of one annotation, 1 inside."""
    shape = annotation.members.get("segmentation")
    if shape is None:
        raise _without_shape(annotation, file)
    try:
        return np.ascontiguousarray(_drawn(shape, annotation.image, file))
    except ShapeError as error:
        what = f"has a segmentation that cannot be read: {error}"
        raise bad_annotation(annotation.title, what, file) from None


def _drawn(shape: Any, image: CocoImage, file: str) -> npt.NDArray[np.uint8]:
    if isinstance(shape, Mapping):
        return decode_rle(shape, image.width, image.height)
    if isinstance(shape, list):
        return draw_polygons(shape, image.width, image.height, _coder(file))
    raise ShapeError(f"it is {kind_of(shape)}, neither a list of polygons nor RLE")


def _without_shape(annotation: CocoAnnotation, file: str) -> MaskError:
    has = "only a bbox, and no segmentation" if "bbox" in annotation.members else "no segmentation"
    hint = "a label needs polygons or RLE: add them, or take the annotation out"
    return MaskError("coco-annotation", f"{annotation.title} has {has}", hint=hint, file=file)


def _coder(file: str) -> Any:
    try:
        # Imported only for polygons: run lengths need no extra.
        return import_module("pycocotools.mask")
    except ImportError:
        hint = "pip install 'rbsync[coco]'"
        message = "COCO annotations need pycocotools"
        raise MaskError("missing-extra", message, hint=hint, file=file) from None


def _rings(pixels: npt.NDArray[np.uint8]) -> tuple[list[Any], list[Any]]:
    """Regions and holes, traced within the part of the picture that is not empty."""
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    if not len(rows):
        return [], []
    top, left = int(rows[0]), int(columns[0])
    # An annotation covers a small part of its picture as a rule, and a picture has dozens. Traced
    # whole, each would cost as much as a mask.
    rings = trace(np.ascontiguousarray(pixels[top : rows[-1] + 1, left : columns[-1] + 1]))
    lists = [(rings[i] + (left, top)).tolist() for i in range(len(rings))]
    middle = len(lists) - int(np.count_nonzero(rings.holes))
    return lists[:middle], lists[middle:]

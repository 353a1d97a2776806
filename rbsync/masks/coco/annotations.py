"""COCO annotations (polygons, compressed and uncompressed RLE) -> LabelObjects.

Polygons need pycocotools, an extra, which is what defines how they become pixels there.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.labels.scalars import kind_of, shown
from rbsync.masks.coco.annotation_file import CocoAnnotation, CocoImage, bad_annotation, read_coco
from rbsync.masks.coco.shapes import decode_rle, draw_polygons
from rbsync.masks.encodings.pixel import Label
from rbsync.masks.error import MaskError, ShapeError
from rbsync.masks.outlines.tracing import trace
from rbsync.masks.png.decoding import MAX_PIXELS

# No limit is above it: pycocotools counts pixels with 32 bits.
MOST_PIXELS = (1 << 31) - 1


def coco_labels(
    data: Any, *, file: str = "", max_pixels: int = MAX_PIXELS
) -> dict[str, list[Label]]:
    """{image file name: its LabelObjects}, one `pixel` label for each annotation with pixels.

    ``data`` is a parsed annotation file. Every image is in the answer, also without labels.
    Raises MaskError for files of another form, annotations of unknown images or categories, what
    is not in its image, images with annotations of more than ``max_pixels``, and polygons when
    pycocotools is missing.
    """
    coco = read_coco(data, file=file)
    found: dict[str, list[Label]] = {one.file_name: [] for one in coco.images.values()}
    for annotation in coco.annotations:
        _refuse_large(annotation, min(max_pixels, MOST_PIXELS), file)
        regions, holes = _rings(_pixels(annotation, file))
        # A polygon thinner than a pixel covers none, and a label without a region says nothing.
        if regions:
            found[annotation.image.file_name].append(_label(annotation, regions, holes))
    return found


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

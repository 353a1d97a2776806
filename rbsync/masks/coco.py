"""COCO annotations (polygons, compressed and uncompressed RLE) -> LabelObjects.

Source: the data format page of COCO, object detection. Needs pycocotools, an extra, which is what
defines how polygons become pixels there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from rbsync.masks.error import MaskError
from rbsync.masks.pixel import Label
from rbsync.masks.tracing import trace


def coco_labels(data: Mapping[str, Any], *, file: str = "") -> dict[str, list[Label]]:
    """{image file name: its LabelObjects}, one `pixel` label for each annotation with pixels.

    ``data`` is a parsed annotation file. Every image is in the answer, also without labels.
    Raises MaskError for files of another form, annotations of unknown images or categories, and
    when pycocotools is missing.
    """
    images, names, annotations = _sections(data, file)
    by_image: dict[Any, list[Label]] = defaultdict(list)
    for annotation in annotations:
        image = _known(annotation, "image_id", images, file)
        name = _known(annotation, "category_id", names, file)
        label = _label(annotation, image, name, file)
        if label is not None:
            by_image[annotation["image_id"]].append(label)
    return {image["file_name"]: by_image[key] for key, image in images.items()}


def _sections(
    data: Mapping[str, Any], file: str
) -> tuple[dict[Any, Any], dict[Any, str], list[Any]]:
    try:
        images = {
            image["id"]: {
                "file_name": str(image["file_name"]),
                "size": (int(image["width"]), int(image["height"])),
            }
            for image in data["images"]
        }
        names = {category["id"]: str(category["name"]) for category in data["categories"]}
        return images, names, list(data["annotations"])
    except (KeyError, TypeError, ValueError) as error:
        hint = "expected are images, categories and annotations, as in instances_val2017.json"
        message = f"this is not a COCO annotation file: {error!r}"
        raise MaskError("not-coco", message, hint=hint, file=file) from None


def _known(annotation: Mapping[str, Any], key: str, known: Mapping[Any, Any], file: str) -> Any:
    if annotation.get(key) not in known:
        raise _bad(annotation, f"has the {key} {annotation.get(key)!r}, which is not listed", file)
    return known[annotation[key]]


def _label(
    annotation: Mapping[str, Any], image: Mapping[str, Any], name: str, file: str
) -> Label | None:
    width, height = image["size"]
    pixels = _pixels(annotation, width, height, file)
    regions, holes = _rings(pixels)
    if not regions:
        return None
    return {
        "category": [["object", name]],
        "attributes": [],
        "pixel": {"imagesize": [width, height], "regions": regions, "holes": holes},
    }


def _pixels(
    annotation: Mapping[str, Any], width: int, height: int, file: str
) -> npt.NDArray[np.uint8]:
    """The mask (height, width) of one annotation, 1 inside."""
    coder = _coder(file)
    shape = annotation.get("segmentation")
    try:
        if isinstance(shape, Mapping) and list(shape["size"]) != [height, width]:
            raise ValueError(f"its size is {shape['size']}, its image's {[height, width]}")
        if isinstance(shape, Mapping) and not isinstance(shape["counts"], list):
            code = shape
        elif shape:
            code = coder.frPyObjects(shape, height, width)
        else:
            raise ValueError("it is empty")
        decoded: npt.NDArray[np.uint8] = coder.decode(
            coder.merge(code) if isinstance(code, list) else code
        )
    except Exception as error:  # pycocotools raises bare Exception
        raise _bad(annotation, f"has a segmentation that cannot be read: {error}", file) from None
    return np.ascontiguousarray(decoded)


def _coder(file: str) -> Any:
    try:
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
    rings = trace(np.ascontiguousarray(pixels[top : rows[-1] + 1, left : columns[-1] + 1]))
    lists = [(rings[i] + (left, top)).tolist() for i in range(len(rings))]
    middle = len(lists) - int(np.count_nonzero(rings.holes))
    return lists[:middle], lists[middle:]


def _bad(annotation: Mapping[str, Any], what: str, file: str) -> MaskError:
    return MaskError(
        "coco-annotation",
        f"annotation {annotation.get('id')!r} {what}",
        hint="correct the annotation, or take it out",
        file=file,
    )

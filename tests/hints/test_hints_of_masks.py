"""Hints of masks, class maps, COCO and label maps, followed."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest import mock

import nibabel
import numpy as np
import pytest
from PIL import Image

from rbsync.masks import (
    check_same_size,
    check_segmentation,
    coco_labels,
    decode_nifti,
    decode_pixel,
    encode_nifti,
    encode_pixel,
    read_binary_pngs,
    read_class_map,
    read_indexed_png,
    read_mask,
    read_nifti,
    shown_size,
    trace,
    write_nifti,
)
from rbsync.masks.classes.voc import read_class_values
from rbsync.masks.png.decoding import Named
from rbsync.masks.size import check_declared_size
from rbsync.masks.volumes.label_volume import check_series
from rbsync.masks.volumes.placement import placement_problem
from tests.hints.following import Followed, follow
from tests.masks.pictures import colours, painted, png
from tests.masks.png.png_parts import header_only

TWO = {"car": (255, 0, 0), "bus": (0, 255, 0)}
ONE = {"car": (255, 0, 0)}
RED = painted(np.array([[0, 1], [1, 0]]), TWO)
GREEN = painted(np.array([[0, 2], [2, 0]]), TWO)
GREY = png(np.array([[0, 1], [1, 0]], np.uint8))
WHITE = png(np.array([[0, 255], [0, 255]], np.uint8))
BLACK = png(np.zeros((2, 2), np.uint8))
SOFT = png(np.array([[0, 0, 90, 180, 255, 255]] * 6, np.uint8))
PARTLY = png(np.dstack([RED, np.array([[255, 9], [255, 255]], np.uint8)]))
LABELS = encode_pixel(RED, TWO)
MAP = encode_nifti(RED, TWO)
SQUARE = [0, 0, 2, 0, 2, 2]
MADE: Any = nibabel.Nifti1Image


def deep() -> bytes:
    return png(Image.fromarray(np.full((2, 2), 0, np.uint16)))


def jpeg(width: int = 2, height: int = 2, turn: int | None = None) -> bytes:
    image, file = Image.new("RGB", (width, height)), io.BytesIO()
    exif = image.getexif()
    if turn:
        exif[0x0112] = turn
    image.save(file, "JPEG", exif=exif)
    return file.getvalue()


def coco(**other: Any) -> dict[str, Any]:
    """A good file, of which members are replaced."""
    return {
        "images": [image()],
        "categories": [{"id": 3, "name": "cat"}],
        "annotations": [annotation()],
        **other,
    }


def image(**other: Any) -> dict[str, Any]:
    return {"id": 7, "file_name": "a.jpg", "width": 8, "height": 6, **other}


def annotation(**other: Any) -> dict[str, Any]:
    return {"id": 1, "image_id": 7, "category_id": 3, "segmentation": [SQUARE], **other}


def label(name: str = "car", size: Any = (2, 2)) -> dict[str, Any]:
    return {**LABELS[0], "category": [["object", name]], "pixel": {
        **LABELS[0]["pixel"], "imagesize": size}}  # fmt: skip


def nifti(*values: float, kind: Any = np.uint8, shape: tuple[int, ...] = (2, 2, 2)) -> bytes:
    voxels = np.zeros(shape, kind)
    voxels.ravel()[: len(values)] = values
    return write_nifti(voxels)


def at(offset: float, *values: int) -> Named:
    """A label map that lies so far to the left."""
    voxels = np.zeros((2, 2, 2), np.uint8)
    voxels.ravel()[: len(values)] = values
    affine = np.diag([1.0, 1, 1, 1])
    affine[0, 3] = offset
    return Named(MADE(voxels, affine).to_bytes(), f"{offset}.nii")


def placed(offset: float) -> list[Any]:
    affine = np.eye(4)[:3]
    other = affine.copy()
    other[0, 3] = offset
    found = placement_problem(
        (2, 2, 2), other.ravel().tolist(), affine.ravel().tolist(), file="a", scan="b"
    )
    return [found] if found else []


def in_series(*files: Named) -> Any:
    return check_series(files, {1: "liver", 2: "spleen"})


def without_extra(call: Callable[[], Any]) -> Any:
    with mock.patch.dict(sys.modules, {"pycocotools.mask": None}):
        return call()


SEGMENTS = partial(check_segmentation, segment_map={1: "liver"})

HINTS = {
    "an undeclared colour": Followed(
        "add the colour to the class map or to ignore_colors, or repair the mask",
        lambda: read_mask(GREEN, ONE),
        lambda: (read_mask(GREEN, TWO), read_mask(GREEN, ONE, [(0, 0, 0), (0, 255, 0)])),
    ),
    "an undeclared value": Followed(
        "give the value a category, or list it under `ignore_values`",
        lambda: read_indexed_png(GREY, {}),
        lambda: (read_indexed_png(GREY, {1: "a"}), read_indexed_png(GREY, {}, ignore=[0, 1])),
    ),
    "a value that no pixel has": Followed(
        "pixel values are integers 0-255",
        lambda: read_indexed_png(GREY, {256: "car"}),
        lambda: read_indexed_png(GREY, {1: "car"}),
    ),
    "a number that is no class": Followed(
        'write {"category": value}, each value an integer 0-255 of its own',
        lambda: read_class_values({"car": 1, "bus": 1}),
        lambda: read_class_values({"car": 1, "bus": 2}),
    ),
    "a colour of another form": Followed(
        "write three integers 0-255, such as [255, 0, 0], or three fractions 0-1",
        lambda: read_class_map({"car": [256, 0, 0]}),
        lambda: (read_class_map({"car": [255, 0, 0]}), read_class_map({"car": [1, 0.5, 0]})),
    ),
    "a background of another form": Followed(
        "write three integers 0-255, such as [0, 0, 0]",
        lambda: read_mask(RED, TWO, [(0, 0)]),
        lambda: read_mask(RED, TWO, [(0, 0, 0)]),
    ),
    "one colour for two": Followed(
        "give each category a colour of its own, in the class map and in the masks",
        lambda: read_class_map({"car": [9, 0, 0], "bus": [9, 0, 0]}),
        lambda: read_class_map({"car": [9, 0, 0], "bus": [0, 9, 0]}),
    ),
    "a background that is a class": Followed(
        "give the category another colour, or take it out of the class map",
        lambda: read_mask(RED, {"car": (255, 0, 0), "none": (0, 0, 0)}),
        lambda: (read_mask(RED, {"car": (255, 0, 0), "none": (0, 0, 1)}), read_mask(RED, ONE)),
    ),
    "a black class": Followed(
        "where black is a class, say `ignore_colors: []` or other colours there",
        lambda: read_mask(RED, {"car": (255, 0, 0), "road": (0, 0, 0)}),
        lambda: read_mask(RED, {"car": (255, 0, 0), "road": (0, 0, 0)}, []),
    ),
    "a grey mask": Followed(
        "save the mask in colour, or give every category its grey: [v, v, v]",
        lambda: read_mask(GREY, ONE),
        lambda: (read_mask(png(RED), ONE), read_mask(GREY, {"car": (1, 1, 1)})),
    ),
    "an array with alpha": Followed(
        "cut an alpha channel off with mask[:, :, :3]; convert with mask.astype(np.uint8)",
        lambda: read_mask(np.dstack([RED, RED[:, :, :1]]).astype(int), ONE),
        lambda: read_mask(
            np.dstack([RED, RED[:, :, :1]]).astype(int)[:, :, :3].astype(np.uint8), ONE
        ),
    ),
    "partly transparent": Followed(
        "write `alpha: ignore` to take the colours as they are",
        lambda: read_mask(PARTLY, TWO),
        lambda: read_mask(PARTLY, TWO, alpha="ignore"),
    ),
    "values between": Followed(
        "to take pixels from that value on, `threshold: 1` for all that is not black",
        lambda: read_binary_pngs({"car": SOFT}),
        lambda: [read_binary_pngs({"car": SOFT}, threshold=level) for level in (1, 128)],
    ),
    "two values where there were more": Followed(
        "or save the mask with two values",
        lambda: read_binary_pngs({"car": SOFT}),
        lambda: read_binary_pngs({"car": WHITE}),
    ),
    "no masks at all": Followed(
        "check the folder",
        lambda: read_binary_pngs({}),
        lambda: read_binary_pngs({"car": WHITE}),
    ),
    "masks of other sizes": Followed(
        "all masks of one image have its size",
        lambda: read_binary_pngs({"a": WHITE, "b": png(np.zeros((3, 2), np.uint8))}),
        lambda: read_binary_pngs({"a": WHITE, "b": BLACK}),
    ),
    "classes over each other": Followed(
        "one pixel is of one class; upload overlapping classes as separate labels",
        lambda: read_binary_pngs({"a": WHITE, "b": WHITE}),
        lambda: [read_binary_pngs({name: WHITE}) for name in "ab"],
    ),
    "binary masks of colours": Followed(
        "write `threshold: 1` for all that is not black; colours that are classes are read by "
        "`glob` with a `class_map`",
        lambda: read_binary_pngs({"a": png(RED + GREEN[::-1])}),
        lambda: (read_binary_pngs({"a": png(RED)}, threshold=1), read_mask(png(RED), TWO)),
    ),
    "strong enough": Followed(
        "put masks of two values into a source of their own, without a `threshold`",
        lambda: read_binary_pngs({"a": GREY}, threshold=128),
        lambda: read_binary_pngs({"a": GREY}),
    ),
    "alpha that is not there": Followed(
        "put such masks into a source of their own, without `alpha: mask`",
        lambda: read_binary_pngs({"a": WHITE}, alpha="mask"),
        lambda: read_binary_pngs({"a": WHITE}),
    ),
    "an index that is none": Followed(
        "convert it with index.astype(np.uint8), or np.uint16 for more than 255 classes",
        lambda: trace(np.ones((2, 2))),
        lambda: trace(np.ones((2, 2)).astype(np.uint8)),
    ),
    "sixteen bits": Followed(
        "save the mask with 8 bits a channel: colours would be rounded otherwise",
        lambda: read_mask(deep(), TWO),
        lambda: read_mask(png(RED), TWO),
    ),
    "colours in an indexed mask": Followed(
        "colour masks need a class map of colours instead of values",
        lambda: read_indexed_png(png(RED), {1: "car"}),
        lambda: read_mask(png(RED), ONE),
    ),
    "a number for a file": Followed(
        "write the path as text, or read the file and give its bytes",
        lambda: read_mask(3, TWO),  # type: ignore[arg-type]  # that is the mistake
        lambda: read_mask(png(RED), TWO),
    ),
    "a bomb": Followed(
        "if the file is meant to be that large, raise max_pixels",
        lambda: read_mask(png(RED), TWO, max_pixels=3),
        lambda: read_mask(png(RED), TWO, max_pixels=4),
    ),
    "a row that no decoder takes": Followed(
        "cut the picture into tiles",
        lambda: read_mask(header_only((1 << 31) - 1, 1), TWO, max_pixels=1 << 40),
        lambda: read_mask(png(RED), TWO),
    ),
    "a mask that is a JPEG": Followed(
        "masks are PNG files; JPEG, for one, changes the colours at every edge",
        lambda: read_mask(jpeg(), TWO),
        lambda: read_mask(png(RED), TWO),
    ),
    "a mask that was cut off": Followed(
        "write or copy the file again",
        lambda: read_mask(png(RED)[:-20], TWO),
        lambda: read_mask(png(RED), TWO),
    ),
    "an image that is none": Followed(
        "images of masks are PNG, JPEG or BMP",
        lambda: shown_size(b"hello"),
        lambda: [str(shown_size(one)) for one in (jpeg(), png(RED))],
    ),
    "a mask of another size": Followed(
        "make a mask of the image's size, as it is shown (EXIF orientation applied)",
        lambda: check_same_size((3, 2), shown_size(jpeg(3, 2, 6))),
        lambda: check_same_size((2, 3), shown_size(jpeg(3, 2, 6))),
    ),
    "rows and columns": Followed(
        "where the size was written as rows and columns, write width and height",
        lambda: check_declared_size((2, 3), (3, 2), image_file="a.png", is_turned=False),
        lambda: check_declared_size((3, 2), (3, 2), image_file="a.png", is_turned=False),
    ),
    "a thumbnail": Followed(
        "take the image that was annotated, or scale the annotations to this one",
        lambda: check_declared_size((30, 20), (3, 2), image_file="a.png", is_turned=False),
        lambda: check_declared_size((3, 2), (3, 2), image_file="a.png", is_turned=False),
    ),
    "COCO of another form": Followed(
        "expected are images, categories and annotations, as in instances_val2017.json",
        lambda: coco_labels({"images": []}),
        lambda: coco_labels(coco()),
    ),
    "an id that is none": Followed(
        "an id is an integer, or a string",
        lambda: coco_labels(coco(images=[image(id=None)])),
        lambda: coco_labels(coco()),
    ),
    "an id of two": Followed(
        "give each an id of its own, and the annotations the id that they mean",
        lambda: coco_labels(coco(categories=[{"id": 3, "name": name} for name in "ab"])),
        lambda: coco_labels(coco(categories=[{"id": n, "name": f"{n}"} for n in (3, 4)])),
    ),
    "an image twice": Followed(
        "list each image once, with the annotations of both",
        lambda: coco_labels(coco(images=[image(), image(id=8)])),
        lambda: coco_labels(coco(annotations=[annotation(), annotation(id=2)])),
    ),
    "an image without a size": Followed(
        "width and height are integers from 1 to ",
        lambda: coco_labels(coco(images=[image(width=0)])),
        lambda: coco_labels(coco()),
    ),
    "half of a letter": Followed(
        "write a text of at least one character; half of a surrogate pair is none",
        lambda: coco_labels(coco(images=[image(file_name="\ud800")])),
        lambda: coco_labels(coco()),
    ),
    "an annotation of no image": Followed(
        "correct the annotation, or take it out",
        lambda: coco_labels(coco(annotations=[annotation(image_id=1)])),
        lambda: (coco_labels(coco()), coco_labels(coco(annotations=[]))),
    ),
    "an annotation of no shape": Followed(
        "a label needs polygons or RLE: add them, or take the annotation out",
        lambda: coco_labels(coco(annotations=[annotation(segmentation=None)])),
        lambda: (coco_labels(coco()), coco_labels(coco(annotations=[]))),
    ),
    "an image too large to draw": Followed(
        "if it is meant to be that large, raise max_pixels",
        lambda: coco_labels(coco(), max_pixels=47),
        lambda: coco_labels(coco(), max_pixels=48),
    ),
    "polygons without the extra": Followed(
        "pip install 'rbsync[coco]'",
        lambda: without_extra(lambda: coco_labels(coco())),
        lambda: coco_labels(coco()),
    ),
    "more classes than values": Followed(
        "use the encoding `pixel`, or take the classes out that the mask lacks",
        lambda: encode_nifti(RED, {**colours(65_535), **ONE}),
        lambda: (encode_pixel(RED, {**colours(65_535), **ONE}), encode_nifti(RED, ONE)),
    ),
    "a picture too long": Followed(
        "use the encoding `pixel`, or cut the picture into tiles",
        lambda: encode_nifti(np.zeros((1, 32_768, 3), np.uint8), ONE),
        lambda: (
            encode_pixel(np.zeros((1, 32_768, 3), np.uint8), ONE),
            encode_nifti(np.zeros((1, 16_384, 3), np.uint8), ONE),
        ),
    ),
    "labels of another map": Followed(
        "give the labels that belong to this file",
        lambda: decode_nifti(MAP[0], [], TWO),
        lambda: decode_nifti(*MAP, TWO),
    ),
    "a volume for a mask": Followed(
        "masks are (width, height, 1); use the NIfTI file itself for a volume",
        lambda: decode_nifti(nifti(1), [], TWO),
        lambda: (decode_nifti(*MAP, TWO), SEGMENTS(nifti(1)).problems),
    ),
    "a label of another form": Followed(
        "export the labels again, or correct the file",
        lambda: decode_pixel([label(size=None)], TWO),
        lambda: decode_pixel([label()], TWO),
    ),
    "a category of no colour": Followed(
        "add the category and its colour to the class map",
        lambda: decode_pixel([label("tram")], TWO),
        lambda: decode_pixel([label("tram")], {**TWO, "tram": (0, 0, 9)}),
    ),
    "a size that is none": Followed(
        "give two positive numbers",
        lambda: decode_pixel([], TWO, imagesize=(0, 5)),
        lambda: decode_pixel([], TWO, imagesize=(4, 5)),
    ),
    "a picture too large to draw": Followed(
        "if the picture is meant to be that large, raise max_pixels",
        lambda: decode_pixel([label()], TWO, max_pixels=3),
        lambda: decode_pixel([label()], TWO, max_pixels=4),
    ),
    "a volume too long": Followed(
        "cut the volume into smaller ones, or write it as NIfTI-2 with another program",
        lambda: write_nifti(np.zeros((40_000, 1, 1), np.uint8)),
        lambda: (
            write_nifti(np.zeros((20_000, 1, 1), np.uint8)),
            read_nifti(
                nibabel.Nifti2Image(np.zeros((40_000, 1, 1), np.uint8), np.eye(4)).to_bytes()
            ),
        ),
    ),
    "no NIfTI": Followed(
        "label maps are NIfTI-1 or NIfTI-2 in one file, .nii or .nii.gz",
        lambda: read_nifti(b"hello" * 200),
        lambda: read_nifti(nifti(1)),
    ),
    "a NIfTI of text": Followed(
        "label values are whole numbers from 0 to ",
        lambda: SEGMENTS(nifti(0.5, kind=np.float32)),
        lambda: SEGMENTS(nifti(1.0, kind=np.float32)),
    ),
    "another shape than the scan's": Followed(
        "resample the segmentation onto the grid of its scan",
        lambda: SEGMENTS(nifti(1), scan_shape=(2, 2, 3)),
        lambda: SEGMENTS(nifti(1, shape=(2, 2, 3)), scan_shape=(2, 2, 3)),
    ),
    "another place than the scan's": Followed(
        "resample the segmentation onto the grid of its scan; the affine belongs to the grid",
        lambda: placed(0.5),
        lambda: placed(0),
    ),
    "frames": Followed(
        "split the file: one label map for each frame, or one value for each structure",
        lambda: SEGMENTS(nifti(1, shape=(2, 2, 2, 2))),
        lambda: SEGMENTS(nifti(1, shape=(2, 2, 2))),
    ),
    "values of no structure": Followed(
        "add them to segment_map",
        lambda: SEGMENTS(nifti(1, 7)),
        lambda: check_segmentation(nifti(1, 7), {1: "liver", 7: "spleen"}),
    ),
    "a value of no label map": Followed(
        "values are whole numbers from 1 to ",
        lambda: check_segmentation(nifti(1), {0: "liver"}),
        lambda: check_segmentation(nifti(1), {1: "liver"}),
    ),
    "a value twice": Followed(
        "keep one of the two",
        lambda: check_segmentation(nifti(1), {"1": "liver", "01": "spleen"}),
        lambda: check_segmentation(nifti(1), {"1": "liver"}),
    ),
    "files that contradict each other": Followed(
        "merge the files so that each voxel has one value",
        lambda: in_series(at(0, 1), at(0, 2)),
        lambda: in_series(at(0, 1), at(0, 1, 2)),
    ),
    "files in two places": Followed(
        "resample the segmentations of a series onto the grid of its scan",
        lambda: in_series(at(0, 1), at(9, 1)),
        lambda: in_series(at(0, 1), at(0, 1)),
    ),
}


@pytest.mark.parametrize("kind", HINTS)
def test_the_hint_is_followed(kind: str) -> None:
    follow(HINTS[kind])

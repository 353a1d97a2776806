"""COCO annotations (polygons, compressed and uncompressed RLE) -> LabelObjects.

Polygons need pycocotools, an extra, which is what defines how they become pixels there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from rbsync.labels.amounts import Limits, more_labels
from rbsync.labels.scalars import shown
from rbsync.masks.coco.annotation_file import (
    CocoAnnotation,
    CocoFlaw,
    CocoImage,
    bad_annotation,
    read_coco,
)
from rbsync.masks.coco.drawing import Outlines, outlines_of, patches_of
from rbsync.masks.coco.shapes import Numbers, coder_of, read_runs
from rbsync.masks.encodings.pixel import Label
from rbsync.masks.error import MaskError, ShapeError
from rbsync.masks.png.decoding import MAX_PIXELS
from rbsync.model.fingerprint import canonical_json
from rbsync.shapes.guards import is_number

Made = Label | MaskError | None

# No limit is above it: pycocotools counts pixels with 32 bits.
MOST_PIXELS = (1 << 31) - 1


class ImageLabels(NamedTuple):
    """The labels of one image, what each annotation is called, and what is wrong with others.

    ``texts`` are the labels as canonical JSON. ``kinds`` has for each a label of a few corners that
    is right or wrong as it is: outlines that are traced here need not be checked corner by corner.
    ``unseen`` is how many annotations cover no pixel and became no label.
    """

    image: CocoImage
    texts: list[str]
    kinds: list[Label]
    titles: list[str]
    flaws: list[MaskError]
    unseen: int


class Annotated(NamedTuple):
    """An image and its annotations, of which nothing is drawn yet, and the flaws of others."""

    image: CocoImage
    annotations: list[CocoAnnotation]
    flaws: list[MaskError]


class CocoLabels(NamedTuple):
    """All images of a file, the flaws of annotations that are of no image, and what is to be told.

    ``crowds`` is how many annotations stand for many things at once. ``reader`` makes labels.
    """

    images: list[Annotated]
    flaws: list[MaskError]
    crowds: int
    reader: Reader

    def labels(self, one: Annotated) -> ImageLabels:
        """The labels of an image."""
        return self.reader.labels(one)


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
    images = [found.labels(one) for one in found.images]
    for error in (*found.flaws, *(flaw for one in images for flaw in one.flaws)):
        raise error
    return {one.image.file_name: [json.loads(text) for text in one.texts] for one in images}


def read_annotations(
    data: Any,
    *,
    file: str = "",
    max_pixels: int = MAX_PIXELS,
    boxes: bool = True,
    limits: Limits | None = None,
) -> CocoLabels:
    """As `coco_labels`, but a bad annotation is a flaw of its image, and the others are read.

    With ``boxes`` an annotation that has a bbox alone is a `bbox2d` label. Nothing is drawn before
    the labels of an image are asked for: those of all would fill the memory. Images with more
    labels than ``limits`` allow have none and a flaw, and a file raises MaskError where they are
    of all.
    """
    coco = read_coco(data, file=file)
    found = {key: Annotated(one, [], []) for key, one in coco.images.items()}
    lost: list[MaskError] = []
    crowds = 0
    reader = Reader(min(max_pixels, MOST_PIXELS), file, limits, boxes=boxes)
    given = data.get("annotations")
    if limits and limits.of_all and isinstance(given, list) and len(given) > limits.labels:
        raise _too_many("the file", len(given), limits, file)
    for one in coco.annotations:
        if isinstance(one, CocoFlaw):
            (found[one.image.id].flaws if one.image else lost).append(one.error)
            continue
        crowds += one.members.get("iscrowd") == 1
        if not reader.can_draw:
            reader.expect(one)
        found[one.image.id].annotations.append(one)
    return CocoLabels(list(found.values()), lost, crowds, reader)


class TooMuchError(MaskError):
    """The annotations of an image are more than anybody draws."""


_PICTURES = 6
"""So many pictures of the largest size may all annotations of one image cover together."""


def _too_many(what: str, number: int, limits: Limits, file: str) -> TooMuchError:
    message = f"{what} has {number:,} annotations; {limits.labels:,} are allowed"
    return TooMuchError("too-many", message, hint=more_labels(number), file=file)


class Reader:
    """Makes labels of the annotations of a file."""

    def __init__(self, max_pixels: int, file: str, limits: Limits | None, *, boxes: bool) -> None:
        self._max_pixels, self._file, self._boxes = max_pixels, file, boxes
        self._limits = limits
        self._pixels = self._letters = 0
        self._coder: Any = None
        self._kinds: dict[str, Kind] = {}

    @property
    def can_draw(self) -> bool:
        """Tells whether what polygons need is loaded."""
        return self._coder is not None

    def expect(self, annotation: CocoAnnotation) -> None:
        """Loads what the annotation needs. Raises MaskError where that is not installed."""
        if self._coder is None and isinstance(annotation.members.get("segmentation"), list):
            self._coder = coder_of(self._file)

    def labels(self, given: Annotated) -> ImageLabels:
        """The labels of an image."""
        if not (self._limits and self._limits.of_all):
            self._pixels = self._letters = 0
        try:
            return self._labels(given)
        except TooMuchError as error:
            return ImageLabels(given.image, [], [], [], [*given.flaws, error], 0)

    def _labels(self, given: Annotated) -> ImageLabels:
        number, limits = len(given.annotations), self._limits
        if limits and number > limits.labels:
            raise _too_many(f"image {shown(given.image.id)}", number, limits, self._file)
        found = ImageLabels(given.image, [], [], [], [*given.flaws], 0)
        is_small = given.image.width * given.image.height <= self._max_pixels
        made: list[Made] = [self._made(one, is_small=is_small) for one in given.annotations]
        drawn = self._drawn(
            [one for one, own in zip(given.annotations, made, strict=True) if own is None]
        )
        unseen = 0
        for annotation, own in zip(given.annotations, made, strict=True):
            one = next(drawn) if own is None else own
            if isinstance(one, MaskError):
                found.flaws.append(one)
                continue
            if isinstance(one, Outlines):
                # A polygon thinner than a pixel covers none, and a label without a region says
                # nothing.
                if not one.regions:
                    unseen += 1
                    continue
                kind = self._kinds.get(annotation.category) or self._kind(annotation.category)
                found.texts.append(_outlined(given.image, kind.name, one))
                found.kinds.append(kind.label)
            else:
                found.texts.append(canonical_json(one).decode())
                found.kinds.append(one)
            found.titles.append(annotation.title)
        return found._replace(unseen=unseen)

    def _kind(self, category: str) -> Kind:
        return self._kinds.setdefault(category, _kind_of(category))

    def _made(self, annotation: CocoAnnotation, *, is_small: bool) -> Made:
        """The box of an annotation, or what is wrong with it; None for one that is to be drawn.

        ``is_small`` is said of an image that may be drawn.
        """
        members = annotation.members
        if is_small and members.get("segmentation"):
            return None
        try:
            if self._boxes and not members.get("segmentation") and "bbox" in members:
                return _box(annotation, self._file)
            _refuse_large(annotation, self._max_pixels, self._file)
        except MaskError as error:
            return error
        if members.get("segmentation") is None:
            return _without_shape(annotation, self._file)
        return None

    def _drawn(self, annotations: list[CocoAnnotation]) -> Iterator[Outlines | MaskError]:
        """The outlines of annotations of one image, or what is wrong with each."""
        if not annotations:
            return
        image, at = annotations[0].image, 0
        shapes = [one.members["segmentation"] for one in annotations]
        for read in read_runs(shapes, image.width, image.height, self._coder):
            own, at = annotations[at : at + len(read)], at + len(read)
            runs = [one for one in read if not isinstance(one, ShapeError)]
            outlines = self._outlines(runs, image)
            if len(runs) == len(read):
                yield from outlines
                continue
            rest = iter(outlines)
            for annotation, one in zip(own, read, strict=True):
                if isinstance(one, ShapeError):
                    yield self._unread(annotation, one)
                else:
                    yield next(rest)

    def _outlines(self, runs: list[Numbers], image: CocoImage) -> list[Outlines]:
        """The outlines of runs, as long as they are not too much. Raises TooMuchError."""
        if not runs:
            return []
        patches = patches_of(runs, image.height)
        self._pixels += int(patches.areas.sum())
        most = _PICTURES * self._max_pixels
        if self._limits and self._pixels > most:
            raise TooMuchError(
                "too-large",
                f"the annotations of image {shown(image.id)} lie in more than {most:,} pixels "
                f"together, {_PICTURES} times the limit of one; they were not drawn",
                hint="draw each thing once; if it is meant to be that large, raise max_pixels",
                file=self._file,
            )
        found: list[Outlines] = []
        for some in outlines_of(patches, image.width, image.height):
            self._letters += sum([len(one.regions) + len(one.holes) for one in some])
            if self._limits and self._letters > self._limits.letters:
                raise self._too_long(image, self._limits)
            found += some
        return found

    def _too_long(self, image: CocoImage, limits: Limits) -> TooMuchError:
        message = (
            f"the outlines of image {shown(image.id)} have more than {limits.letters:,} letters "
            "as labels; so many are allowed"
        )
        hint = more_labels(2 * limits.labels)
        return TooMuchError("too-many", message, hint=hint, file=self._file)

    def _unread(self, annotation: CocoAnnotation, error: ShapeError) -> MaskError:
        what = f"has a segmentation that cannot be read: {error}"
        return bad_annotation(annotation.title, what, self._file)


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


class Kind(NamedTuple):
    """A category: its name as JSON text, and a label of it with an outline that is right."""

    name: str
    label: Label


def _kind_of(category: str) -> Kind:
    # Of no image's size, which is checked where images are read: a file has thousands of sizes, and
    # with one kind for all of them its categories are looked at once and not in every image.
    drawn = {"imagesize": [1, 1], "regions": [[[0, 0], [1, 0], [1, 1], [0, 1]]], "holes": []}
    label = {"category": [["object", category]], "attributes": [], "pixel": drawn}
    return Kind(canonical_json(category).decode(), label)


def _outlined(image: CocoImage, name: str, outlines: Outlines) -> str:
    """The label of these outlines as canonical JSON; ``name`` is its category as JSON."""
    return (
        f'{{"attributes":[],"category":[["object",{name}]],"pixel":{{"holes":[{outlines.holes}],'
        f'"imagesize":[{image.width},{image.height}],"regions":[{outlines.regions}]}}}}'
    )


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


def _without_shape(annotation: CocoAnnotation, file: str) -> MaskError:
    has = "only a bbox, and no segmentation" if "bbox" in annotation.members else "no segmentation"
    hint = "a label needs polygons or RLE: add them, or take the annotation out"
    return MaskError("coco-annotation", f"{annotation.title} has {has}", hint=hint, file=file)

"""COCO annotation files: images, categories and annotations, checked and tied together.

Source: the data format page of COCO, object detection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard, TypeVar

from rbsync.labels.scalars import kind_of, shown
from rbsync.masks.error import MaskError

# Of an image, in pixels: what pycocotools computes with stays within 32 bits.
LONGEST_SIDE = 1 << 27

_LONG = 10**18

Id = int | float | str
T = TypeVar("T")


class CocoImage(NamedTuple):
    """An image as it is listed; width and height are in pixels."""

    id: Id
    file_name: str
    width: int
    height: int


class CocoAnnotation(NamedTuple):
    """An annotation of an image; ``title`` is what messages call it."""

    title: str
    image: CocoImage
    category: str
    members: Mapping[str, Any]


class CocoFlaw(NamedTuple):
    """The fault of an annotation; ``image`` is None where that is what nobody knows."""

    image: CocoImage | None
    error: MaskError


class CocoFile(NamedTuple):
    """The images by id, each with a file name of its own, and the annotations in their order."""

    images: dict[Id, CocoImage]
    annotations: Iterator[CocoAnnotation | CocoFlaw]


def read_coco(data: Any, *, file: str = "") -> CocoFile:
    """Check a parsed annotation file; the annotations while they are gone through.

    Raises MaskError for files of another form, and ids and file names that stand for two things.
    Annotations of images or categories that are not listed are flaws.
    """
    images = _by_id(data, "images", _image, file)
    # Two images of one file name are one datapoint here, and the labels of one of them would
    # vanish.
    _refuse_shared_names(images, file)
    names = _by_id(data, "categories", _category, file)
    return CocoFile(images, _annotations(data, images, names, file))


def _annotations(
    data: Any, images: Mapping[Id, CocoImage], names: Mapping[Id, str], file: str
) -> Iterator[CocoAnnotation | CocoFlaw]:
    for title, one in _entries(data, "annotations", file):
        # The type itself is asked first: asking for any mapping takes as long as all the rest.
        if type(one) is not dict and not isinstance(one, Mapping):
            # One that is no annotation at all is no reason to refuse all others.
            yield CocoFlaw(None, bad_annotation(title, f"is {kind_of(one)}, not an object", file))
            continue
        # People search for the id in their tool; the place in the list is for annotations that have
        # none.
        own = _titled(one.get("id"), title)
        if (listed := _both(one, images, names)) is not None:
            yield CocoAnnotation(own, *listed, one)
            continue
        image: CocoImage | None = None
        try:
            image = _listed(own, one, "image_id", images, file)
            name = _listed(own, one, "category_id", names, file)
        except MaskError as error:
            yield CocoFlaw(image, error)
        else:
            yield CocoAnnotation(own, image, name, one)


def _both(
    one: Mapping[str, Any], images: Mapping[Id, CocoImage], names: Mapping[Id, str]
) -> tuple[CocoImage, str] | None:
    """The image and the category of an annotation as nearly all are; None for others."""
    image, category = one.get("image_id"), one.get("category_id")
    # True is 1 as a key, and no id.
    if type(image) is int and type(category) is int and image in images and category in names:
        return images[image], names[category]
    return None


def _titled(key: Any, title: str) -> str:
    """The name of an annotation in messages: by its id, else by its place in the list."""
    # Nearly all ids are short numbers, and what cuts a long text takes as long as all the rest.
    if type(key) is int and abs(key) < _LONG:
        return f"annotation {key}"
    return f"annotation {shown(key)}" if _is_id(key) else title


def _members(data: Any, section: str, file: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The members of a section, each with its place in the file."""
    for title, one in _entries(data, section, file):
        if not isinstance(one, Mapping):
            raise _not_coco(f"{title} is {kind_of(one)}, not an object", file)
        yield title, one


def _entries(data: Any, section: str, file: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(data, Mapping):
        raise _not_coco(f"it is {kind_of(data)}, not an object", file)
    if not isinstance(data.get(section), list):
        raise _not_coco(f"it has no list `{section}`", file)
    for place, one in enumerate(data[section]):
        yield f"{section}[{place}]", one


def _by_id(
    data: Any, section: str, read: Callable[[Id, Mapping[str, Any], str], T], file: str
) -> dict[Id, T]:
    found: dict[Id, T] = {}
    owner: dict[Id, str] = {}
    for title, one in _members(data, section, file):
        key = one.get("id")
        if not _is_id(key):
            hint = "an id is an integer, or a string"
            raise MaskError("coco-id", f"{title} has the id {shown(key)}", hint=hint, file=file)
        if owner.setdefault(key, title) != title:
            message = f"{owner[key]} and {title} have one id, {shown(key)}"
            hint = "give each an id of its own, and the annotations the id that they mean"
            raise MaskError("shared-id", message, hint=hint, file=file)
        found[key] = read(key, one, file)
    return found


def _is_id(value: Any) -> TypeGuard[Id]:
    return type(value) in (int, str) or (type(value) is float and value.is_integer())


def _image(key: Id, one: Mapping[str, Any], file: str) -> CocoImage:
    title = f"image {shown(key)}"
    width, height = _length(title, one, "width", file), _length(title, one, "height", file)
    return CocoImage(key, _text(title, one, "file_name", file), width, height)


def _category(key: Id, one: Mapping[str, Any], file: str) -> str:
    return _text(f"category {shown(key)}", one, "name", file)


def _length(title: str, one: Mapping[str, Any], key: str, file: str) -> int:
    value = one.get(key)
    # Some write every number with a point.
    if _is_id(value) and not isinstance(value, str) and 1 <= value <= LONGEST_SIDE:
        return int(value)
    message = f"{title} has the {key} {shown(value)}"
    hint = f"width and height are integers from 1 to {LONGEST_SIDE:,}, in pixels"
    raise MaskError("coco-size", message, hint=hint, file=file)


def _text(title: str, one: Mapping[str, Any], key: str, file: str) -> str:
    value = one.get(key)
    if isinstance(value, str) and value and _is_unicode(value):
        return value
    message = f"{title} has the {key} {shown(value)}"
    hint = "write a text of at least one character; half of a surrogate pair is none"
    raise MaskError("coco-text", message, hint=hint, file=file)


def _is_unicode(text: str) -> bool:
    """Tells whether no half of a surrogate pair stands alone, which JSON allows."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _refuse_shared_names(images: Mapping[Id, CocoImage], file: str) -> None:
    owner: dict[str, Id] = {}
    for key, image in images.items():
        other = owner.setdefault(image.file_name, key)
        if other != key:
            message = (
                f"images {shown(other)} and {shown(key)} have one file_name, "
                f"{shown(image.file_name)}"
            )
            hint = "list each image once, with the annotations of both"
            raise MaskError("shared-file-name", message, hint=hint, file=file)


def _listed(title: str, one: Mapping[str, Any], key: str, known: Mapping[Id, T], file: str) -> T:
    value = one.get(key)
    if key not in one:
        raise bad_annotation(title, f"has no {key}", file)
    if not _is_id(value) or value not in known:
        raise bad_annotation(title, f"has the {key} {shown(value)}, which is not listed", file)
    return known[value]


def bad_annotation(title: str, what: str, file: str) -> MaskError:
    """The problem of one annotation."""
    hint = "correct the annotation, or take it out"
    return MaskError("coco-annotation", f"{title} {what}", hint=hint, file=file)


def _not_coco(reason: str, file: str) -> MaskError:
    hint = "expected are images, categories and annotations, as in instances_val2017.json"
    message = f"this is not a COCO annotation file: {reason}"
    return MaskError("not-coco", message, hint=hint, file=file)

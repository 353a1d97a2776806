"""A mask in memory as a datapoint: the picture it belongs to, with its labels."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, get_args

from rbsync.applier.mask_text import encoded
from rbsync.backends.base import Project as Facts
from rbsync.backends.rules import name_flaw
from rbsync.dataset.mask_rules import MaskRules
from rbsync.errors import Location, UserError
from rbsync.labels.project_types import PROJECT_TYPES
from rbsync.labels.taxonomy_json import read_taxonomy
from rbsync.masks import check_same_size, read_class_map, read_mask, shown_size
from rbsync.masks.classes.class_map import BLACK, ClassMap, without_background
from rbsync.masks.identity import identity
from rbsync.masks.png.decoding import read_bytes
from rbsync.masks.size import is_turned
from rbsync.model.datapoint import Encoding, Labels, Settings
from rbsync.model.storages import is_uploaded
from rbsync.sdk.arguments import Given, refusal
from rbsync.sources.entry import Entry, MaskLabels

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray

NAMED_BY = "the class map"
# The client of today exports a task that has outlines with no labels at all.
_PREFERRED: Literal["nifti"] = "nifti"
_ENCODINGS = get_args(Encoding)


def read_masked(
    mask: NDArray[uint8],
    class_map: Mapping[str, Sequence[int]],
    image_path: str | os.PathLike[str],
    settings: Settings,
    project: Facts,
    encoding: Encoding,
) -> Given:
    """A datapoint of an image and its mask. Raises UserError.

    A mask in which nothing is labelled makes a datapoint without labels.
    """
    import numpy as np

    if encoding not in _ENCODINGS:
        raise refusal(f"`encoding` must be one of {', '.join(_ENCODINGS)}, not {encoding!r}")
    image = _image(image_path)
    _check_categories(class_map)
    colours = without_background(read_class_map(class_map), [BLACK])
    _check_project(image, colours, settings, project)
    if not isinstance(mask, np.ndarray):
        hint = "an image opened with PIL becomes one by np.array(image)[:, :, :3]"
        raise refusal(f"a mask is a NumPy array, not a value of type {type(mask).__name__}", hint)
    index = read_mask(mask, colours)
    # A picture in another storage is not at hand: its size is not known here.
    if is_uploaded(settings.storage):
        _check_size((index.width, index.height), image)
    name, fingerprint = unicodedata.normalize("NFC", image), identity(index)
    if not fingerprint:
        return Given(name, (image,), None, None, settings)
    labels = encoded(index, encoding, _PREFERRED)
    return Given(name, (image,), Labels("mask", fingerprint), labels, settings)


def _image(given: Any) -> str:
    path = os.fspath(given) if isinstance(given, str | os.PathLike) else None
    if not path or not isinstance(path, str):
        raise refusal(f"`image_path` must be a path or URL, not {given!r}")
    return path


def _check_categories(class_map: object) -> None:
    """Raises UserError for a category that is no name, and that no taxonomy has."""
    for name in class_map if isinstance(class_map, Mapping) else ():
        if not isinstance(name, str):
            raise refusal(f"the class map: a category is a name, not {name!r}")
        if flaw := name_flaw(name):
            raise refusal(f"the class map: the category {name!r}: {flaw.message}")


def _check_project(image: str, colours: ClassMap, settings: Settings, project: Facts) -> None:
    """Raises UserError when the project takes no masks, or lacks a category."""
    known_type = project.type if project.type in PROJECT_TYPES else ""
    rules = MaskRules(known_type, read_taxonomy(list(project.categories)))
    labels = MaskLabels((), "", tuple(colours), NAMED_BY)
    problems = list(rules.problems(Entry(image, (image,), labels, settings, Location("")), labels))
    if problems:
        raise UserError(problems)


def _check_size(size: tuple[int, int], image: str) -> None:
    """Raises MaskError for an image of another size; one that is not there has its own error."""
    with suppress(OSError, ValueError):
        shown, (head, _) = shown_size(image), read_bytes(image)
        check_same_size(size, shown, is_turned=is_turned(head, shown))

"""The two sides of a change of labels: as they are declared, at the project, or kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, assert_never

from rbsync.applier.content import nothing_kept
from rbsync.applier.mask_text import read_label_files
from rbsync.applier.present_masks import present_mask
from rbsync.applier.snapshot import Document, ReadContent
from rbsync.backends.base import TaskContent
from rbsync.errors import RbsyncError
from rbsync.files.body import read_whole
from rbsync.files.roots import Roots
from rbsync.label_changes.change_kinds import LabelChanges
from rbsync.label_changes.label_content import LabelContent, compare, content_of
from rbsync.mask_formats.reading import read_class_index
from rbsync.mask_formats.recipe import read_recipe
from rbsync.masks.label_maps import LabelMap
from rbsync.masks.seen_masks import of_files
from rbsync.masks.size import shown_size
from rbsync.masks.volumes.label_volume import LabelVolume
from rbsync.masks.volumes.segmentation_recipe import by_series, check_turned, read_study
from rbsync.model.datapoint import Datapoint, Labels
from rbsync.model.fingerprint import Algorithm
from rbsync.sync.revision_dataset import Declared

LIMIT = 1 << 30
NOTHING = LabelContent()
Side = Callable[[], LabelContent]


def label_changes(
    before: Side, after: Side, size: tuple[int, int] | None = None
) -> LabelChanges | None:
    """Says in what two sides differ; None where one cannot be read any more."""
    # Whatever is wrong with a side: that labels differ is known, and more is a kindness. A file of
    # before that nobody could read then must not end a comparison of all others.
    with suppress(RbsyncError, OSError, ValueError, KeyError, TypeError, RecursionError):
        return compare(before(), after(), size)
    return None


def changes_between(before: Declared, after: Declared, name: str) -> LabelChanges | None:
    """Says in what the labels of a name differ in two versions, whose files are known by SHA-256.

    None where one of them cannot be read: else all would be told as new or gone.
    """
    sides = side_of(before, name), side_of(after, name)
    if sides[0] is None or sides[1] is None:
        return None
    known = after if name in after.datapoints else before
    size = picture_size(known.datapoints.get(name), known.roots)
    return label_changes(sides[0], sides[1], size)


def side_of(version: Declared, name: str) -> Side | None:
    """The labels of a name in a version; None where nobody can read them."""
    if task := version.tasks.get(name):
        return partial(present_content, task)
    if version.roots is None or name not in version.datapoints:
        return None
    labels = version.datapoints[name].labels
    return partial(declared_content, labels, version.roots, "sha256", nothing_kept)


def declared_content(
    labels: Labels | None, roots: Roots, algorithm: Algorithm, kept: ReadContent
) -> LabelContent:
    """The content of declared labels. Raises OSError, ValueError, RbsyncError."""
    if labels is None:
        return NOTHING
    match labels.kind:
        case "objects":
            return content_of(_objects(labels, roots, algorithm))
        case "mask":
            files, contents = read_label_files(roots, labels, algorithm)
            named, recipe = _there(files), labels.inline
            make = partial(read_class_index, read_recipe(recipe), named)
            return LabelContent(picture=of_files(recipe, contents, make))
        case "segmentation":
            files, _ = read_label_files(roots, labels, algorithm)
            return LabelContent(volumes=study_volumes(labels, _there(files)))
        case "kept":
            return kept_content({"labels": json.loads(labels.inline)}, kept)
        case never:
            assert_never(never)


def _there(files: Any) -> Any:
    if files is None:
        raise ValueError("the files are not there, or not the planned ones any more")
    return files


def _objects(labels: Labels, roots: Roots, algorithm: Algorithm) -> list[dict[str, Any]]:
    if not labels.inputs:
        return object_list(labels.inline)
    files, _ = read_label_files(roots, labels, algorithm)
    return object_list(_there(files)[0].data)


def object_list(text: str | bytes) -> list[dict[str, Any]]:
    """The LabelObjects of a JSON text. Raises ValueError for what is none."""
    found = json.loads(text or "[]")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError("these are no labels")
    return found


def study_volumes(labels: Labels, files: Any) -> Mapping[int, LabelVolume]:
    """The label maps of a study by series, from its files. Raises MaskError."""
    found = {}
    for one, own in by_series(read_study(labels.inline), files):
        checked = check_turned(own, one)
        if checked.volume is None:
            raise checked.problems[0]
        if checked.volume.names:
            found[one.series] = checked.volume
    return found


def present_content(found: TaskContent | None, *, as_mask: bool = False) -> LabelContent:
    """The labels that the project has. Raises BackendError, ValueError, UserError.

    With ``as_mask`` labels that are nothing but one mask are a picture, and are read in half of
    the time.
    """
    if found is None:
        return NOTHING
    if as_mask and (drawn := present_mask(found)) is not None:
        return LabelContent(picture=drawn)
    maps = [LabelMap(one.series, one.read()) for one in found.maps]
    return content_of(object_list(found.labels), maps)


def kept_content(document: Document, read: ReadContent) -> LabelContent:
    """The labels that the history kept. Raises StoreError, ValueError, KeyError, UserError."""
    kept = document["labels"]
    maps = [LabelMap(series, read(name)) for series, name in kept["maps"]]
    return content_of(object_list(read(kept["json"]).decode("utf-8", "surrogatepass")), maps)


def picture_size(datapoint: Datapoint | None, roots: Roots | None) -> tuple[int, int] | None:
    """The (width, height) of a datapoint's one picture, None where that cannot be told."""
    local = [one for one in datapoint.items if one.is_local] if datapoint else []
    if len(local) != 1 or roots is None:
        return None
    with suppress(RbsyncError, OSError, ValueError):
        data, _ = read_whole(roots, local[0].ref, "xxh3", LIMIT)
        return shown_size(data)
    return None

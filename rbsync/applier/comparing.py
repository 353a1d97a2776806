"""The comparison of a datapoint at the project with a fingerprint.

Labels and settings are fingerprinted anew from what the project has. Pixel labels are drawn for
it and label maps fetched, since the fingerprint of a mask is that of the picture, however it was
sent, and that of a segmentation is that of its voxels. In which stage a task is does not count,
for people move tasks on, nor do ids of labels, or of their classes, that were given without.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from rbsync.applier.present_masks import present_mask
from rbsync.backends.base import StoredMap, TaskContent
from rbsync.backends.left import UNNOTED, has_labels_noted, has_settings, only_members
from rbsync.labels.normal import read_labels
from rbsync.labels.old_flags import as_before
from rbsync.model.datapoint import REMOTE, Settings
from rbsync.model.fingerprint import (
    FACETS,
    Algorithm,
    Facet,
    Fingerprint,
    algorithm_of,
    digest,
    of_items,
    of_value,
    without_pin,
)

_OUTLINED = frozenset({"category", "attributes", "pixel"})
_IDS = ("labelid", "classid")
_UNESCAPED = "/:?#[]@!$&'()*+,;=%~"
_MAPPED = frozenset({"category", "attributes", "volumeindex", "dicom"})


def differing(
    found: TaskContent,
    known: Sequence[Fingerprint],
    *,
    facets: Sequence[Facet] = FACETS,
    declared: Settings | None = None,
) -> tuple[Facet, ...]:
    """The facets, of those given, in which a datapoint is like none of the fingerprints.

    Content that the backend cannot tell is taken for what the stamp says, and for right where the
    stamp is gone. Single settings that are as ``declared`` are no difference, whoever made them so.
    """
    return tuple(
        facet
        for facet in facets
        if not any(_agrees(found, facet, getattr(one, facet), declared) for one in known)
    )


def has_moved_on(found: TaskContent, left: Sequence[Fingerprint]) -> bool:
    """Tells whether a datapoint is ground truth now that was left to be worked on."""
    if not found.task.ground_truth:
        return False
    return not any(has_settings(found, one.settings, truths=(True,)) for one in left)


def _agrees(found: TaskContent, facet: Facet, wanted: str, declared: Settings | None) -> bool:
    stamp = found.task.stamp
    if facet == "items" and stamp is not None and found.contents is None:
        return stamp.items == wanted
    match facet:
        case "items":
            return _has_items(found, wanted)
        case "labels":
            return _has_labels(found, wanted)
        case "settings":
            return has_settings(found, wanted, declared=declared)


def _has_items(found: TaskContent, wanted: str) -> bool:
    if found.contents is None:
        return True
    algorithm, known = algorithm_of(wanted), without_pin(wanted)
    every = _forms_of(found.contents)
    return any(of_items(one, algorithm, found.series) == known for one in every)


def _forms_of(contents: Sequence[str]) -> Iterator[Sequence[str]]:
    """Contents, with refs in the forms in which a service may give them back.

    URLs have some characters escaped or not; keys of buckets begin with a slash or do not, or are
    addresses.
    """
    yield contents
    if not all(one.startswith(REMOTE) for one in contents):
        return
    refs = [one.removeprefix(REMOTE) for one in contents]
    plain = [unquote(one) for one in refs]
    bare = [one.lstrip("/") for one in refs]
    escaped = [quote(one, safe=_UNESCAPED) for one in plain]
    keys = [unquote(urlsplit(one).path).lstrip("/") for one in refs]
    for form in (plain, escaped, bare, [f"/{one}" for one in bare], keys):
        if form != refs:
            yield [REMOTE + one for one in form]


def _has_labels(found: TaskContent, wanted: str) -> bool:
    if _is_drawn_so(found, wanted):
        return True
    try:
        labels = read_labels(found.labels)
    except (ValueError, RecursionError):
        return False
    # No labels have the empty fingerprint, and not that of an empty list.
    if not labels and not wanted:
        return True
    algorithm = algorithm_of(wanted)
    variants = [labels]
    if found.left.members not in ((), UNNOTED):
        variants.append(only_members(labels, found.left.members))
    # An empty list may come back as null, which is none.
    variants += [_with_lists(one) for one in variants if "attributes" in found.left.members]
    # The labels of a file may have the flags of old, which are not sent as they are.
    variants += [old for one in variants if (old := as_before(one)) != one]
    if any(_are(one, found, wanted, algorithm) for one in variants):
        return True
    return has_labels_noted(found, labels, wanted)


def _is_drawn_so(found: TaskContent, wanted: str) -> bool:
    """Tells whether labels are a mask of that fingerprint, as they are written."""
    index = present_mask(found) if wanted else None
    if index is None:
        return False
    from rbsync.masks.identity import identity

    return identity(index, algorithm_of(wanted)) == wanted


def _with_lists(labels: list[Any]) -> list[Any]:
    return [
        {**one, "attributes": []} if isinstance(one, dict) and "attributes" not in one else one
        for one in labels
    ]


def _are(labels: list[Any], found: TaskContent, wanted: str, algorithm: Algorithm) -> bool:
    if wanted in _drawn(_without(labels, *_IDS), found.maps, algorithm):
        return True
    if _print_of_labels(labels, found.maps, algorithm) == wanted:
        return True
    # The service gives ids where there were none, and a manifest may give one kind of them.
    every = (_without(labels, *ids) for ids in ((), _IDS, _IDS[:1], _IDS[1:]))
    return not found.maps and any(of_value(one, algorithm) == wanted for one in every)


def fingerprint_of(found: TaskContent, algorithm: Algorithm) -> Fingerprint:
    """The fingerprint of what a datapoint has now, whoever made it.

    Reads its label maps. Content that the backend cannot tell is taken for what the stamp says.
    """
    task = found.task
    items = task.stamp.items if task.stamp else ""
    if found.contents is not None:
        items = of_items(found.contents, algorithm, found.series)
        # Where the items are still those that were sent, so are the versions of them.
        if task.stamp and without_pin(task.stamp.items) == items:
            items = task.stamp.items
    try:
        labels = read_labels(found.labels or "[]")
    except (ValueError, RecursionError):
        labels = found.labels
    settings = task.settings(found.storages[0])
    return Fingerprint(
        items,
        _print_of_labels(labels, found.maps, algorithm) if labels else "",
        settings.fingerprint(algorithm),
    )


def _print_of_labels(labels: Any, maps: Sequence[StoredMap], algorithm: Algorithm) -> str:
    if not maps:
        return of_value(labels, algorithm)
    files = [[one.series, digest(one.read(), algorithm)] for one in maps]
    return of_value([labels, files], algorithm)


def _without(labels: list[Any], *ids: str) -> list[Any]:
    """The labels without some of the ids that the service may have given them."""
    return [
        {key: one for key, one in label.items() if key not in ids}
        if isinstance(label, dict)
        else label
        for label in labels
    ]


def _drawn(labels: list[Any], maps: Sequence[StoredMap], algorithm: Algorithm) -> tuple[str, ...]:
    """The fingerprints of what labels show when they are drawn; none when they show nothing."""
    from rbsync.masks import MaskError
    from rbsync.masks.identity import identity_of_labels
    from rbsync.masks.label_maps import LabelMap, identities_of

    try:
        if maps and _are_all(labels, "dicom", _MAPPED):
            fetched = [LabelMap(one.series, one.read()) for one in maps]
            return identities_of(labels, fetched, algorithm)
        if not maps and _are_all(labels, "pixel", _OUTLINED):
            return (identity_of_labels(labels, algorithm),)
    # What cannot be drawn is compared by its text.
    except MaskError:
        pass
    return ()


def _are_all(labels: list[Any], kind: str, members: frozenset[str]) -> bool:
    """Tells whether labels may be those that files were made into, with nothing added since."""
    return bool(labels) and all(
        isinstance(one, dict)
        and kind in one
        and not one.get("attributes")
        and one.keys() <= members
        for one in labels
    )

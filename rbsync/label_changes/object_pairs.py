"""Two lists of labels, compared label by label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rbsync.label_changes.change_kinds import AttributeChange, ObjectChange
from rbsync.label_changes.geometry_places import (
    KINDS,
    OTHER,
    Label,
    is_in_fractions,
    member_of,
    place_of,
)
from rbsync.label_changes.pairing import category_of, pairs_of
from rbsync.labels.normal import normal_labels
from rbsync.model.fingerprint import canonical_json

Size = tuple[int, int]

# What a service gives to each label it keeps, and what is compared elsewhere.
_NOT_COMPARED = frozenset({"labelid", "classid", "category", "attributes", *KINDS})


def objects_changed(
    before: Sequence[Label], after: Sequence[Label], size: Size | None = None
) -> tuple[ObjectChange, ...]:
    """The labels that were added, removed and changed.

    ``size`` (width, height) is that of the picture in pixels, None where it is not known.
    """
    pairs = pairs_of(before, after)
    gone = {*range(len(before))} - {one for one, _ in pairs}
    come = {*range(len(after))} - {other for _, other in pairs}
    changed = (_change(before[one], after[other], size) for one, other in sorted(pairs))
    return (
        *(ObjectChange("added", kind_of(after[at]), category_of(after[at])) for at in sorted(come)),
        *(
            ObjectChange("removed", kind_of(before[at]), category_of(before[at]))
            for at in sorted(gone)
        ),
        *(one for one in changed if one is not None),
    )


def kind_of(label: Label) -> str:
    """The word for what a label is."""
    return KINDS.get(member_of(label), OTHER)


def _change(old: Label, new: Label, size: Size | None) -> ObjectChange | None:
    moved, reshaped = _moved(old, new, size)
    category = category_of(new)
    was = category_of(old) if category_of(old) != category else ""
    attributes = tuple(_attributes(old, new))
    others = tuple(_others(old, new))
    if moved is None and not (reshaped or was or attributes or others):
        return None
    in_pixels = bool(size) and is_in_fractions(new)
    kind = kind_of(new)
    return ObjectChange(
        "changed", kind, category, moved, in_pixels, reshaped, was, attributes, others
    )


def _moved(old: Label, new: Label, size: Size | None) -> tuple[float | None, bool]:
    """The distance that a label went, None for not at all, and whether its shape is another one."""
    member = member_of(new)
    if member != member_of(old):
        return None, True
    # The pixels of a mask are counted class by class.
    if not member or member == "pixel" or _same(old[member], new[member]):
        return None, False
    here, there = place_of(old), place_of(new)
    if here is None or there is None or len(here.low) != len(there.low):
        return None, True
    scale = size if size and is_in_fractions(new) else ()
    gone = here.distance(there, scale)
    resized = any(
        abs((b - a) - (d - c)) > 1e-9
        for a, b, c, d in zip(here.low, here.high, there.low, there.high, strict=True)
    )
    # An outline that differs within the same box has another shape: else nothing would be told.
    return (gone if gone > 1e-9 else None), resized or gone <= 1e-9


def _attributes(old: Label, new: Label) -> Iterator[AttributeChange]:
    had, has = _by_name(old), _by_name(new)
    for name in dict.fromkeys((*had, *has)):
        if not _same(had.get(name), has.get(name)):
            yield AttributeChange(name, had.get(name), has.get(name))


def _by_name(label: Label) -> Mapping[str, Any]:
    found = label.get("attributes")
    given = found if isinstance(found, list | tuple) else ()
    return {str(one.get("name")): one.get("value") for one in given if isinstance(one, dict)}


def _others(old: Label, new: Label) -> Iterator[str]:
    for member in sorted({*old, *new} - _NOT_COMPARED):
        if not _same(old.get(member), new.get(member)):
            yield member


def _same(one: Any, other: Any) -> bool:
    return canonical_json(normal_labels(one)) == canonical_json(normal_labels(other))

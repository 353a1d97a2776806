"""Changes of labels in words: `penny +20 px (IoU 0.981), 1 box moved (car, 12 px)`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from rbsync.label_changes.change_kinds import (
    AttributeChange,
    ClassChange,
    LabelChanges,
    ObjectChange,
)

MOST = 8
"""Parts of a sentence; what is more is counted."""
Between = tuple[str, str]
"""The names of the two sides of a comparison."""
BEFORE_AFTER: Between = ("before", "after")
THERE_HERE: Between = ("at the project", "as declared")
"""Of a conflict none is before the other; both are after what was left at the project."""
LEFT_THERE: Between = ("as last left", THERE_HERE[0])
LEFT_HERE: Between = ("as last left", THERE_HERE[1])
_LONGEST = 40
_PLURALS = {"box": "boxes", "label": "labels"}


def told(changes: LabelChanges, most: int = MOST) -> str:
    """The changes in one line; empty where there are none."""
    parts = list(_parts(changes))
    shown = parts[:most]
    if len(parts) > most:
        shown.append(f"and {len(parts) - most:,} more")
    return ", ".join(shown)


def _parts(changes: LabelChanges) -> Iterator[str]:
    if changes.resized:
        yield changes.resized
    yield from (_of_class(one, changes) for one in changes.classes)
    ordered = sorted(changes.objects, key=_kind_of_change)
    for key, group in groupby(ordered, key=_kind_of_change):
        yield _of_objects(key, list(group))
    if changes.reordered:
        yield "other order"


def _of_class(one: ClassChange, changes: LabelChanges) -> str:
    if changes.resized:
        return f"{one.name} {one.before:,} to {one.after:,} {changes.unit}"
    signed = [f"+{one.gained:,}"] * bool(one.gained) + [f"-{one.lost:,}"] * bool(one.lost)
    remarks = ", ".join(_remarks(one))
    return f"{one.name} {' '.join(signed)} {changes.unit} ({remarks})"


def _remarks(one: ClassChange) -> Iterator[str]:
    if not one.before:
        yield "new"
    elif not one.after:
        yield "gone"
    else:
        yield f"IoU {_share(one.iou)}"
    for number, verb in ((one.regions_added, "added"), (one.regions_removed, "removed")):
        if number:
            yield f"{_many(number, 'region')} {verb}"


def _share(iou: float) -> str:
    # Never 1.000 for what is not the same, nor 0.000 for what has something in common.
    text = f"{iou:.3f}"
    if text == "1.000":
        # Cut off, not rounded: 0.9999999 would become 1.000000.
        return f"{int(iou * 1e6) / 1e6:.6f}"
    return f"{iou:.1e}" if text == "0.000" and iou else text


def _kind_of_change(one: ObjectChange) -> tuple[str, str]:
    what = [
        *(["moved"] if one.moved is not None else []),
        *(["reshaped"] if one.reshaped else []),
        *(["renamed"] if one.was else []),
        *(["attributes changed"] if one.attributes else []),
        *(["changed"] if one.others else []),
    ]
    return (" and ".join(what) or one.verb, one.kind)


def _of_objects(key: tuple[str, str], group: Sequence[ObjectChange]) -> str:
    verb, kind = key
    # Forty boxes of one category that were added are one detail, not forty equal ones.
    named = list(dict.fromkeys(map(_detail, group)))
    shown = "; ".join(filter(None, named[:3]))
    more = f"; … {len(named) - 3:,} more" if len(named) > 3 else ""
    return f"{_many(len(group), kind)} {verb}" + (f" ({shown}{more})" if shown else "")


def _detail(one: ObjectChange) -> str:
    category = f"{one.was} to {one.category}" if one.was else one.category
    changed = [_attribute(each) for each in one.attributes]
    return ", ".join(filter(None, [category, _distance(one), *changed, *one.others]))


def _distance(one: ObjectChange) -> str:
    if one.moved is None:
        return ""
    if one.in_pixels:
        return f"{one.moved:.0f} px" if one.moved >= 1 else "< 1 px"
    if one.kind in VOLUMETRIC:
        # The units of a volume are those of its files, and not known here.
        return f"by {one.moved:.3g}"
    return f"{one.moved:.1%} of the picture" if one.moved >= 0.001 else "< 0.1% of the picture"


VOLUMETRIC = frozenset({"3D point", "cuboid", "length", "angle"})
"""The kinds of objects whose places are no fractions of a picture."""


def _attribute(one: AttributeChange) -> str:
    return f"{one.name}: {_value(one.before)} to {_value(one.after)}"


def _value(value: Any) -> str:
    if value is None:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _many(number: int, what: str) -> str:
    return f"{number:,} {what if number == 1 else _PLURALS.get(what, what + 's')}"

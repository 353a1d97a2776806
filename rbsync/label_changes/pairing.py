"""Which label of now is which label of before: by its id, else by what it is and where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence

from rbsync.label_changes.geometry_places import Label, Place, member_of, place_of
from rbsync.labels.normal import normal_labels
from rbsync.model.fingerprint import canonical_json

Pair = tuple[int, int]
Key = Callable[[Label], Hashable]

MOST = 1 << 20
"""Pairs that are looked at for the nearest; of more labels the rest count as new and gone."""
_NEAR = 0.05
"""How far a point of a picture may go and be the same one, in fractions of it."""


def pairs_of(before: Sequence[Label], after: Sequence[Label]) -> list[Pair]:
    """Pairs of places in both lists that are of one label; no place is in two pairs.

    What has the same id is the same. Then come labels that are equal, then those of equal shape,
    then the nearest ones of one category and kind that could be the same one.
    """
    found: list[Pair] = []
    # The surest first: a label that is equal to one must not be taken by another that is only near.
    for key in (_by_id, _by_all, _by_category_and_shape, _by_shape):
        found += _equal(before, after, found, key)
    return [*found, *_nearest(before, after, found)]


def is_reordered(before: Sequence[Label], after: Sequence[Label]) -> bool:
    """Tells whether labels, all of which are in both lists, stand in another order."""
    return any(one != other for one, other in pairs_of(before, after))


def category_of(label: Label) -> str:
    """The category for people, from below the root; empty where there is none."""
    try:
        return "/".join(str(one) for one in label["category"][0][1:])
    except (KeyError, IndexError, TypeError):
        return ""


def _by_id(label: Label) -> Hashable:
    found = label.get("labelid")
    return found if isinstance(found, str) and found else None


def _by_all(label: Label) -> Hashable:
    # A service gives new ids to labels that are sent anew.
    rest = {key: one for key, one in label.items() if key not in ("labelid", "classid")}
    return canonical_json(normal_labels(rest))


def _by_shape(label: Label) -> Hashable:
    member = member_of(label)
    return (member, canonical_json(label[member])) if member else None


def _by_category_and_shape(label: Label) -> Hashable:
    # The classification of a picture has no shape, and is known by its category.
    return (category_of(label), _by_shape(label), label.get("trackid"), label.get("frameindex"))


def _equal(
    before: Sequence[Label], after: Sequence[Label], found: Sequence[Pair], key: Key
) -> Iterator[Pair]:
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    for at in _left(before, {one for one, _ in found}):
        if (wanted := key(before[at])) is not None:
            waiting[wanted].append(at)
    # Of several that are alike the first is the first, so that each is named once.
    for row in waiting.values():
        row.reverse()
    for at in _left(after, {other for _, other in found}):
        if (wanted := key(after[at])) is not None and waiting.get(wanted):
            yield waiting[wanted].pop(), at


def _left(labels: Sequence[Label], taken: set[int]) -> Iterator[int]:
    return (at for at in range(len(labels)) if at not in taken)


def _nearest(
    before: Sequence[Label], after: Sequence[Label], found: Sequence[Pair]
) -> Iterator[Pair]:
    ours = _places(before, {one for one, _ in found})
    theirs = _places(after, {other for _, other in found})
    for kind, old in ours.items():
        new = theirs.get(kind, [])
        # Ten thousand points on each side are 100 million distances, which no plan may wait for.
        if len(old) * len(new) <= MOST:
            yield from _greedy(old, new)


def _places(
    labels: Sequence[Label], taken: set[int]
) -> dict[tuple[str, str], list[tuple[int, Place]]]:
    found: dict[tuple[str, str], list[tuple[int, Place]]] = defaultdict(list)
    for at in _left(labels, taken):
        if place := place_of(labels[at]):
            found[category_of(labels[at]), member_of(labels[at])].append((at, place))
    return found


def _greedy(old: list[tuple[int, Place]], new: list[tuple[int, Place]]) -> Iterator[Pair]:
    """The pairs that may be one thing, nearest first."""
    close = sorted(
        (here.distance(there), one, other)
        for one, here in old
        for other, there in new
        if _may_be_one(here, there)
    )
    gone: set[int] = set()
    come: set[int] = set()
    for _, one, other in close:
        if one not in gone and other not in come:
            gone.add(one)
            come.add(other)
            yield one, other


def _may_be_one(here: Place, there: Place) -> bool:
    if len(here.low) != len(there.low):
        return False
    sizes = [[b - a for a, b in zip(one.low, one.high, strict=True)] for one in (here, there)]
    same = all(abs(one - other) < 1e-6 for one, other in zip(*sizes, strict=True))
    # A box that was pushed over the picture keeps its size; one that was drawn anew has another.
    is_point = not any(sizes[0])
    return here.meets(there) or (same and (not is_point or here.distance(there) <= _NEAR))

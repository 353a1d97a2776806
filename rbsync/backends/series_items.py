"""Which of a datapoint's items are of which series, as indices into the one list of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain

from rbsync.backends.base import Draft


def series_of(draft: Draft) -> list[list[int]]:
    """The indices of the items of each series; empty where nobody needs to be told.

    Label maps belong to a series, so a datapoint that has some has at least one.
    """
    if draft.series:
        return indices_of(draft.series)
    with_maps = draft.labels is not None and draft.labels.files
    return indices_of([len(draft.items)]) if with_maps and draft.items else []


def indices_of(sizes: Sequence[int]) -> list[list[int]]:
    """The indices of series of these sizes."""
    ends = list(accumulate(sizes))
    return [list(range(end - size, end)) for end, size in zip(ends, sizes, strict=True)]


def sizes_of(series: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The sizes of series; those that are not one after the other equal none that we make."""
    in_order = list(chain.from_iterable(series)) == list(range(sum(map(len, series))))
    # Two of a size that no series has: series in another order are found to differ, whatever they
    # are compared with.
    return tuple(map(len, series)) if in_order else (-1, -1)

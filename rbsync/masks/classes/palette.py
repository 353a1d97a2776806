"""Colours for categories that have none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from rbsync.masks.classes.class_map import BLACK, ClassMap, Colour, read_class_map, unpack

# Odd, so that its multiples are all distinct, and near the golden ratio of 2**24, so that
# neighbours differ much.
_STEP = 0x9E3779


def complete_class_map(
    categories: Iterable[str],
    known: Mapping[str, Sequence[float]] | None = None,
    *,
    avoid: Collection[Colour] = (BLACK,),
) -> ClassMap:
    """A class map of all ``categories``, in their order, each with a colour of its own.

    Those in ``known`` keep theirs; the others get colours that are neither taken nor in ``avoid``,
    the same ones for the same arguments. There is room for 16,777,215 categories. Raises
    MaskError when two of the known share a colour.
    """
    given = read_class_map(known or {})
    taken = {*given.values(), *avoid}
    number = 0
    class_map: ClassMap = {}
    for category in categories:
        colour = given.get(category)
        # The step visits every colour once, so that this ends as long as one is left.
        while colour is None:
            number += 1
            candidate = unpack(number * _STEP & 0xFFFFFF)
            colour = None if candidate in taken else candidate
        taken.add(colour)
        class_map[category] = colour
    return class_map

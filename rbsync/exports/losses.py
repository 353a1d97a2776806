"""The losses of an exported mask: labels say more than one class a pixel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rbsync.labels.project_types import KINDS
from rbsync.masks.encodings.label_objects import category_name
from rbsync.masks.encodings.overlaps import Hidden, hidden_pixels
from rbsync.masks.error import many


class Loss(NamedTuple):
    """``merged`` has how many labels of a category became one class, ``left_out`` how many
    labels of each kind are in no file, ``attributes`` how many labels had some, ``hidden`` how many
    pixels of a category are under each other one; of those ``unseen`` not one pixel is seen.
    """

    name: str
    merged: Mapping[str, int]
    left_out: Mapping[str, int]
    attributes: int
    hidden: Mapping[str, Mapping[str, int]]
    unseen: Sequence[str]

    def __str__(self) -> str:
        return f"not all of {self.name} is in its files: {'; '.join(self._parts())}"

    def _parts(self) -> Iterator[str]:
        for category, over in self.hidden.items():
            yield self._hidden(category, over)
        for category, count in self.merged.items():
            yield f"{count:,} labels of `{category}` are one class"
        if self.left_out:
            kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.left_out.items())
            yield f"left out: {kinds}"
        if self.attributes:
            labels = "1 label" if self.attributes == 1 else f"{self.attributes:,} labels"
            yield f"left out: the attributes of {labels}"

    def _hidden(self, category: str, over: Mapping[str, int]) -> str:
        places = " and ".join(
            f"{many(pixels, 'pixel')} of `{category}` {_is(pixels)} under `{name}`"
            for name, pixels in over.items()
        )
        return f"{places}, so that nothing of it is seen" if category in self.unseen else places


def loss_of(
    name: str, labels: Sequence[dict[str, Any]], held: str, *, is_picture: bool
) -> Loss | None:
    """Returns what is lost of labels of which those of the kind ``held`` are written; None if
    nothing is.

    In a picture the labels of a category are one class; in a volume each keeps its value.
    """
    kinds = [kind for label in labels for kind in label if kind in KINDS and label[kind]]
    written = [one for one in labels if one.get(held) is not None] if is_picture else []
    categories = Counter(map(category_name, written))
    hidden = hidden_pixels(written)
    found = Loss(
        name,
        {category: count for category, count in categories.items() if count > 1},
        dict(Counter(kind for kind in kinds if kind != held)),
        sum(1 for one in labels if one.get("attributes")),
        _by_category(hidden),
        sorted({one.category for one in hidden if one.is_all}),
    )
    return found if any(found[1:]) else None


def _by_category(hidden: Sequence[Hidden]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for one in hidden:
        found.setdefault(one.category, {})[one.under] = one.pixels
    return found


def _is(number: int) -> str:
    return "is" if number == 1 else "are"

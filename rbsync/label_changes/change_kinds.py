"""The values that say what changed in labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Unit = Literal["px", "voxels"]
Verb = Literal["added", "removed", "changed"]


class ClassChange(NamedTuple):
    """A class that gained or lost pixels or voxels.

    ``before`` and ``after`` are how many it has. ``regions_added`` are those of its regions now
    that share nothing with what it was, ``regions_removed`` those then that share nothing with
    what it is. A region is what hangs together, over corners too.
    """

    name: str
    gained: int
    lost: int
    before: int
    after: int
    regions_added: int = 0
    regions_removed: int = 0

    @property
    def iou(self) -> float:
        """The cells that both have in common, as a part of what either has: from 0 to 1."""
        return (self.before - self.lost) / (self.before + self.gained)


class AttributeChange(NamedTuple):
    """An attribute with another value; None where there is no such attribute."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """A label of its own, such as a box, that was added, removed or changed.

    ``kind`` says what it is in a word. ``moved`` is how far its middle went: in pixels where
    ``in_pixels``, else in fractions of the picture, or in the units of a volume; None where it
    stayed. ``reshaped`` says that its size or outline is another one. ``was`` is its category
    before, empty where that is the same. ``others`` are further members that differ.
    """

    verb: Verb
    kind: str
    category: str
    moved: float | None = None
    in_pixels: bool = False
    reshaped: bool = False
    was: str = ""
    attributes: tuple[AttributeChange, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelChanges:
    """All in which two contents of labels differ.

    ``resized`` says that pictures or volumes of two sizes or places cannot be compared pixel by
    pixel; then classes only have their numbers before and after. ``reordered`` says that the
    labels stand in another order, and differ in nothing else.
    """

    classes: tuple[ClassChange, ...] = ()
    unit: Unit = "px"
    objects: tuple[ObjectChange, ...] = ()
    resized: str = ""
    reordered: bool = False

    def __bool__(self) -> bool:
        return bool(self.classes or self.objects or self.resized or self.reordered)

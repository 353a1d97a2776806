"""Changes of labels in documents."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from rbsync.label_changes.change_kinds import LabelChanges, Unit, Verb
from rbsync.label_changes.change_wording import told
from rbsync.shapes.models import Part


class ClassChangePart(Part):
    """A class that gained or lost pixels or voxels."""

    name: str
    gained: int
    lost: int
    before: int = Field(description="How many it had.")
    after: int = Field(description="How many it has.")
    iou: float = Field(description="What both have in common, as a part of what either has.")
    regions_added: int = Field(description="Regions that share nothing with what was before.")
    regions_removed: int = Field(description="Regions that share nothing with what is now.")


class AttributeChangePart(Part):
    """An attribute with another value; null where there is none."""

    name: str
    before: Any
    after: Any


class ObjectChangePart(Part):
    """A label of its own that was added, removed or changed."""

    verb: Verb
    kind: str = Field(examples=["box"])
    category: str
    moved: float | None = Field(description="How far its middle went; null where it stayed.")
    in_pixels: bool = Field(description="That is in pixels, else in fractions of the picture.")
    reshaped: bool = Field(description="Its size or outline is another one.")
    was: str = Field(description="Its category before; empty where that is the same.")
    attributes: list[AttributeChangePart]
    others: list[str] = Field(description="Further members that differ.")


class LabelChangesPart(Part):
    """All in which labels differ from those before."""

    text: str = Field(description="The same in one line.")
    unit: Unit = Field(description="What classes are counted in.")
    classes: list[ClassChangePart]
    objects: list[ObjectChangePart]
    resized: str = Field(description="Why classes are only counted, and not compared; or empty.")
    reordered: bool = Field(description="They differ in nothing but their order.")


def label_changes_json(changes: LabelChanges) -> dict[str, Any]:
    """Changes as a `LabelChangesPart`."""
    return {
        "text": told(changes),
        "unit": changes.unit,
        "classes": [{**one._asdict(), "iou": round(one.iou, 6)} for one in changes.classes],
        "objects": [
            {
                "verb": one.verb,
                "kind": one.kind,
                "category": one.category,
                "moved": None if one.moved is None else round(one.moved, 6),
                "in_pixels": one.in_pixels,
                "reshaped": one.reshaped,
                "was": one.was,
                "attributes": [each._asdict() for each in one.attributes],
                "others": list(one.others),
            }
            for one in changes.objects
        ],
        "resized": changes.resized,
        "reordered": changes.reordered,
    }

"""The members that a label may have, each with its check.

Source: the service's page on LabelObject of November 2021, and the labels of the public SDK
2.35.4 for those that came later.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rbsync.labels.attributes import attributes_check
from rbsync.labels.category import category_check
from rbsync.labels.geometries import PLANE, VOLUME, pixel
from rbsync.labels.problem import FINE, Check, LabelProblem
from rbsync.labels.project_types import CLASSIFY_KINDS
from rbsync.labels.scalars import any_text, flag, text, whole, wrong_type
from rbsync.labels.taxonomy import Attribute

FRAME_MEMBERS: dict[str, Check] = {
    "frameindex": whole(0),
    "trackid": text,
    "keyframe": flag,
    "end": flag,
}


def _statistics(value: object) -> Sequence[LabelProblem]:
    return FINE if isinstance(value, dict) else wrong_type(value, "an object")


_OTHERS: dict[str, Check] = {
    "labelid": text,
    "ocrvalue": any_text,
    "classid": whole(0),
    "volumeindex": whole(0),
    "globalitemsindex": whole(0),
    "seriesframeindex": whole(0),
    "linkid": text,
    "readonly": flag,
    "stats": _statistics,
}


def members(categories: Collection[str], attributes: Collection[Attribute]) -> dict[str, Check]:
    """All members of a label and their checks, for a project's taxonomy."""
    return {
        "category": category_check(categories),
        "attributes": attributes_check(attributes),
        **PLANE,
        "pixel": pixel,
        **VOLUME,
        **dict.fromkeys(sorted(CLASSIFY_KINDS), flag),
        **FRAME_MEMBERS,
        **_OTHERS,
    }

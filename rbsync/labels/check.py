"""Check a list of LabelObjects, each as a whole and in its members: all problems in one pass."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rbsync.labels.combinators import missing, record
from rbsync.labels.members import FRAME_MEMBERS, members
from rbsync.labels.problem import Check, LabelProblem, under
from rbsync.labels.project_types import CLASSIFY_KINDS, FRAME_KIND, KINDS, PLANE_KINDS, ProjectType
from rbsync.labels.project_types import project_type as type_named
from rbsync.labels.scalars import wrong_type
from rbsync.labels.taxonomy import Attribute

# A measurement in a volume, or the classification of a whole study, says something without a class.
_NEEDS_CATEGORY = PLANE_KINDS | {"taskclassify", FRAME_KIND}
_TRACK = ("frameindex", "trackid", "keyframe")
_ONLY_IN_VIDEOS = "only labels of a video have it"


def whole_label(
    label: Mapping[str, object], kinds: Sequence[str], allowed: ProjectType
) -> list[LabelProblem]:
    """The problems that are not those of one member. ``kinds`` are the label's."""
    found = [_wrong_kind(kind, allowed) for kind in kinds if kind not in allowed.kinds]
    if not kinds:
        found.append(_no_kind(allowed))
    if label.get("category") is None and not _NEEDS_CATEGORY.isdisjoint(kinds):
        found.append(missing("category", 'write it as [["object", "NAME"]]'))
    if allowed.medium == "VIDEO":
        found += _of_a_frame(label, kinds)
    # DICOM is between: a label there may say its frame and need not.
    elif not allowed.has_frames:
        found += _of_no_frame(label, allowed)
    return found


def _wrong_kind(kind: str, allowed: ProjectType) -> LabelProblem:
    message = f"does not belong in a project of type {allowed.name}"
    return LabelProblem("wrong-kind", message, (kind,), _what_it_takes(allowed))


def _no_kind(allowed: ProjectType) -> LabelProblem:
    message = "the label has neither a geometry nor a classification"
    return LabelProblem("no-kind", message, (), _what_it_takes(allowed))


def _what_it_takes(allowed: ProjectType) -> str:
    if not allowed.kinds:
        return "this type holds no labels"
    return "it takes " + ", ".join(sorted(allowed.kinds)) if allowed.name else ""


def _of_a_frame(label: Mapping[str, object], kinds: Sequence[str]) -> list[LabelProblem]:
    needed: Sequence[str] = ()
    if not CLASSIFY_KINDS.issuperset(kinds):
        needed = _TRACK
    elif FRAME_KIND in kinds:
        needed = ("frameindex",)
    return [missing(key, "labels of a video need it") for key in needed if label.get(key) is None]


def _of_no_frame(label: Mapping[str, object], allowed: ProjectType) -> list[LabelProblem]:
    message = f"does not belong in a project of type {allowed.name}"
    return [
        LabelProblem("not-a-video", message, (key,), _ONLY_IN_VIDEOS)
        for key in FRAME_MEMBERS
        if label.get(key) is not None
    ]


def check_labels(
    labels: object,
    *,
    project_type: str = "",
    categories: Collection[str] = (),
    attributes: Collection[Attribute] = (),
) -> list[LabelProblem]:
    """Returns what is wrong with the labels of one datapoint, in the order of their places.

    ``labels`` is a list of LabelObjects as parsed JSON; null stands for absent. ``categories``
    and ``attributes`` are those of the taxonomy; empty, any will do. Raises ValueError for a
    project type that does not exist.
    """
    if not isinstance(labels, list | tuple):
        return list(wrong_type(labels, "a list of labels"))
    allowed = type_named(project_type)
    check = record({}, members(categories, attributes))
    found: list[LabelProblem] = []
    seen: dict[str, int] = {}
    for at, label in enumerate(labels):
        problems = _check_label(label, check, allowed)
        problems += _check_id(label, at, seen)
        if problems:
            found += under(at, problems)
    return found


def _check_label(label: object, check: Check, allowed: ProjectType) -> list[LabelProblem]:
    if not isinstance(label, dict):
        return list(wrong_type(label, "an object"))
    kinds = [
        key
        for key, value in label.items()
        # `"taskclassify": false` is spelt out in exports, and is no classification.
        if key in KINDS and value is not None and value is not False
    ]
    return [*check(label), *whole_label(label, kinds, allowed)]


def _check_id(label: object, at: int, seen: dict[str, int]) -> list[LabelProblem]:
    labelid = label.get("labelid") if isinstance(label, dict) else None
    if not isinstance(labelid, str):
        return []
    # With one id for two labels nobody could say which of them a later change means.
    first = seen.setdefault(labelid, at)
    if first == at:
        return []
    message = f'"{labelid}" is the id of label {first} too'
    return [
        LabelProblem("duplicate-labelid", message, ("labelid",), "leave it out, or make it unique")
    ]

"""What a label must have as a whole: a kind that fits the project, a category, its frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rbsync.labels.members import FRAME_MEMBERS
from rbsync.labels.problem import LabelProblem
from rbsync.labels.project_types import CLASSIFY_KINDS, FRAME_KIND, PLANE_KINDS, ProjectType
from rbsync.labels.records import missing

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

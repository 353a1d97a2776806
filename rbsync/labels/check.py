"""Check a list of LabelObjects, each as a whole and in its members: all problems in one pass.

Source of the members: the service's page on LabelObject of November 2021, and the labels of the
public SDK 2.35.4 for those that came later.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice

from rbsync.labels.category import category_check
from rbsync.labels.combinators import list_of, missing, record
from rbsync.labels.geometries import PLANE, VOLUME, pixel
from rbsync.labels.problem import FINE, MOST, Check, LabelProblem, did_you_mean, under
from rbsync.labels.project_types import CLASSIFY_KINDS, FRAME_KIND, KINDS, PLANE_KINDS, ProjectType
from rbsync.labels.project_types import project_type as type_named
from rbsync.labels.scalars import (
    any_text,
    finite,
    flag,
    text,
    whole,
    wrong_type,
)
from rbsync.labels.taxonomy import Attribute
from rbsync.shapes.guards import is_number


def _plain(value: object) -> Sequence[LabelProblem]:
    if isinstance(value, str | bool):
        return FINE
    if isinstance(value, int | float):
        return finite(value)
    if isinstance(value, list | tuple):
        return list_of(_plain, "values")(value)
    return wrong_type(value, "a string, a number, true or false, or a list of those")


def _ids(value: object) -> Sequence[LabelProblem]:
    if isinstance(value, list | tuple):
        return list_of(whole(0), "option ids")(value)
    return whole(0)(value)


_record = record(
    {"name": text, "value": _plain},
    {"attrid": whole(0), "optionid": _ids},
)


def attributes_check(declared: Collection[Attribute]) -> Check:
    """A check for a label's attributes; any name will do when none is declared."""
    # Without declared ones all names pass: a manifest need not repeat the project's taxonomy.
    known = {one.name: one for one in declared}

    def one_check(value: object) -> Sequence[LabelProblem]:
        found = _record(value)
        if found or not known or not isinstance(value, dict):
            return found
        return _against_taxonomy(value["name"], value["value"], known)

    return list_of(one_check, "attributes")


def _against_taxonomy(
    name: str, value: object, known: Mapping[str, Attribute]
) -> Sequence[LabelProblem]:
    attribute = known.get(name)
    if attribute is None:
        message = f'"{name}" is not an attribute of the taxonomy'
        hint = did_you_mean(name, known)
        return (LabelProblem("unknown-attribute", message, ("name",), hint),)
    # A type that came after this was written is not refused: the service knows better.
    check = _BY_TYPE.get(attribute.type.upper())
    return under("value", check(value, attribute)) if check else FINE


def _option(value: object, attribute: Attribute) -> Sequence[LabelProblem]:
    if not isinstance(value, str):
        return wrong_type(value, "a string")
    # A taxonomy may be declared by names alone.
    if not attribute.options or value in attribute.options:
        return FINE
    message = f'"{value}" is not an option of {attribute.name}'
    return (LabelProblem("unknown-option", message, (), did_you_mean(value, attribute.options)),)


def _options(value: object, attribute: Attribute) -> Sequence[LabelProblem]:
    if isinstance(value, list | tuple):
        return list_of(lambda one: _option(one, attribute), "options")(value)
    return wrong_type(value, "a list of options")


def _number(value: object, _: Attribute) -> Sequence[LabelProblem]:
    return FINE if is_number(value) else wrong_type(value, "a number")


_BY_TYPE: dict[str, Callable[[object, Attribute], Sequence[LabelProblem]]] = {
    "BOOL": lambda value, _: flag(value),
    "TEXT": lambda value, _: any_text(value),
    "NUMBER": _number,
    "SELECT": _option,
    "MULTISELECT": _options,
}


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


# A measurement in a volume, or the classification of a whole study, says something without a class.
_NEEDS_CATEGORY = PLANE_KINDS | {"taskclassify", FRAME_KIND}
_OF_FRAMES = frozenset(FRAME_MEMBERS)
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
        return "this type holds no labels: leave them out"
    return "it takes " + ", ".join(sorted(allowed.kinds)) if allowed.name else ""


def _of_a_frame(label: Mapping[str, object], kinds: Sequence[str]) -> list[LabelProblem]:
    needed: Sequence[str] = ()
    if not CLASSIFY_KINDS.issuperset(kinds):
        needed = _TRACK
    elif FRAME_KIND in kinds:
        needed = ("frameindex",)
    return [missing(key, "labels of a video need it") for key in needed if label.get(key) is None]


def _of_no_frame(label: Mapping[str, object], allowed: ProjectType) -> list[LabelProblem]:
    if _OF_FRAMES.isdisjoint(label):
        return []
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
    check = label_check(project_type, categories, attributes)
    every = (one for at, label in enumerate(labels) for one in check(at, label))
    return list(islice(every, MOST))


def label_check(
    project_type: str, categories: Collection[str], attributes: Collection[Attribute]
) -> Callable[[int, object], Sequence[LabelProblem]]:
    """A check for the labels of one datapoint in their order, each with its place in the list.

    Raises ValueError for a project type that does not exist.
    """
    allowed = type_named(project_type)
    whole = record({}, members(categories, attributes))
    seen: dict[str, int] = {}

    def check(at: int, label: object) -> Sequence[LabelProblem]:
        problems = _check_label(label, whole, allowed) + _check_id(label, at, seen)
        return under(at, problems) if problems else FINE

    return check


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

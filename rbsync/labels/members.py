"""The members that a label may have, each with its check.

Source: the service's page on LabelObject of November 2021, and the labels of the public SDK
2.35.4 for those that came later.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from rbsync.labels.category import category_check
from rbsync.labels.combinators import list_of, record
from rbsync.labels.geometries import PLANE, VOLUME, pixel
from rbsync.labels.problem import FINE, Check, LabelProblem, did_you_mean, under
from rbsync.labels.project_types import CLASSIFY_KINDS
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

"""Good labels have no problem; one changed member has one, and its path points there."""

from __future__ import annotations

import copy
import json
from math import pi
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rbsync.labels.check import check_labels
from rbsync.labels.normal import normal_labels
from rbsync.model.fingerprint import of_value
from tests.labels.samples import FRAME

fractions = st.floats(0, 1) | st.integers(0, 1)
points = st.fixed_dictionaries({"xnorm": fractions, "ynorm": fractions})


@st.composite
def boxes(draw: st.DrawFn) -> dict[str, float]:
    x, y = draw(st.floats(0, 1)), draw(st.floats(0, 1))
    return {
        "xnorm": x,
        "ynorm": y,
        "wnorm": draw(st.floats(0, 1 - x)),
        "hnorm": draw(st.floats(0, 1 - y)),
    }


@st.composite
def pixels(draw: st.DrawFn) -> dict[str, Any]:
    width, height = draw(st.integers(1, 4000)), draw(st.integers(1, 4000))
    corner = st.tuples(st.integers(0, width), st.integers(0, height)).map(list)
    rings = st.lists(corner, min_size=3, max_size=6).filter(lambda ring: ring[0] != ring[-1])
    return {
        "imagesize": [width, height],
        "regions": draw(st.lists(rings, min_size=1, max_size=3)),
        "holes": draw(st.none() | st.lists(rings, max_size=2)),
    }


ellipses = st.fixed_dictionaries(
    {
        "xcenternorm": fractions,
        "ycenternorm": fractions,
        "xnorm": fractions,
        "ynorm": fractions,
        "rot": st.floats(0, pi, exclude_max=True),
    }
)
kinds = st.one_of(
    boxes().map(lambda one: {"bbox2d": one}),
    st.lists(points, min_size=3, max_size=8).map(lambda one: {"polygon": one}),
    st.lists(points, min_size=2, max_size=8).map(lambda one: {"polyline": one}),
    points.map(lambda one: {"point": one}),
    ellipses.map(lambda one: {"ellipse": one}),
    pixels().map(lambda one: {"pixel": one}),
    st.just({"taskclassify": True}),
)
words = st.text("aé\0[", max_size=4)
values = words | st.booleans() | st.integers() | st.lists(words, max_size=2)
attributes = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from(["side", "größe"]), "value": values}), max_size=2
)


@st.composite
def labels(draw: st.DrawFn) -> list[dict[str, Any]]:
    made = []
    for at in range(draw(st.integers(1, 4))):
        one: dict[str, Any] = {"category": [["object", draw(st.sampled_from(["car", "bus"]))]]}
        one |= draw(kinds)
        one |= {"labelid": f"id-{at}"} if draw(st.booleans()) else {}
        one |= {"attributes": draw(attributes)} if draw(st.booleans()) else {}
        one |= FRAME if draw(st.booleans()) else {}
        made.append(one)
    return made


def problems(made: object) -> list[tuple[str | int, ...]]:
    return [one.path for one in check_labels(made, categories=["car", "bus"])]


@given(labels())
def test_good_labels_have_no_problem(made: list[dict[str, Any]]) -> None:
    assert problems(made) == []


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of all members that have no members of their own."""
    if isinstance(value, dict):
        return [one for key, inner in value.items() for one in leaves(inner, (*path, key))]
    if isinstance(value, list):
        return [one for at, inner in enumerate(value) for one in leaves(inner, (*path, at))]
    return [path]


def put(made: Any, path: tuple[str | int, ...], value: object) -> None:
    for step in path[:-1]:
        made = made[step]
    made[path[-1]] = value


@given(labels(), st.data())
def test_a_spoilt_member_is_pointed_at(made: list[dict[str, Any]], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([one for one in leaves(made) if one[-1] != "holes"]))
    spoilt = copy.deepcopy(made)
    put(spoilt, path, {"not": "a value"})
    found = problems(spoilt)
    expected = path[:3] if "category" in path else path
    expected = path[:4] if path[1:2] == ("attributes",) else expected
    assert any(one[: len(expected)] == expected for one in found)
    assert all(one[0] == path[0] for one in found)


@given(labels(), st.data())
def test_a_bad_number_is_pointed_at(made: list[dict[str, Any]], data: st.DataObject) -> None:
    numbers = [one for one in leaves(made) if "pixel" in one or str(one[-1]).endswith("norm")]
    if not numbers:
        return
    path = data.draw(st.sampled_from(numbers))
    if path[-1] == "holes" or "imagesize" in path:
        return
    wrong = data.draw(st.sampled_from([-1, 4001.5, float("nan"), float("inf"), True, "1"]))
    put(made, path, wrong)
    assert path in problems(made)


everything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | words,
    lambda inner: st.lists(inner) | st.dictionaries(words, inner),
)


@given(everything)
@settings(max_examples=200)
def test_nothing_makes_the_check_fall_over(value: Any) -> None:
    kinds_of_mess = [value, [value], [{"bbox2d": value, "pixel": value, "category": value}]]
    kinds_of_mess += [[{"category": [value], "pixel": {"imagesize": value, "regions": [value]}}]]
    for mess in kinds_of_mess:
        for problem in check_labels(mess, project_type="VIDEO_MULTI", categories=["car"]):
            assert problem.message
            assert problem.code


@given(labels(), st.data())
def test_null_members_do_not_change_the_normal_form(
    made: list[dict[str, Any]], data: st.DataObject
) -> None:
    padded = copy.deepcopy(made)
    for one in padded:
        one |= dict.fromkeys(data.draw(st.lists(st.sampled_from(["stats", "linkid"]))))
    assert of_value(normal_labels(padded)) == of_value(normal_labels(made))


@given(labels())
def test_the_normal_form_is_its_own_and_survives_json(made: list[dict[str, Any]]) -> None:
    normal = normal_labels(made)
    assert normal_labels(normal) == normal
    assert of_value(json.loads(json.dumps(normal))) == of_value(normal)

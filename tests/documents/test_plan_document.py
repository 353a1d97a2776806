"""A plan that is written and read again is the same plan."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given

from rbsync.documents.parts import place_of
from rbsync.documents.plan_document import PlanDocument, plan_json, read_plan
from rbsync.documents.text import dump
from rbsync.errors import ExitCode, Location, UserError
from rbsync.model.plan import Plan
from tests.documents.documents import META, PLAN, PLANS

GOLDEN = Path(__file__).parents[1] / "golden/plan-v1.json"
SCHEMA = PlanDocument.model_json_schema(by_alias=True)


def written(plan: Plan) -> bytes:
    return dump(plan_json(plan, META)).encode()


def test_a_plan_is_written_as_it_was_in_version_1() -> None:
    assert written(PLAN) == GOLDEN.read_bytes()


def test_a_plan_of_version_1_is_read_as_it_was_meant() -> None:
    assert read_plan(GOLDEN.read_bytes(), "p.json") == PLAN


@given(PLANS)
def test_what_is_written_is_read_again(plan) -> None:
    assert read_plan(written(plan), "p.json") == plan


@given(PLANS)
def test_what_is_written_follows_the_schema(plan) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(written(plan)))


@given(PLANS)
def test_only_meta_differs_between_two_documents_of_one_plan(plan) -> None:
    one, other = plan_json(plan, META), plan_json(plan, {"made_at": "later"})
    assert {**one, "meta": {}} == {**other, "meta": {}}


def test_the_members_come_in_a_fixed_order() -> None:
    members = "format_version dataset basis actions summary orphans forgotten recorded"
    more = "problems warnings guard apply_exit_code meta"
    assert list(plan_json(PLAN, META)) == [*members.split(), *more.split()]


def test_members_that_nobody_knows_are_ignored() -> None:
    document = json.loads(GOLDEN.read_bytes())
    document["new"] = {"a": 1}
    for part in (document["actions"][0], document["basis"], document["summary"]):
        part["new"] = [1, 2]
    document["actions"][1]["items"][0]["new"] = None
    assert read_plan(json.dumps(document).encode(), "p.json") == PLAN


def test_members_that_may_be_left_out_are_empty() -> None:
    document = json.loads(GOLDEN.read_bytes())
    for member in ("orphans", "forgotten", "recorded", "problems", "warnings", "meta"):
        del document[member]
    read = read_plan(json.dumps(document).encode(), "p.json")
    assert (read.actions, read.orphans, read.unread, read.recorded) == (PLAN.actions, (), (), 0)


def changed(*path: str | int, to: object) -> bytes:
    document = json.loads(GOLDEN.read_bytes())
    part = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = to
    return json.dumps(document).encode()


def without(*path: str | int) -> bytes:
    document = json.loads(GOLDEN.read_bytes())
    part = document
    for step in path[:-1]:
        part = part[step]
    del part[path[-1]]
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (changed("format_version", to=2), "this plan is of another version than 1"),
        (changed("format_version", to="x"), "this plan is of another version than 1"),
        (b"{}", "this is no plan: format_version: Field required"),
        (b"[]", "this is no plan: Input should be an object"),
        (
            changed("summary", "keep", to="many"),
            "this is no plan: summary.keep: Input should be a "
            "valid integer, unable to parse string as an integer",
        ),
        (
            without("actions", 0, "settings"),
            "this is no plan: the action for `public one` lacks its datapoint",
        ),
        (
            changed("actions", 1, "items", to=[]),
            "this is no plan: the action for `vidéo 1` lacks its datapoint",
        ),
        (
            without("actions", 1, "fingerprint"),
            "this is no plan: the action for `vidéo 1` lacks its datapoint",
        ),
    ],
)
def test_what_is_no_plan_is_refused_word_for_word(data, said) -> None:
    with pytest.raises(UserError) as caught:
        read_plan(data, "p.json")
    assert str(caught.value) == f"p.json: {said}\n    write it anew with `rbsync plan -o FILE`"
    assert caught.value.exit_code is ExitCode.INVALID


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no JSON",
        GOLDEN.read_bytes()[:-20],
        b"\xff\xfe",
        b"[" * 100_000,
        changed("actions", 0, "action", to="destroy"),
        changed("actions", 1, "changed", to=["name"]),
        changed("actions", 0, "bytes", to=-1),
    ],
)
def test_nonsense_is_refused(data) -> None:
    with pytest.raises(UserError, match=r"^p\.json: this is no plan: "):
        read_plan(data, "p.json")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("rbsync.yaml:12:5", Location("rbsync.yaml", 12, 5)),
        ("a:b.yaml:1:0", Location("a:b.yaml", 1, 0)),
        ("rbsync.yaml", Location("rbsync.yaml")),
        ("rbsync.yaml:0:0", Location("rbsync.yaml:0:0")),
        ("rbsync.yaml:12", Location("rbsync.yaml:12")),
        ("", Location("")),
    ],
)
def test_a_place_is_read_from_its_text(text, place) -> None:
    assert place_of(text) == place
    assert str(place_of(text)) == text

"""Failures on demand: each kind as a client meets it, and whether it had its effect."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from rbsync.errors import UserError
from rbsync.service import faults
from rbsync.service.faults.player import Turns
from rbsync.service.faults.script import Fault, parse_faults, read_faults
from tests.service.serving import REDBRICK, Client, serving, task

CREATE = {"kind": "createDatapoint"}


def fails(client: Client, name: str = "a") -> requests.Response:
    return client.send("createDatapoint", **task(name))


def names(client: Client) -> list[str]:
    return client.names()


def test_the_nth_operation_of_a_kind_fails(folder: Path) -> None:
    with serving(folder, [CREATE | {"nth": 3, "do": "status", "status": 503}]) as client:
        statuses = [fails(client, f"a{number}").status_code for number in range(5)]
        assert statuses == [200, 200, 503, 200, 200]
        assert names(client) == ["a0", "a1", "a3", "a4"]


def test_a_rule_may_be_for_several_kinds(folder: Path) -> None:
    with serving(folder, [{"kind": ["PUT", "createDatapoint"], "do": "status"}]) as client:
        assert fails(client).status_code == 503
        assert client.put(client.place(), b"x").status_code == 503


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_none(folder: Path, status: int) -> None:
    rule = CREATE | {"do": "status", "status": status, "retry_after": 2, "times": 1}
    with serving(folder, [rule]) as client:
        answer = fails(client)
        assert (answer.status_code, answer.content) == (status, b"")
        assert answer.headers["Retry-After"] == "2"
        assert fails(client).status_code == 200


def test_a_status_may_come_after_the_effect(folder: Path) -> None:
    with serving(folder, [CREATE | {"do": "status", "status": 500, "after": True}]) as client:
        assert fails(client).status_code == 500
        assert names(client) == ["a"]


def test_too_many_requests_say_when_to_come_back(folder: Path) -> None:
    rule = CREATE | {"do": "status", "status": 429, "retry_after": 2, "times": 1}
    with serving(folder, [rule]) as client:
        answer = fails(client)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
        assert fails(client).status_code == 200


def test_an_answer_may_be_late(folder: Path) -> None:
    with serving(folder, [CREATE | {"do": "delay", "seconds": 0.3}]) as client:
        start = time.monotonic()
        assert fails(client).status_code == 200
        assert time.monotonic() - start >= 0.3


def test_an_answer_may_be_lost_after_the_effect(folder: Path) -> None:
    with serving(folder, [CREATE | {"do": "drop", "nth": 1}]) as client:
        with pytest.raises(requests.ConnectionError):
            fails(client)
        assert names(client) == ["a"]


def test_a_connection_may_close_before_the_effect(folder: Path) -> None:
    with serving(folder, [CREATE | {"do": "close"}]) as client:
        with pytest.raises(requests.ConnectionError):
            fails(client)
        assert names(client) == []


def test_a_connection_may_close_in_the_middle_of_a_file(folder: Path) -> None:
    with serving(folder, [{"kind": "PUT", "nth": 1, "do": "close", "bytes": 1 << 20}]) as client:
        place = client.place()
        with pytest.raises(requests.ConnectionError):
            client.put(place, b"x" * (8 << 20))
        assert client.put(place, b"x" * (8 << 20)).status_code == 200


def test_an_answer_may_end_in_the_middle(folder: Path) -> None:
    with serving(folder, [CREATE | {"do": "cut"}]) as client:
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
            fails(client)
        assert names(client) == ["a"]


def test_a_file_may_end_in_the_middle(folder: Path) -> None:
    with serving(folder, [{"kind": "GET", "do": "cut"}]) as client:
        path = client.upload(b"x" * 1000)
        client.create("a", items=[path], storageId=REDBRICK)
        (url,) = client.task("a")["datapoint"]["itemsPresigned"]
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="500 bytes read"):
            client.session.get(url, timeout=20)


def test_json_may_be_half_of_it(folder: Path) -> None:
    with serving(folder, [CREATE | {"do": "truncate"}]) as client:
        answer = fails(client)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/json"
        with pytest.raises(requests.exceptions.JSONDecodeError):
            answer.json()
        assert names(client) == ["a"]


def test_a_page_may_come_instead_of_json(folder: Path) -> None:
    with serving(folder, [CREATE | {"do": "html"}]) as client:
        answer = fails(client)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/html")
        assert names(client) == []


@pytest.mark.parametrize("after", [False, True])
def test_errors_of_graphql_have_the_message_that_is_given(folder: Path, after: bool) -> None:
    rule = CREATE | {"do": "errors", "message": "not now", "after": after}
    with serving(folder, [rule]) as client:
        answer = fails(client).json()
        assert answer == {"data": None, "errors": [{"message": "not now"}]}
        assert names(client) == (["a"] if after else [])


def test_the_service_survives_its_faults(folder: Path) -> None:
    kinds = ["drop", "close", "cut", "truncate", "html"]
    rules = [CREATE | {"nth": at, "do": do} for at, do in enumerate(kinds, 1)]
    with serving(folder, rules) as client:
        for number in range(len(kinds)):
            try:
                fails(client, f"a{number}")
            except requests.RequestException:
                continue
        assert fails(client, "last").json()["data"]["createDatapoint"]["taskId"]
        assert names(client) == ["a0", "a2", "a3", "last"]


def played(rule: dict[str, Any], kinds: list[str]) -> list[int]:
    turns = Turns(Fault.model_validate(rule))
    return [at for at, kind in enumerate(kinds, 1) if turns.is_due({kind}, taken=False)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"nth": 2}, [2]),
        ({"nth": [1, 4]}, [1, 4]),
        ({"every": 3}, [3, 6]),
        ({"times": 2}, [1, 2]),
        ({"every": 2, "times": 1}, [2]),
        ({"chance": 0}, []),
        ({"chance": 1}, [1, 2, 3, 4, 5, 6]),
        ({"kind": "GET"}, []),
        ({"kind": "*", "nth": 6}, [6]),
    ],
)
def test_a_rule_plays_when_it_says(rule: dict[str, Any], expected: list[int]) -> None:
    assert played({"do": "drop", **rule}, ["PUT"] * 6) == expected


def test_chance_is_the_same_for_the_same_seed() -> None:
    rule = {"do": "drop", "chance": 0.3, "seed": 7}
    found = played(rule, ["PUT"] * 1000)
    assert found == played(rule, ["PUT"] * 1000)
    assert 230 < len(found) < 370


def test_the_first_rule_whose_turn_it_is_plays_and_all_count(folder: Path) -> None:
    rules: list[dict[str, Any]] = [
        CREATE | {"nth": 1, "do": "errors", "message": "first"},
        CREATE | {"nth": [1, 2], "do": "errors", "message": "second"},
    ]
    with serving(folder, rules) as client:
        messages = [client.error("createDatapoint", **task("a")) for _ in range(2)]
        assert messages == ["first", "second"]
        assert fails(client).status_code == 200


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_a_script_is_a_file(tmp_path: Path, suffix: str) -> None:
    script = tmp_path / f"faults{suffix}"
    rules = [{"kind": "PUT", "do": "drop"}]
    script.write_text(json.dumps({"faults": rules}))
    assert read_faults(str(script)) == parse_faults(rules)


def test_the_example_of_the_package_is_a_script() -> None:
    assert faults.__doc__
    example = faults.__doc__.split("    faults:\n")[1].split("\n\n")[0]
    assert len(parse_faults(yaml.safe_load("faults:\n" + example))) == 8


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"faults": [{"do": "explode"}]}, "faults.0.do: Input should be 'delay'"),
        ({"faults": [{"do": "drop", "never": 1}]}, "faults.0.never: Extra inputs"),
        ({"faults": [{"do": "drop", "chance": 2}]}, "faults.0.chance"),
        ({"rules": []}, "faults: Field required"),
        *(
            ([{"do": "drop", **members}], message)
            for members, message in (
                (
                    {"kind": "createDatapont"},
                    'faults.0.kind.0: no request is of the kind "createDatapont"; '
                    'did you mean "createDatapoint"?',
                ),
                (
                    {"kind": ["PUT", "GTE"]},
                    'faults.0.kind.1: no request is of the kind "GTE"; did you mean "GET"?',
                ),
                (
                    {"kind": "!"},
                    'faults.0.kind.0: no request is of the kind "!"; '
                    "known: *, GET, POST, PUT, archiveProject, assign",
                ),
                ({"kind": []}, "faults.0.kind: an empty list names none; leave this"),
                ({"nth": 0}, "faults.0.nth.0: Input should be greater than or equal to 1"),
                ({"nth": []}, "faults.0.nth: an empty list names none; leave this"),
                ({"seconds": math.inf}, "faults.0.seconds: Input should be less than or equal"),
                ({"seconds": math.nan}, "faults.0.seconds: Input should be"),
                ({"retry_after": math.inf}, "faults.0.retry_after: Input should be a finite"),
            )
        ),
        (3, "valid dictionary"),
    ],
)
def test_a_wrong_script_is_refused(data: object, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_faults(data, "faults.yaml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("faults.yaml: ")


def test_a_script_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_faults(str(tmp_path / "none.yaml"))


@pytest.mark.parametrize(
    ("at", "how", "keys", "seen"),
    [
        ("data.project.tdType", {"to": "IMAGE_OF_TOMORROW"}, ["tdType"], "IMAGE_OF_TOMORROW"),
        ("data.project.name", {}, ["name"], None),
        ("data.project.added", {"to": [1]}, ["added"], [1]),
        ("data.project.stages.*.brickName", {"to": "x"}, ["stages", -1, "brickName"], "x"),
        ("data.project.stages.0", {"to": 7}, ["stages", 0], 7),
    ],
)
def test_one_place_of_an_answer_is_altered(
    folder: Path, at: str, how: dict[str, Any], keys: list[Any], seen: Any
) -> None:
    with serving(folder, [{"kind": "project", "do": "alter", "at": at, "times": 1, **how}]) as one:
        found: Any = one.whole("project")["data"]["project"]
        for key in keys:
            found = found[key]
        assert found == seen
        assert one.whole("project")["data"]["project"]["tdType"] == "DICOM_SEGMENTATION"


@pytest.mark.parametrize("at", ["data.project.name", "data.project.stages.*", "data.nothing.there"])
def test_one_place_of_an_answer_is_taken_out(folder: Path, at: str) -> None:
    with serving(folder, [{"kind": "project", "do": "alter", "at": at, "remove": True}]) as one:
        found = one.whole("project")["data"]["project"]
        assert ("name" in found) == (at != "data.project.name")
        assert bool(found["stages"]) == (at != "data.project.stages.*")


def test_errors_may_stand_beside_data(folder: Path) -> None:
    rule = {"kind": "project", "do": "alter", "at": "errors", "to": [{"message": "half"}]}
    with serving(folder, [rule]) as one:
        assert one.error("project") == "half"
        assert one.whole("project")["data"]["project"]["name"]


@pytest.mark.parametrize("rule", [{"do": "alter"}, {"do": "drop", "at": "data"}])
def test_what_alters_names_a_place_and_nothing_else_does(rule: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="`at` is the place"):
        parse_faults([rule])

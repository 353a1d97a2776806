"""Variables in a manifest's values."""

from __future__ import annotations

from pathlib import Path

import pytest

from rbsync.manifest.environment import Missing, fill
from tests.manifest.reading import HEAD, load, problems

ENVIRON = {"NAME": "scan", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${NAME}", "scan"),
        ("a/${NAME}/${NAME}.png", "a/scan/scan.png"),
        ("${NAME:-other}", "scan"),
        ("${MISSING:-other}", "other"),
        ("${MISSING:-}", ""),
        ("${EMPTY:-other}", "other"),
        ("${EMPTY}", ""),
        ("$$NAME $${NAME}", "$NAME ${NAME}"),
        ("$NAME costs $5", "$NAME costs $5"),
        ("{NAME}", "{NAME}"),
    ],
)
def test_a_reference_becomes_its_value(text: str, value: str) -> None:
    assert fill({"key": [text]}, ENVIRON).value == {"key": [value]}


def test_a_value_is_not_filled_again() -> None:
    assert fill("${A}", {"A": "${B}", "B": "x"}).value == "${B}"


def test_keys_are_not_filled() -> None:
    assert fill({"${NAME}": "x"}, ENVIRON).value == {"${NAME}": "x"}


@pytest.mark.parametrize("text", ["${", "${}", "${1A}", "${A-b}", "${A", "${A:-${B}}"])
def test_what_cannot_be_understood_is_missing(text: str) -> None:
    assert fill([text], {"A": "a", "B": "b"}).missing == (Missing((0,), ""),)


def test_what_has_no_variables_is_not_copied() -> None:
    value = {"a": [{"b": "c"}], "d": ["${NAME}"]}
    filled = fill(value, ENVIRON).value
    assert filled["a"] is value["a"]
    assert value["d"] == ["${NAME}"]


def test_an_undefined_variable_is_told_with_its_place(tmp_path: Path) -> None:
    text = HEAD + "datapoints:\n  - glob: images/*.png\n  - glob: ${DATA}/*.png\n    priority: ${P}"
    assert problems(tmp_path, text) == [
        "4:11: the environment variable `DATA` is not set"
        " | set it, or give a default: ${DATA:-default}",
        "5:15: the environment variable `P` is not set | set it, or give a default: ${P:-default}",
    ]
    assert [one.path for one in load(tmp_path, text).datapoints] == [("datapoints", 0)]


def test_a_broken_reference_is_told_with_its_place(tmp_path: Path) -> None:
    assert problems(tmp_path, HEAD + "datapoints:\n  - glob: ${DATA\n") == [
        "3:11: `${` begins a variable that cannot be understood"
        " | write ${NAME} or ${NAME:-default}, and $$ for a dollar"
    ]


def test_variables_have_the_types_of_their_places(tmp_path: Path) -> None:
    text = HEAD + "datapoints: []\npolicy: {prune: ${P}, max_delete: ${M:-10%}}"
    policy = load(
        tmp_path, text.replace("${P}", '"${P}"').replace("${M:-10%}", '"${M:-10%}"'), {"P": "true"}
    ).settings.policy
    assert (policy.prune, policy.max_delete) == (True, 0.1)


def test_no_value_of_the_environment_is_told(tmp_path: Path) -> None:
    text = HEAD + "datapoints: []\npolicy: {max_delete: '${X}', prune: '${Y}'}"
    told = "".join(problems(tmp_path, text, {"X": "hunter2", "Y": "hunter3"}))
    assert "hunter" not in told
    assert "expected true or false, found `${Y}`" in told

"""Answers come as they were given, in whatever way they travel."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from rbsync.errors import Problem, UserError
from rbsync.executors.returned_answers import LARGE, Answer, answer_of, found_in

TEXTS = ["", "x" * 5000, "ä" * 5000, "\udc80" * 5000, "x" * 5000]
FOUND = [TEXTS, b"y" * 5000, array("q", range(5000)), ("z" * 5000, 1), None, 0.5]


@pytest.mark.parametrize("more", [b"", bytes(LARGE)], ids=["small", "large"])
@pytest.mark.parametrize("has_folder", [True, False], ids=["folder", "no folder"])
def test_whatever_its_size_and_kind_an_answer_is_what_was_found(
    tmp_path: Path, has_folder: bool, more: bytes
) -> None:
    folder = str(tmp_path) if has_folder else ""
    answer = answer_of(folder, [*FOUND, more])
    assert bool(answer.name) == bool(has_folder and more)
    assert found_in(folder, answer, len(FOUND) + 1) == [*FOUND, more]
    assert list(tmp_path.iterdir()) == []


def test_of_a_large_answer_little_passes_the_scheduler(tmp_path: Path) -> None:
    problem = UserError([Problem("wrong", "a.png is wrong")])
    answer = answer_of(str(tmp_path), ["x" * LARGE, *[("y" * 40, "z" * 4000)] * 63, problem])
    assert len(answer.pickled) < 4096
    assert answer.rest == b""


def test_a_disk_that_takes_no_file_has_the_answer_come_without(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    answer = answer_of(gone, ["x" * (LARGE + 1)])
    assert found_in(gone, answer, 1) == ["x" * (LARGE + 1)]


@pytest.mark.parametrize("wrong", ["cut off", "another", "of another answer"])
def test_a_file_that_is_not_the_one_that_was_written_is_no_answer(
    tmp_path: Path, wrong: str
) -> None:
    made, other = (answer_of(str(tmp_path), [one * (LARGE + 1)]) for one in "xy")
    path = tmp_path / made.name
    match wrong:
        case "cut off":
            path.write_bytes(path.read_bytes()[:-1])
        case "another":
            path.write_bytes(b"y" + path.read_bytes()[1:])
        case _:
            made = Answer(made.pickled, b"", other.name, made.digest)
    with pytest.raises(ValueError, match="not the one that the worker wrote"):
        found_in(str(tmp_path), made, 1)

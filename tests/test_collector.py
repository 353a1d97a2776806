"""How seldom Python looks for garbage is a matter of the program that calls us."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from rbsync.collector import seldom_collected

OF_THE_PROGRAM = (700, 12, 13)


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(*OF_THE_PROGRAM)
    yield
    gc.set_threshold(*before)


def test_the_programs_own_thresholds_are_back_afterwards() -> None:
    with seldom_collected():
        within = gc.get_threshold()
    assert within[0] > OF_THE_PROGRAM[0]
    assert within[1:] == OF_THE_PROGRAM[1:]
    assert gc.get_threshold() == OF_THE_PROGRAM


def test_they_are_back_when_a_call_fails() -> None:
    with pytest.raises(ValueError, match="broken"), seldom_collected():
        raise ValueError("broken")
    assert gc.get_threshold() == OF_THE_PROGRAM


def test_they_are_back_when_the_calls_of_two_threads_end_in_either_order() -> None:
    first, second = seldom_collected(), seldom_collected()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert gc.get_threshold() == OF_THE_PROGRAM


@pytest.mark.parametrize("threshold", [0, 10_000_000])
def test_a_program_that_collects_never_or_more_seldom_is_left_alone(threshold: int) -> None:
    gc.set_threshold(threshold, 10, 10)
    with seldom_collected():
        assert gc.get_threshold() == (threshold, 10, 10)
    assert gc.get_threshold() == (threshold, 10, 10)

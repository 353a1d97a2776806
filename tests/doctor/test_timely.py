"""A check that hangs is told as that, and the command goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from rbsync.checks import Check
from rbsync.doctor.timely import in_time
from tests.hints.following import follows

FINE = Check("line", "ok", "HTTP 200")


@follows("what hangs comes after the last check above: the name server")
def test_what_hangs_is_told_after_what_was_made() -> None:
    """A name server that does not answer is asked by the system, which has its own patience."""
    for_ever = threading.Event()

    def checks() -> Iterator[Check]:
        yield FINE
        for_ever.wait()

    first, last = in_time(checks(), 0.3)
    assert first == FINE
    assert (last.name, last.verdict) == ("time", "failed")
    assert last.found == "the check after `line` did not end within 0 s"
    assert "name server" in last.hint
    for_ever.set()
    assert list(in_time(checks(), 60.0)) == [FINE]


def test_all_that_comes_in_time_is_passed_on() -> None:
    assert list(in_time(iter([FINE, FINE]), 60.0)) == [FINE, FINE]


def test_a_mistake_is_raised_where_the_checks_are_read() -> None:
    def checks() -> Iterator[Check]:
        yield FINE
        raise ValueError("no")

    found = in_time(checks(), 60.0)
    assert next(found) == FINE
    with pytest.raises(ValueError, match="no"):
        next(found)

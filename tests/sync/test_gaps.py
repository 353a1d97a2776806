"""Listings with gaps: the rest of one is used, and what did not come is neither there nor gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from rbsync.backends.base import Gap, GapsError
from rbsync.errors import BackendError
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.record import Record
from rbsync.sync.gaps import Gaps

RECORDS = {
    name: Record(name, Fingerprint(f"xxh3:{name}", "", "xxh3:s"), f"task-{name}") for name in "abc"
}


def listing(*gaps: Gap) -> Iterator[str]:
    """A listing of one task, that ends with gaps if there are any."""
    yield "task-a"
    if gaps:
        raise GapsError(gaps)


def passed(*gaps: Gap) -> tuple[Gaps, Sequence[str], list[str]]:
    """The gaps of a listing, what came of it, and what was told."""
    told: list[str] = []
    found = Gaps(told.append)
    return found, list(found.passing(listing(*gaps))), told


def test_a_listing_without_gaps_tells_nothing_and_leaves_nothing_open() -> None:
    found, came, told = passed()
    assert (came, told) == (["task-a"], [])
    assert found.unknown(RECORDS) == frozenset()


def test_what_came_before_is_used_and_the_gap_is_told_once() -> None:
    _, came, told = passed(Gap("task-b", "its datapoint is null"))
    assert came == ["task-a"]
    (text,) = told
    assert "task task-b: its datapoint is null" in text
    assert "neither for there nor for gone" in text


def test_only_the_task_of_a_gap_may_be_there_unseen() -> None:
    found, _, _ = passed(Gap("task-b", "null"))
    assert found.unknown(RECORDS) == {"b"}
    assert not found.may_hold(None)


def test_a_gap_without_an_id_may_be_any_task() -> None:
    found, _, _ = passed(Gap("", "null"))
    assert found.unknown(RECORDS) == set("abc")


def test_another_failure_is_no_gap() -> None:
    def broken() -> Iterator[str]:
        yield "task-a"
        raise BackendError("away")

    found = Gaps(lambda _: None)
    with pytest.raises(BackendError, match="away"):
        list(found.passing(broken()))
    assert found.unknown(RECORDS) == frozenset()

"""A saved plan holds while the project has what it had (rbsync.sync.saved_plans)."""

from __future__ import annotations

from rbsync.model.record import Record
from rbsync.sync.saved_plans import left_digest
from tests.builders import OTHER, PRINT


def test_the_digest_is_that_of_what_was_left_under_the_names() -> None:
    records = {"a": Record("a", PRINT, "t"), "b": Record("b", OTHER, "u"), "c": Record("c")}
    known = left_digest(records, ["b", "a"])
    assert left_digest(records, ["a", "b"]) == known
    elsewhere = {"a": Record("a", PRINT, "another id"), "b": Record("b", OTHER, "u")}
    assert left_digest(elsewhere, ["a", "b", "c"]) == known
    assert left_digest({**records, "b": Record("b", PRINT, "u")}, ["a", "b"]) != known
    assert left_digest(records, ["a"]) != known

"""What the user decides of conflicts is read from names and globs (rbsync.sync.inspecting)."""

from __future__ import annotations

from rbsync.sync.inspecting import _any_of, _some


def test_names_and_globs_are_both_known() -> None:
    matches = _any_of(["a.png", "b*"])
    assert [matches(one) for one in ("a.png", "b1.png", "c.png")] == [True, True, False]
    assert not _any_of([])("a")


def test_a_few_names_are_told_and_the_others_counted() -> None:
    assert _some(["a"]) == "a"
    told = _some([str(number) for number in range(1000)])
    assert told.startswith("0, 1")
    assert told.endswith(" more")

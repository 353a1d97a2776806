"""Patterns of datapoints' names are the patterns of paths."""

from __future__ import annotations

import pytest

from rbsync.errors import UsageError
from rbsync.files.name_patterns import name_pattern


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("*", "a a.png", "a/b"),
        ("**", "a a/b /a a//b http://x/y a/", ""),
        ("a/*", "a/b", "a a/b/c"),
        ("a/**", "a/b a/b/c", "a b/a"),
        ("**/b", "b a/b a/c/b", "a/bc"),
        ("{a,b}", "a b {a,b}", "c"),
        ("{case}", "{case}", "a"),
        ("scan[12]", "scan1 scan2 scan[12]", "scan3"),
        ("http://x/*", "http://x/y", "http:/x/y"),
        ("./a", "./a", "a"),
        ("*.png", "a.png a.PNG", "b/a.png"),
    ],
)
def test_a_name_is_matched_part_by_part(pattern, matching, other) -> None:
    matches = name_pattern(pattern)
    assert [one for one in matching.split() if not matches(one)] == []
    assert [one for one in other.split() if matches(one)] == []


def test_no_pattern_matches_every_name() -> None:
    assert name_pattern(None)("a/b")
    assert name_pattern("")("a/b")


def test_a_pattern_that_cannot_be_read_is_a_mistake_of_usage() -> None:
    with pytest.raises(UsageError, match="the pattern `a\\[1` cannot be read: `\\[` has no `\\]`"):
        name_pattern("a[1")


def test_what_is_looked_for_anywhere_is_found_in_every_folder_unless_a_folder_is_named() -> None:
    names = ["b.png", "a/b.png", "a/c/b.png", "a/b.png/c"]
    for pattern, found in (("b.*", names[:3]), ("a/*", ["a/b.png"]), ("b.png", names[:3])):
        matches = name_pattern(pattern, anywhere=True)
        assert [one for one in names if matches(one)] == found

"""The folders that have most of their path in common with another one are nearest to it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rbsync.sync.nearness import Neighbours, by_path, nearness, upwards
from rbsync.sync.survey import Folder

PATHS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=4).map("/".join)


def folders(*paths: str) -> list[Folder]:
    return [Folder(one, {}) for one in paths]


def test_parts_before_and_behind_the_kind_are_as_near() -> None:
    assert nearness("val/images", "val/masks") == nearness("images/val", "val/masks") == (1, 0)
    assert nearness("images", "val/masks") == (0, -1)


@given(st.lists(PATHS, unique=True), PATHS)
def test_neighbours_come_as_if_all_were_compared(paths: list[str], path: str) -> None:
    every = folders(*paths)
    found = [one.path for one in Neighbours(every).of(path)]
    # Sorting keeps the order of equally near ones.
    assert found == sorted(paths, key=lambda one: nearness(one, path), reverse=True)


def test_folders_above_are_told_from_the_nearest_on() -> None:
    known = by_path(folders("", "a", "a/b/c"))
    assert [one.path for one in upwards(known, "a/b/c")] == ["a/b/c", "a", ""]

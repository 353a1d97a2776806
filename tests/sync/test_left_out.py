"""What a first manifest leaves out is said by few patterns, and by none that leaves out more."""

from __future__ import annotations

from rbsync.sync.left_out import LeftOut
from rbsync.sync.survey import Folder

KINDS = ["png"]


def folders(*paths: str) -> list[Folder]:
    return [Folder(one, {"png": ["1.png", "2.png"]}) for one in sorted(paths)]


def left_out(found: list[Folder], *patterns: str) -> tuple[list[str], list[str]]:
    """The files that are kept, and the patterns that say so."""
    left = LeftOut(found)
    for one in patterns:
        left.add(one, "masks")
    kept = [path for one in found for path in left.kept(one, KINDS)]
    return kept, [one.pattern for one in left.exclusions(KINDS, kept)]


def test_one_pattern_stands_for_folders_of_one_name_and_for_those_beside_each_other() -> None:
    found = folders("a/images", "a/masks", "b/images", "b/masks")
    kept, patterns = left_out(found, "a/masks/**", "b/masks/**")
    assert kept == ["a/images/1.png", "a/images/2.png", "b/images/1.png", "b/images/2.png"]
    assert patterns == ["**/masks/**"]
    assert left_out(folders("masks/a", "masks/b", "x"), "masks/a/**", "masks/b/**")[1] == [
        "masks/**"
    ]


def test_a_pattern_that_would_take_other_files_is_not_written() -> None:
    found = folders("a/masks", "b/masks", "c/masks")
    kept, patterns = left_out(found, "a/masks/**", "b/masks/**")
    assert kept == ["c/masks/1.png", "c/masks/2.png"]
    assert patterns == ["a/masks/**", "b/masks/**"]


def test_a_pattern_that_reaches_nothing_is_not_written() -> None:
    found = folders("a/masks")
    assert left_out(found, "a/masks/**", "b/*.png")[1] == ["a/masks/**"]
    left = LeftOut(folders("a", "a/masks"))
    left.add("a/**")
    assert left.has_folder("a/masks")
    assert not left.has_folder("b")
    assert left.has_any("a/**", KINDS)
    assert not left.has_any("a/**", ["jpg"])

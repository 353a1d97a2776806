"""The paths of an export: none is written twice, and no file is a folder too."""

from __future__ import annotations

import pytest

from rbsync.exports.paths import Paths, UnfitError

TAKEN = ["x.png", "study/0.nii.gz"]


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("x.png", "`x.png` of `first`"),
        ("x.png/y/z.png", "`x.png` of `first`"),
        ("study", "`study/0.nii.gz` of `first`"),
        ("class_map.json", "`class_map.json` of the export"),
    ],
)
def test_what_is_in_the_way_is_named(path: str, other: str) -> None:
    paths = Paths(["class_map.json"])
    paths.take("first", TAKEN)
    with pytest.raises(UnfitError) as caught:
        paths.take("second", ["fine.png", path])
    assert str(caught.value) == (
        f"its file `{path}` and {other} cannot be in one folder; export it alone, with --target"
    )
    paths.take("third", ["fine.png"])


@pytest.mark.parametrize("path", ["x.png.png", "study/1.nii.gz", "x/y.png"])
def test_what_only_looks_alike_is_in_nobodys_way(path: str) -> None:
    paths = Paths()
    paths.take("first", TAKEN)
    paths.take("second", [path])


@pytest.mark.parametrize("name", ["", "a//b", "/a", ".", "..", "a/../b", ".hidden", "x" * 249])
def test_names_that_no_file_has(name: str) -> None:
    with pytest.raises(UnfitError, match="its name cannot be the name of a file"):
        Paths().take(name, [f"{name}.png"])

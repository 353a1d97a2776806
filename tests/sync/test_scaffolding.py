"""The first manifest of a folder says what is in it, and can be read."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from rbsync.errors import UserError
from rbsync.manifest.load import load_manifest
from rbsync.sync.scaffolding import draft_manifest
from tests.scenarios.pictures import png
from tests.scenarios.project import Project


def read(folder: Project, text: str) -> None:
    """Raises UserError when the text is no manifest."""
    folder.write("rbsync.yaml", text)
    load_manifest(str(folder.folder / "rbsync.yaml"))


def test_one_glob_takes_all_kinds_that_are_there(folder: Project) -> None:
    folder.write("deep/er/x.jpg", png(9))
    folder.write(".hidden/y.gif", b"")
    (folder.folder / "labels").mkdir()
    text = draft_manifest(str(folder.folder), None)
    assert '  - glob: "**/*.{' in text
    assert "(4 when this was written)" in text
    assert '    labels: "labels/{stem}.json?"' in text
    assert "gif" not in text
    read(folder, text)


def test_an_empty_folder_gets_a_manifest_that_may_be_empty(tmp_path: Path) -> None:
    empty = Project(tmp_path / "empty")
    text = draft_manifest(str(empty.folder), None)
    assert "    allow_empty: true" in text
    read(empty, text)


def test_a_list_and_an_exported_folder_are_taken_as_they_are(folder: Project) -> None:
    folder.write("items.json", [{"items": ["a.png"]}])
    folder.write("out/class_map.json", {"car": [255, 0, 0]})
    for source, line in (
        ("items.json", '  - items_list: "items.json"'),
        ("out/", '  - folder: "out"'),
    ):
        text = draft_manifest(str(folder.folder), source)
        assert line in text.splitlines()
        read(folder, text)


def test_anything_else_is_refused(folder: Project) -> None:
    with pytest.raises(UserError, match="neither an items list"):
        draft_manifest(str(folder.folder), "a.png")


LAYOUTS = {
    "parts below": (["images/{}/a.png", "masks/{}/a.png"], "masks/**"),
    "kinds below": (["{}/images/a.png", "{}/masks/a.png"], "**/masks/**"),
    "other names in each": (["{0}/images/x{0}.png", "{0}/masks/x{0}_mask.png"], "**/masks/**"),
    "beside": (["{}/a.png", "{}/a_mask.png"], "**/*_mask.png"),
}


def written(top: Path, number: int, names: list[str]) -> str:
    for one in range(number):
        for name in names:
            path = top / name.format(f"c{one:04}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return str(top)


def calls_of(work: Callable[[], object]) -> int:
    """The functions, in Python and in C, that are called by some work."""
    count = 0

    def counted(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_pattern_serves_many_folders_of_masks_and_the_work_grows_as_they_do(
    tmp_path: Path, layout: str
) -> None:
    names, pattern = LAYOUTS[layout]
    few, many = (written(tmp_path / str(one), one, names) for one in (100, 400))
    text = draft_manifest(many, None)
    excluded = [one for one in text.splitlines() if one.startswith("      - ")]
    assert [one.split("   # ")[0] for one in excluded] == [f'      - "{pattern}"']
    assert "(400 when this was written)" in text
    draft_manifest(few, None)
    for_few, for_many = (calls_of(partial(draft_manifest, at, None)) for at in (few, many))
    assert for_many < 5 * for_few


def test_a_pattern_that_would_leave_out_images_too_stands_for_no_others(folder: Project) -> None:
    for part in "ab":
        folder.write(f"{part}/images/x.png", png(1))
        folder.write(f"{part}/masks/x.png", png(2))
    folder.write("c/masks/y.png", png(3))
    text = draft_manifest(str(folder.folder), None)
    assert '- "a/masks/**"' in text
    assert '- "b/masks/**"' in text
    assert "**/masks/**" not in text

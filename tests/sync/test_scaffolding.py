"""The first manifest of a folder says what is in it, and can be read."""

from __future__ import annotations

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

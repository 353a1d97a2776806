"""The two sides of a change of labels, each read from where it is."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

import pytest

from rbsync.label_changes.change_wording import told
from rbsync.label_changes.label_content import LabelContent
from rbsync.manifest.load import load_manifest
from rbsync.sync.declared_dataset import expand
from rbsync.sync.label_sides import (
    NOTHING,
    changes_between,
    declared_content,
    kept_content,
    label_changes,
    picture_size,
    present_content,
)
from rbsync.sync.revision_dataset import NONE, Declared
from rbsync.sync.workspace import Workspace, open_workspace
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import MOVED_BOX, Open


def declared(workspace: Workspace) -> Declared:
    found = expand(workspace, keep_going=True).datapoints
    return Declared({one.name: one for one in found}, workspace.roots)


def contents(document: bytes, name: str) -> bytes:
    """Stands for the history: content by its name."""
    return {"labels": document}[name]


def test_labels_are_the_same_declared_at_the_project_and_kept(
    folder: Project, opened: Open
) -> None:
    folder.write("a.json", [BOX])
    assert folder.apply().code == 0
    read = partial(contents, json.dumps([BOX]).encode())
    kept = kept_content({"labels": {"json": "labels", "maps": []}}, read)
    with opened() as workspace:
        labels = declared(workspace).datapoints["a.png"].labels
        here = declared_content(labels, workspace.roots, workspace.manifest.settings.hash, read)
        task_id = workspace.store.records()["a.png"].task_id
        there = present_content(workspace.backend.look([task_id])[task_id])
    assert here == LabelContent((BOX,)) == kept
    same = label_changes(lambda: here, lambda: there)
    new = label_changes(lambda: NOTHING, lambda: there)
    assert same is not None
    assert not same
    assert new is not None
    assert told(new) == "1 box added (car)"
    assert present_content(None) == NOTHING


def test_two_versions_are_compared_in_pixels_of_the_picture(
    folder: Project, tmp_path: Path, opened: Open
) -> None:
    folder.write("a.json", [BOX])
    earlier = shutil.copytree(folder.folder, tmp_path / "earlier")
    folder.write("a.json", [MOVED_BOX])
    manifest = load_manifest(earlier / "rbsync.yaml")
    with open_workspace(manifest, sums=True) as then, opened(sums=True) as now:
        before, after = declared(then), declared(now)
        assert picture_size(after.datapoints["a.png"], after.roots) == (2, 2)
        changes = changes_between(before, after, "a.png")
        assert changes is not None
        assert told(changes) == "1 box moved (car, 1 px)"
        folder.write("a.json", [BOX])
        # Nobody knows any more how the labels were that were declared.
        assert changes_between(before, after, "a.png") is None


def test_a_version_that_does_not_have_a_name_has_no_side_to_compare(opened: Open) -> None:
    with opened(sums=True) as workspace:
        found = declared(workspace)
        assert changes_between(found, found, "a.png") is not None
        assert changes_between(found, found, "d.png") is None
        assert changes_between(NONE, found, "a.png") is None
        assert changes_between(found, NONE, "a.png") is None


@pytest.mark.parametrize("text", [b"{}", b"[1]", b"[", b"\xff"])
def test_a_side_that_is_no_labels_is_told_as_different_and_no_more(text: bytes) -> None:
    document = {"labels": {"json": "labels", "maps": []}}
    side = partial(kept_content, document, partial(contents, text))
    assert label_changes(side, lambda: NOTHING) is None


def test_what_is_no_picture_has_no_size(folder: Project, opened: Open) -> None:
    folder.write("a.png", b"no picture")
    with opened(sums=True) as workspace:
        found = declared(workspace).datapoints
        assert picture_size(found.get("a.png"), workspace.roots) is None
        assert picture_size(found["b.png"], None) is None
        assert picture_size(None, workspace.roots) is None

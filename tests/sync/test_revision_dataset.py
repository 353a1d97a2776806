"""Some datapoints as a git revision declares them."""

from __future__ import annotations

import json
import os
from collections.abc import Collection

from rbsync.files.body import read_whole
from rbsync.sync.label_sides import LIMIT
from rbsync.sync.revision_dataset import NONE, Declared, Revision, declared_at
from rbsync.sync.revisions import version_of
from rbsync.trust import read_trust
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_versions import commit, git
from tests.sync.conftest import MANIFEST, MOVED_BOX


def revision(project: Project, name: str) -> Revision:
    lock = version_of(str(project.folder), "v1")
    path = str(project.folder / "rbsync.yaml")
    return Revision(name, lock.notes, lambda _: lock.sums, path, read_trust({}))


def labels_of(found: Declared, name: str) -> object:
    labels = found.datapoints[name].labels
    assert labels is not None
    assert found.roots is not None
    data, _ = read_whole(found.roots, labels.inputs[0].ref, "sha256", LIMIT)
    return json.loads(data)


def names_at(project: Project, name: str, names: Collection[str]) -> list[str]:
    with declared_at(revision(project, name), names) as found:
        return sorted(found.datapoints)


def test_labels_are_those_of_the_revision_whatever_the_files_are_now(committed: Project) -> None:
    committed.write("a.json", [MOVED_BOX])
    commit(committed)
    committed.write("a.json", [])
    with declared_at(revision(committed, "v1"), ["a.png"]) as found:
        assert labels_of(found, "a.png") == [BOX]
    assert json.loads((committed.folder / "a.json").read_text()) == []


def test_only_the_files_of_the_wanted_names_are_taken_out(committed: Project) -> None:
    with declared_at(revision(committed, "v1"), ["a.png"]) as found:
        assert sorted(found.datapoints) == ["a.png"]
        assert found.roots is not None
        folder = found.datapoints["a.png"].origin.file.rpartition("/")[0]
        taken = set(os.listdir(folder))
    assert taken == {".gitignore", "a.json", "a.png", "rbsync.yaml"}
    assert not os.path.exists(folder)
    assert names_at(committed, "v1", ["a.png", "c.png"]) == ["a.png", "c.png"]


def test_what_is_declared_is_what_the_manifest_said_then(committed: Project) -> None:
    committed.manifest(MANIFEST.replace('"*.png"', '"b*.png"'))
    commit(committed)
    assert names_at(committed, "v1", ["a.png", "b.png"]) == ["a.png", "b.png"]
    assert names_at(committed, "HEAD", ["a.png", "b.png"]) == ["b.png"]


def test_a_picture_that_git_never_had_is_the_one_of_now(committed: Project) -> None:
    git(committed, "rm", "-q", "--cached", "c.png")
    committed.write(".gitignore", ".rbsync/\nc.png\n")
    commit(committed)
    committed.write("c.png", png(77))
    assert names_at(committed, "HEAD", ["c.png"]) == ["c.png"]


def test_a_revision_that_cannot_be_read_declares_nothing(committed: Project) -> None:
    with declared_at(revision(committed, "nothing"), ["a.png"]) as found:
        assert found == NONE
    committed.write("rbsync.yaml", "version: [")
    git(committed, "commit", "-q", "-a", "-m", "x")
    with declared_at(revision(committed, "HEAD"), ["a.png"]) as found:
        assert not found.datapoints

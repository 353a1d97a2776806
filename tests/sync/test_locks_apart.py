"""Two locks that git has, compared in what differs (rbsync.sync.locks_apart)."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import rbsync.locks.layout as layout
import rbsync.sync.locks_apart as module
from rbsync.errors import RbsyncError
from rbsync.locks.differences import compare
from rbsync.locks.layout import digest_of, files_of
from rbsync.locks.lock_content import Lock, Note
from rbsync.sync.known_locks import known_locks
from rbsync.sync.locks_apart import RevisionPart, parts_apart
from rbsync.sync.revisions import texts_of, version_of
from tests.hints.following import follows
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_versions import commit, git
from tests.sync.locked_revisions import Revisions

FOLDERS = ("", "a/", "a/b/", "labels/")


def apart(root: str, before: str, after: str) -> tuple[RevisionPart, RevisionPart] | None:
    with known_locks(root, is_kept=True) as known:
        return parts_apart(root, before, after, known)


def story(chance: random.Random, old: Lock) -> Lock:
    """A lock after some edits: files added, changed, moved and removed, labels too."""
    lock = Lock(dict(old.sums), dict(old.notes))
    for _ in range(chance.choice((1, 2, 9))):
        path = f"{chance.choice(FOLDERS)}{chance.randrange(12)}"
        known = sorted(lock.notes)
        match chance.randrange(6):
            case 0:
                add(chance, lock, path)
            case 1:
                lock.sums[path] = f"{chance.randrange(5):064x}"
            case 2 if known:
                remove(lock, chance.choice(known))
            case 3 if known:
                name = chance.choice(known)
                note = lock.notes[name]
                if note.path and path not in lock.sums:
                    lock.sums[path] = lock.sums[note.path]
                    called = path if note.name == note.path else name
                    remove(lock, name)
                    lock.notes[called] = note._replace(name=called, path=path)
            case 4 if known:
                name = chance.choice(known)
                lock.notes[name] = lock.notes[name]._replace(labels=f"labels:1:{path}")
            case _:
                lock.notes["far"] = Note("far", "", "s", 0, path)
    return lock


def add(chance: random.Random, lock: Lock, path: str) -> None:
    lock.sums[path] = f"{chance.randrange(5):064x}"
    name = chance.choice((path, f"n{path}", "far" if "far" not in lock.notes else path))
    label_files = [f"{chance.choice(FOLDERS)}l{chance.randrange(4)}" for _ in range(2)]
    for one in label_files:
        lock.sums[one] = f"{chance.randrange(5):064x}"
    labels = chance.choice((("", "", (), ()), ("", "labels:1:l", (), tuple(label_files))))
    lock.notes[name] = Note(name, path, "settings:1:s", 1, *labels)


def remove(lock: Lock, name: str) -> None:
    note = lock.notes.pop(name)
    if note.path and not any(one.path == note.path for one in lock.notes.values()):
        del lock.sums[note.path]


@pytest.mark.parametrize("seed", range(40))
def test_what_differs_is_told_as_of_the_whole_locks(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "MOST_LINES", 12)
    chance = random.Random(seed)
    revisions = Revisions(tmp_path / "repository")
    lock = Lock()
    for _ in range(12):
        add(chance, lock, f"{chance.choice(FOLDERS)}{chance.randrange(12)}")
    versions = [lock]
    for _ in range(4):
        versions.append(story(chance, versions[-1]))
    for one in versions:
        revisions.commit(files_of(one))
    for age in range(1, 5):
        old, new = versions[-1 - age], versions[-age]
        found = apart(revisions.root, f"HEAD~{age}", f"HEAD~{age - 1}")
        assert found
        assert compare(found[0].lock, found[1].lock) == compare(old, new)
        assert [one.digest for one in found] == [digest_of(files_of(one)) for one in (old, new)]


@pytest.fixture
def history(folder: Project) -> Project:
    """Three folders of pictures, locked and tagged before and after one was changed."""
    folder.manifest('datapoints:\n  - {glob: "*/*.png", labels: "{parent}/{stem}.json?"}\n')
    for number, name in enumerate(("x/1", "x/2", "y/1", "z/1")):
        folder.write(f"{name}.png", png(number))
    folder.write("x/1.json", [BOX])
    git(folder, "init", "-q", "-b", "main")
    commit(folder)
    git(folder, "tag", "v1")
    folder.write("y/1.png", png(50))
    folder.write("y/2.png", png(51))
    commit(folder)
    git(folder, "tag", "v2")
    return folder


def test_only_what_differs_is_read_and_only_what_is_another_is_kept(
    history: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = str(history.folder)
    read: list[object] = []

    def noted(root: str, wanted: list[tuple[object, str]]) -> Iterator[tuple[object, bytes]]:
        read.extend(key for key, _ in wanted)
        return texts_of(root, wanted)

    monkeypatch.setattr(module, "texts_of", noted)
    found = apart(root, "v1", "v2")
    assert found
    assert read == [("y", "y.sums", 0), ("y", "y.sums", 1)]
    assert [sorted(one.lock.notes) for one in found] == [["y/1.png"], ["y/1.png", "y/2.png"]]
    old, new = version_of(root, "v1"), version_of(root, "v2")
    assert compare(found[0].lock, found[1].lock) == compare(old, new)


def test_of_a_part_it_is_known_what_else_is_locked(history: Project) -> None:
    found = apart(str(history.folder), "v1", "v2")
    assert found
    assert sorted(found[0].locked({"x", "y"})) == ["x/1.json", "x/1.png", "x/2.png", "y/1.png"]
    assert sorted(found[1].locked({"y", "nowhere"})) == ["y/1.png", "y/2.png"]


def test_labels_are_opened_with_the_files_that_git_has_beside_locked_ones(
    history: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.write("x/1.json", [])
    commit(history)
    git(history, "tag", "v3")
    found = history.run("diff", "v2", "v3", "--json").json
    assert [one["labels"] is not None for one in found["difference"]["changed"]] == [True]

    def read_as_a_whole(*_: object) -> None:
        return None

    # As of two whole locks.
    monkeypatch.setattr("rbsync.sync.diffing.parts_apart", read_as_a_whole)
    whole = history.run("diff", "v2", "v3", "--json").json
    assert found["difference"] == whole["difference"]
    assert (found["before"], found["after"]) == (whole["before"], whole["after"])


@follows("`git fetch --refetch` gets all objects again")
def test_an_object_that_git_lacks_is_told_and_can_be_had_again(
    history: Project, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    # Not by links to the same objects, of which each has a file of its own.
    git(history, "clone", "-q", "--no-local", "-c", "fetch.unpackLimit=1000", ".", str(clone))
    blob = git(history, "rev-parse", "v1:rbsync.lock/y.sums").stdout.strip()
    for pack in clone.glob(".git/objects/pack/*"):
        pack.rename(tmp_path / pack.name)
    for pack in tmp_path.glob("*.pack"):
        subprocess.run(["git", "unpack-objects", "-q"], cwd=clone, stdin=pack.open(), check=True)
    (clone / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(RbsyncError, match=rf"cannot read the object {blob}: it is not there"):
        apart(str(clone), "v1", "v2")
    subprocess.run(["git", "fetch", "-q", "--refetch"], cwd=clone, check=True)
    assert apart(str(clone), "v1", "v2")


def test_a_lock_of_another_layout_is_read_as_a_whole(history: Project) -> None:
    lock = history.folder / "rbsync.lock"
    lines = (lock / "x.sums").read_bytes().splitlines(keepends=True)
    (lock / "x.sums").write_bytes(b"".join(lines[-2:] + lines[:-2]))
    git(history, "commit", "-qam", "another order")
    assert apart(str(history.folder), "v2", "HEAD") is None
    assert history.run("diff", "v2", "HEAD").code == 0


def test_a_label_file_of_another_folder_means_what_its_datapoint_says(history: Project) -> None:
    # The note on its datapoint stands in a lock file that did not change.
    history.manifest('datapoints:\n  - {glob: "*/*.png", labels: "labels/{parent}-{stem}.json?"}\n')
    history.write("labels/x-1.json", [BOX])
    commit(history)
    before = git(history, "rev-parse", "HEAD").stdout.strip()
    history.write("labels/x-1.json", b" " + (history.folder / "labels/x-1.json").read_bytes())
    commit(history)
    assert apart(str(history.folder), before, "HEAD")
    found = history.run("diff", before, "HEAD", "--json").json["difference"]
    assert found["reencoded"] == ["labels/x-1.json"]
    assert found["changed"] == []

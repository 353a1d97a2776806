"""The signature of folders changes when anything does that a plan depends on."""

from __future__ import annotations

import os

import pytest

from rbsync.dataset.remembered import seen_now
from rbsync.files import tree_hashing as trees
from tests.files.folder import Folder, without_privileges


@pytest.fixture
def seen(folder: Folder) -> Folder:
    folder.write("d/a.png", b"1")
    folder.write("d/b.png", b"22")
    folder.write("d/sub/c.png", b"3")
    folder.link("d/link.png", "sub/c.png")
    os.mkfifo(folder.root / "d/pipe")
    return folder


def signature(folder: Folder, *paths: str) -> str:
    return folder.tree().signature(paths or ("d",))


def test_what_did_not_change_has_the_same_signature(seen) -> None:
    assert signature(seen) == signature(seen)
    assert len(signature(seen)) == 32


def write_same_size(folder: Folder) -> None:
    folder.tick()
    folder.write("d/a.png", b"2")


def touch(folder: Folder) -> None:
    folder.tick()
    os.utime(folder.root / "d/a.png")


def put_back_time(folder: Folder) -> None:
    file = folder.root / "d/a.png"
    before = file.stat().st_mtime_ns
    write_same_size(folder)
    os.utime(file, ns=(before, before))


def replace_link(folder: Folder) -> None:
    (folder.root / "d/link.png").unlink()
    folder.link("d/link.png", "a.png")


def replace_by_link(folder: Folder) -> None:
    (folder.root / "d/b.png").rename(folder.root / "d/sub/b.png")
    folder.link("d/b.png", "sub/b.png")


def swap_names(folder: Folder) -> None:
    root = folder.root / "d"
    (root / "a.png").rename(root / "x")
    (root / "b.png").rename(root / "a.png")
    (root / "x").rename(root / "b.png")


CHANGES = {
    "a file more": lambda folder: folder.write("d/new.png"),
    "an empty file more": lambda folder: folder.write("d/new.png", b""),
    "a file less": lambda folder: (folder.root / "d/a.png").unlink(),
    "a file of another name": lambda folder: (folder.root / "d/a.png").rename(
        folder.root / "d/A.png"
    ),
    "two names swapped": swap_names,
    "another size": lambda folder: folder.write("d/a.png", b"12"),
    "other bytes of the same size": write_same_size,
    "other bytes with the time put back": put_back_time,
    "another time": touch,
    "a folder more": lambda folder: (folder.root / "d/new").mkdir(),
    "a folder less": lambda folder: (folder.root / "d/sub").rename(folder.root / "sub"),
    "a link more": lambda folder: folder.link("d/new.png", "a.png"),
    "a link that leads elsewhere": replace_link,
    "a link in place of a file": replace_by_link,
    "a pipe less": lambda folder: (folder.root / "d/pipe").unlink(),
    "no folder any more": lambda folder: (folder.root / "d").rename(folder.root / "e"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_changes_it(seen, change) -> None:
    before = signature(seen)
    CHANGES[change](seen)
    assert signature(seen) not in (before, "")


def test_a_folder_that_appears_changes_it(folder) -> None:
    absent = signature(folder, "labels")
    assert absent
    (folder.root / "labels").mkdir()
    assert signature(folder, "labels") != absent


def test_a_file_where_a_folder_was_changes_it(folder) -> None:
    absent = signature(folder, "labels")
    file = folder.write("labels")
    assert signature(folder, "labels") not in (absent, "")
    file.unlink()
    (folder.root / "labels").mkdir()
    assert signature(folder, "labels") not in (absent, "")


def test_what_a_link_leads_to_in_the_end_changes_it(folder) -> None:
    folder.write("data/v1/a.png", b"1")
    folder.write("data/v2/a.png", b"2")
    current = folder.link("data/current", "v1")
    folder.link("images/a.png", "../data/current/a.png")
    folder.link("images/up", "../data/current/..")
    tree = folder.tree()
    folder.walk("images", tree)
    assert str(tree.place("images/a.png")) == "data/v1/a.png"
    folders = tree.folders()
    assert "data" not in folders
    before = tree.signature(folders)
    assert folder.tree().signature(folders) == before
    current.unlink()
    folder.link("data/current", "v2")
    assert folder.tree().signature(folders) != before


def test_a_folder_that_cannot_be_looked_at_has_none(shared: Folder) -> None:
    shared.write("d/a")
    before = signature(shared)
    (shared.root / "d").chmod(0)
    with without_privileges():
        assert signature(shared) == ""
    (shared.root / "d").chmod(0o777)
    assert signature(shared) == before


def test_a_folder_outside_has_none(folder) -> None:
    assert signature(folder, "..") == ""


def test_a_tree_that_looked_signs_what_it_saw(seen) -> None:
    tree = seen.tree()
    assert seen.walk(tree=tree) == [".", "d", "d/sub"]
    folders = tree.folders()
    assert folders == ["", "d", "d/sub"]
    assert tree.signature(folders) == seen.tree().signature(folders)
    before = tree.signature(folders)
    seen.write("d/sub/new.png")
    assert tree.signature(folders) == before
    assert seen.tree().signature(folders) != before


def test_folders_that_were_signed_are_not_listed_again(seen, monkeypatch) -> None:
    tree = seen.tree()
    tree.signature(["d", "d/sub"])
    monkeypatch.setattr("rbsync.files.tree.scan", None)
    assert sorted(tree.files("d")) == ["a.png", "b.png"]
    assert sorted(tree.files("d/sub")) == ["c.png"]


# Files that say what else to look at: items lists and the rules of what is ignored.


def test_a_file_that_was_read_is_part_of_what_was_looked_at(folder) -> None:
    file = folder.write("lists/items.json", b"[1]")
    tree = folder.tree()
    assert tree.read("lists/items.json", 10) == b"[1]"
    assert tree.folders() == ["lists/items.json"]
    before = tree.signature(tree.folders())
    assert folder.tree().signature(["lists/items.json"]) == before
    folder.tick()
    file.write_bytes(b"[2]")
    assert folder.tree().signature(["lists/items.json"]) not in (before, "")
    file.unlink()
    assert folder.tree().signature(["lists/items.json"]) not in (before, "")


def test_a_file_that_was_missing_is_part_of_what_was_looked_at(folder) -> None:
    tree = folder.tree()
    with pytest.raises(FileNotFoundError):
        tree.read("items.json", 10)
    # Its folder too, where it may lie under another spelling of its name.
    assert tree.folders() == ["", "items.json"]
    before = folder.tree().signature(["items.json"])
    folder.write("items.json")
    assert folder.tree().signature(["items.json"]) not in (before, "")


def test_a_file_that_was_read_just_after_it_was_written_equals_nothing_the_next_time(
    folder, monkeypatch
) -> None:
    folder.write("items.json")
    tree = folder.tree()
    assert tree.is_settled()
    tree.read("items.json", 10)
    assert not tree.is_settled()
    assert not tree.has_missed
    assert seen_now(tree, "items.json").signature == ""
    monkeypatch.setattr(trees, "RACY", -(10**9))
    tree = folder.tree()
    tree.read("items.json", 10)
    assert tree.is_settled()
    assert seen_now(tree, "items.json").signature == tree.signature(["items.json"]) != ""


def test_rules_that_appear_above_where_a_walk_begins_change_it(folder) -> None:
    folder.write("a/b/x.png")
    tree = folder.tree()
    folder.walk("a/b", tree)
    folders = tree.folders()
    assert folders == [".rbsyncignore", "a/.rbsyncignore", "a/b"]
    before = tree.signature(folders)
    assert folder.tree().signature(folders) == before
    folder.write("a/.rbsyncignore", "*.png")
    assert folder.tree().signature(folders) not in (before, "")


def test_a_file_over_the_limit_is_not_read(folder) -> None:
    folder.write("items.json", b"123456")
    with pytest.raises(OSError, match="the limit is 5"):
        folder.tree().read("items.json", 5)

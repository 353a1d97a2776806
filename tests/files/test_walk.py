"""Which folders and files a walk comes to."""

from __future__ import annotations

import errno
import inspect
import os
import socket
import sys

import pytest

from rbsync.files import compiled_scan
from rbsync.files.roots import OutsideError
from tests.files.folder import Folder, known, without_privileges


def test_folders_come_in_the_order_of_their_names_each_before_what_is_in_it(folder) -> None:
    for path in ("b/2/x", "b/10/x", "a/x", "b/x", "B/x", "ü/x"):
        folder.write(path)
    assert folder.walk() == [".", "B", "a", "b", "b/10", "b/2", "ü"]


def test_hidden_folders_are_left_out_unless_they_are_named(folder) -> None:
    folder.write(".git/config")
    folder.write("a/.cache/x")
    assert folder.walk() == [".", "a"]
    assert folder.walk(".git") == [".git"]


def test_an_empty_folder_is_a_folder(folder) -> None:
    (folder.root / "a/b").mkdir(parents=True)
    assert folder.walk() == [".", "a", "a/b"]
    assert folder.tree().files("a/b") == {}


def test_only_folders_that_may_have_something_are_entered(folder) -> None:
    folder.write("a/b/x")
    folder.write("c/x")
    asked = []
    tree = folder.tree()

    def wanted(path: str) -> bool:
        asked.append(path)
        return path == "a"

    walk = tree.walk("", wanted, pytest.fail)
    assert [one.path for one in walk] == ["", "a"]
    assert sorted(asked) == ["a", "a/b", "c"]
    assert tree.folders() == ["", "a"]


def test_a_folder_that_is_missing_is_told(folder) -> None:
    (answer,) = folder.walk("images")
    assert answer.startswith("images: ")
    assert "No such file" in answer or answer == "images: images"


def test_a_folder_that_cannot_be_read_is_told_and_the_others_are_walked(shared: Folder) -> None:
    for path in ("a/x", "b/c/x", "d/x"):
        shared.write(path)
    (shared.root / "b").chmod(0)
    with without_privileges():
        seen = shared.walk()
    assert seen == [".", "a", "b: [Errno 13] Permission denied: 'b'", "d"]


def test_a_file_that_cannot_be_read_is_its_own_error(shared: Folder) -> None:
    shared.write("a", b"1").chmod(0)
    shared.write("b", b"2")
    with without_privileges():
        tree = shared.tree()
        errors = shared.hash(tree, "a", "b")
    assert {str(place): error.errno for place, error in errors.items()} == {"a": errno.EACCES}
    assert known(tree, "a") is None
    assert known(tree, "b").size == 1
    assert tree.has_missed


@pytest.mark.parametrize(
    "name",
    [
        "new\nline",
        'quo"te',
        "apos'trophe",
        "tab\t",
        "back\\slash",
        "🩻",
        "e\u0301",
        "\u202ertl",
        "*?[]",
    ],
)
def test_odd_names_are_names(folder, name) -> None:
    folder.write(f"{name}/{name}.png", name)
    assert folder.walk() == [".", name]
    (content,) = folder.contents(f"{name}/{name}.png")
    assert content is not None
    folder.contents(f"{name}/{name}.png")
    tree = folder.tree()
    assert list(tree.files(name)) == [f"{name}.png"]


def test_names_that_are_not_utf8_are_listed_hashed_and_remembered(folder) -> None:
    name = os.fsdecode(b"caf\xe9")
    folder.write(f"{name}/{name}.png", at=None)
    tree = folder.tree()
    folder.hash(tree, f"{name}/{name}.png")
    assert folder.read == (1, 1)
    assert folder.walk() == [".", name]
    assert tree.signature(tree.folders())
    assert folder.tree()._cache.folder(name) is not None


def test_a_tree_deeper_than_the_stack_is_walked(folder) -> None:
    descriptor = os.open(folder.root, os.O_RDONLY)
    for _ in range(250):
        os.mkdir("d", dir_fd=descriptor)
        below = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(os.open("x.png", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
    os.close(descriptor)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 120)
    try:
        seen = folder.walk()
    finally:
        sys.setrecursionlimit(limit)
    assert len(seen) == 251
    assert seen[-1] == "/".join(["d"] * 250)


@pytest.mark.parametrize("kind", ["fifo", "socket"])
def test_what_is_no_file_is_no_file_and_nobody_waits_for_it(folder, kind, monkeypatch) -> None:
    monkeypatch.chdir(folder.root)
    if kind == "fifo":
        os.mkfifo("a.png")
        listener = None
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind("a.png")
    tree = folder.tree()
    assert tree.listing("").odd == ["a.png"]
    with pytest.raises(OSError, match=r"^a\.png is not a regular file$"):
        tree.place("a.png")
    if listener:
        listener.close()


def test_a_fifo_that_takes_a_files_place_is_not_waited_for(folder) -> None:
    file = folder.write("a.png")
    tree = folder.tree()
    place = tree.place("a.png")
    file.unlink()
    os.mkfifo(file)
    (error,) = folder.hash(tree, "a.png").values()
    assert str(error) == "a.png is not a regular file"
    assert str(place) == "a.png"


# Symbolic links.


def test_a_link_to_a_file_inside_is_that_file(folder) -> None:
    folder.write("data/a.png", b"12")
    folder.link("images/b.png", "../data/a.png")
    folder.link("images/c.png", folder.root / "data/a.png")
    tree = folder.tree()
    assert {str(tree.place(f"images/{name}.png")) for name in "bc"} == {"data/a.png"}
    folder.hash(tree, "images/b.png", "images/c.png", "data/a.png")
    assert folder.read == (1, 2)


def test_a_link_to_a_file_outside_leads_out(folder, tmp_path) -> None:
    (tmp_path / "secret").write_text("key")
    folder.link("a.png", tmp_path / "secret")
    folder.link("b.png", "../secret")
    for path in ("a.png", "b.png"):
        with pytest.raises(OutsideError, match="is a link that leads out of the manifest's folder"):
            folder.tree().place(path)


def test_a_link_to_a_folder_is_not_walked(folder) -> None:
    folder.write("data/a.png")
    folder.link("images/more", "../data")
    tree = folder.tree()
    assert folder.walk(tree=tree) == [".", "data", "images"]
    with pytest.raises(OSError, match="is a link to what is not a regular file"):
        tree.place("images/more")


def test_a_folder_that_is_named_may_be_a_link(folder) -> None:
    folder.write("v1/a.png", b"1")
    folder.write("v2/a.png", b"22")
    current = folder.link("current", "v1")
    assert folder.walk("current") == ["current"]
    tree = folder.tree()
    tree.listing("current")
    before = tree.signature(["current"])
    current.unlink()
    folder.link("current", "v2")
    assert folder.tree().signature(["current"]) != before


def test_links_that_lead_nowhere_are_missing_files(folder) -> None:
    folder.link("a.png", "gone.png")
    folder.link("b.png", "gone/gone.png")
    for path in ("a.png", "b.png"):
        with pytest.raises(FileNotFoundError):
            folder.tree().place(path)


def test_links_that_lead_in_a_circle_end(folder) -> None:
    folder.link("a.png", "b.png")
    folder.link("b.png", "a.png")
    folder.link("d/up", "..")
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        folder.tree().place("a.png")
    assert folder.walk() == [".", "d"]
    tree = folder.tree()
    folder.walk(tree=tree)
    assert tree.signature(tree.folders())


# Paths as manifests write them.


@pytest.mark.parametrize("path", ["./a/b.png", "a//b.png", "a/./b.png", "a/../a/b.png"])
def test_a_path_may_be_written_in_a_roundabout_way(folder, path) -> None:
    folder.write("a/b.png")
    assert str(folder.tree().place(path)) == "a/b.png"


@pytest.mark.parametrize("path", ["", ".", "a/", "a/b.png/", "a/none.png", "none/b.png", "a/B.PNG"])
def test_what_names_no_file_is_missing(folder, path) -> None:
    folder.write("a/b.png")
    with pytest.raises(OSError):  # noqa: PT011  (which one is the matter of other tests)
        folder.tree().place(path)


@pytest.mark.parametrize("path", ["a\0b/c.png", "a\0b.png", "\ud800/a.png", "\ud800.png"])
def test_text_that_cannot_be_a_path_is_a_missing_file(folder, path) -> None:
    with pytest.raises(FileNotFoundError):
        folder.tree().place(path)


def test_a_folder_that_is_asked_for_twice_is_missing_twice(folder) -> None:
    tree = folder.tree()
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            tree.listing("none")
    assert tree.folders() == ["none"]


def test_a_file_that_disappears_while_its_folder_is_read_does_not_make_it_absent(
    folder, monkeypatch
) -> None:
    # Only the system can delete a file between two of its own calls in time.
    for name in ("a", "b"):
        folder.write(f"d/{name}")
    real = os.scandir

    class Vanishing:
        def __init__(self, at) -> None:
            self._entries = list(real(at))

        def __enter__(self):
            (folder.root / "d/a").unlink()
            return iter(self._entries)

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(compiled_scan, "available", lambda: False)
    monkeypatch.setattr(os, "scandir", Vanishing)
    assert folder.tree().listing("d").names == ["b"]


# .rbsyncignore


def test_ignored_folders_are_not_entered(folder) -> None:
    for path in ("a/x", "b/x", "c/a/x"):
        folder.write(path)
    folder.write(".rbsyncignore", "a/\n")
    assert folder.walk() == [".", "b", "c"]


def test_rules_hold_below_their_own_folder_and_deeper_ones_overrule_them(folder) -> None:
    folder.write(".rbsyncignore", "*.tmp\n/only.png\n# a comment\n\nold-*\n")
    folder.write("a/.rbsyncignore", "!keep.tmp\n*.bmp\n")
    tree = folder.tree()
    folder.walk(tree=tree)
    expected = {
        "x.tmp": True,
        "a/x.tmp": True,
        "a/keep.tmp": False,
        "a/b/keep.tmp": False,
        "keep.tmp": True,
        "only.png": True,
        "a/only.png": False,
        "a/x.bmp": True,
        "x.bmp": False,
        "old-1": True,
        "a/old-2/": True,
    }
    assert {path: tree.ignored(path) for path in expected} == expected


def test_rules_are_the_same_for_every_walk_of_a_run(folder) -> None:
    folder.write(".rbsyncignore", "b/\n")
    folder.write("a/b/x")
    folder.write("a/c/x")
    tree = folder.tree()
    for _ in range(2):
        assert folder.walk("a", tree) == ["a", "a/c"]
        assert folder.walk("", tree) == [".", "a", "a/c"]


def test_rules_above_the_folder_where_a_walk_begins_hold_too(folder) -> None:
    folder.write(".rbsyncignore", "*.tmp\n")
    folder.write("a/.rbsyncignore", "thumbs/\n")
    folder.write("a/b/thumbs/x.png")
    tree = folder.tree()
    assert folder.walk("a/b", tree) == ["a/b"]
    assert tree.ignored("a/b/x.tmp")


def test_a_walk_that_begins_in_an_ignored_folder_finds_nothing(folder) -> None:
    folder.write(".rbsyncignore", "private/\n")
    folder.write("private/a/x.png")
    assert folder.walk("private") == []
    assert folder.walk("private/a") == []


def test_a_walk_that_begins_deep_is_told_by_its_own_folders_name(folder) -> None:
    folder.write("a")
    (answer,) = folder.walk("a/b/c")
    assert answer.startswith("a/b/c: ")


def test_a_rule_that_cannot_be_read_makes_its_folder_unreadable(folder) -> None:
    folder.write("a/.rbsyncignore", "*.tmp\n[z-a]\n")
    folder.write("b/.rbsyncignore", "!\n")
    folder.write("c/x")
    assert folder.walk() == [
        ".",
        "a: line 2 of its `.rbsyncignore` is no gitignore rule",
        "b: line 1 of its `.rbsyncignore` is no gitignore rule",
        "c",
    ]


def test_rules_that_may_not_be_read_make_their_folder_unreadable(shared: Folder) -> None:
    shared.write("a/.rbsyncignore", "*.tmp").chmod(0)
    shared.write("a/b/x.png")
    with without_privileges():
        assert shared.walk("a") == ["a: [Errno 13] Permission denied: '.rbsyncignore'"]
        (answer,) = shared.walk("a/b")
    assert answer == "a/b: [Errno 13] Permission denied: '.rbsyncignore'"


def test_rules_may_be_a_link_and_may_not_lead_out(folder, tmp_path) -> None:
    folder.write("rules", "*.tmp\n")
    folder.link("a/.rbsyncignore", "../rules")
    tree = folder.tree()
    folder.walk(tree=tree)
    assert tree.ignored("a/x.tmp")
    (tmp_path / "rules").write_text("*.tmp\n")
    folder.link("b/.rbsyncignore", "../../rules")
    (answer,) = (one for one in folder.walk() if one.startswith("b"))
    assert "leads out of the manifest's folder" in answer


def test_rules_with_a_byte_order_mark_or_windows_lines_are_read(folder) -> None:
    folder.write(".rbsyncignore", b"\xef\xbb\xbfa.tmp\r\nb.tmp\r\n")
    tree = folder.tree()
    folder.walk(tree=tree)
    assert tree.ignored("a.tmp")
    assert tree.ignored("b.tmp")
    assert not tree.ignored("c.tmp")

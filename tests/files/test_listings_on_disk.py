"""Listings that nobody needs are on disk alone, and are the same when somebody asks again."""

from __future__ import annotations

import os
import resource
import tempfile

import pytest

from rbsync.files import listings_on_disk, tree_hashing
from rbsync.files.listing import Listing
from rbsync.files.tree import Tree
from tests.files.folder import Folder, known, opened_files

FILES = 100


@pytest.fixture(autouse=True)
def nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of a hundred files count as many, and what was just written as old."""
    monkeypatch.setattr(listings_on_disk, "FEW", 0)
    monkeypatch.setattr(tree_hashing, "RACY", -(10**9))


def written(folder: Folder, *names: str) -> list[str]:
    every = [f"{name}/{number}" for name in names for number in range(FILES)]
    for path in every:
        folder.write(path, f"file {path}")
    return every


def left(folder: Folder, *paths: str) -> Tree:
    """A tree that has hashed files, and has left to the disk what it may: one folder stays."""
    tree = folder.tree()
    folder.hash(tree, *paths, *written(folder, "last"))
    tree.listing("last")
    tree.put_away("last")
    return tree


def is_away(tree: Tree, folder: str) -> bool:
    return tree._listings.is_away(folder)


def facts(listing: Listing) -> tuple[object, ...]:
    seen = listing.names, listing.folders, listing.links, listing.odd
    return *seen, listing.stats, bytes(listing.digests), bytes(listing.kinds)


def test_what_was_hashed_is_put_away_and_comes_back_as_it_was(folder: Folder) -> None:
    paths = written(folder, "a", "b", "\u00e9/deep")
    folder.write("b/below/1", "x")
    before = folder.tree().signature(["a", "b"])
    tree = left(folder, *paths)
    assert all(is_away(tree, one) for one in ("a", "b", "\u00e9/deep"))
    assert tree.signature(["a", "b"]) == before
    assert sum(one.count for one in tree.listings()) == len(paths) + FILES
    assert is_away(tree, "a"), "a look leaves it where it is"
    for path in paths:
        whole = folder.tree()
        folder.hash(whole, path)
        assert known(tree, path) == known(whole, path)
    assert tree.listing("b").folders == ["below"]
    assert not is_away(tree, "b")


def test_what_was_put_away_is_remembered_by_the_next_run(folder: Folder) -> None:
    paths = written(folder, "a")
    left(folder, *paths)
    later = folder.tree()
    folder.hash(later, *paths)
    assert folder.read == (0, 0)
    assert facts(later.listing("a")) == facts(folder.tree().listing("a"))


def test_what_is_forgotten_of_a_file_that_was_put_away_is_read_again(folder: Folder) -> None:
    paths = written(folder, "a")
    tree = left(folder, *paths)
    tree.forget(["a/7"])
    assert known(tree, "a/7") is None
    tree.put_away("a")
    tree.put_away("last")
    assert not is_away(tree, "a"), "one of its files is to be read"
    folder.hash(tree, *paths)
    assert folder.read[0] == 1
    assert known(tree, "a/7") == known(folder.tree(), "a/7")


def test_one_folder_that_is_watched_is_not_written_again_and_again(folder: Folder) -> None:
    paths = written(folder, "a")
    tree = folder.tree()
    folder.hash(tree, *paths)
    tree.put_away("a")
    assert not is_away(tree, "a")
    assert tree._listings._file < 0


def test_folders_with_links_stay(folder: Folder) -> None:
    paths = written(folder, "a")
    folder.link("a/link", "7")
    tree = left(folder, *paths)
    assert not is_away(tree, "a")
    assert tree.is_link("a/link")


@pytest.mark.parametrize("room", ["none", "little"])
def test_a_disk_that_takes_nothing_leaves_them_in_memory(
    folder: Folder, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = written(folder, "a", "b", "last")
    if room == "none":
        monkeypatch.setattr(tempfile, "tempdir", str(folder.root / "nowhere"))
    tree = folder.tree()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    if room == "little":
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    try:
        folder.hash(tree, *paths)
        tree.put_away("last")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not is_away(tree, "a")
    assert all(known(tree, path) for path in paths)


def test_what_was_cut_off_on_disk_is_no_folder_with_fewer_files(folder: Folder) -> None:
    tree = left(folder, *written(folder, "a", "b"))
    os.ftruncate(tree._listings._file, 100)
    with pytest.raises(OSError, match="Input/output error"):
        tree.listing("b")


def test_the_file_goes_with_the_tree(folder: Folder) -> None:
    paths = written(folder, "a")
    for _ in range(5):
        folder.root.joinpath("a/7").write_text("again")
        tree = left(folder, *paths)
        folder._cache.close()
        assert is_away(tree, "a")
        file = os.readlink(f"/proc/self/fd/{tree._listings._file}")
        assert file in opened_files()
        tree.close()
        assert file not in opened_files()

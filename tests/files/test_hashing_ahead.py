"""Files that are hashed while folders are still walked through are so once, and as the others."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import xxhash

from rbsync.files.roots import Roots
from rbsync.files.tree import Tree
from rbsync.files.tree_hashing import AHEAD, MANY, Place
from tests.files.folder import Folder, known

COUNT = 2 * MANY


def written(folder: Folder, *names: str) -> Tree:
    for name in names:
        for number in range(COUNT):
            folder.write(f"{name}/{number}", f"{name} {number}")
    tree = folder.tree()
    for name in names:
        tree.listing(name)
    return tree


def joined(first: int = 0, end: int = COUNT) -> str:
    return "\0".join(map(str, range(first, end)))


def test_what_is_hashed_ahead_counts_as_to_be_read_and_is_read_once(folder, monkeypatch) -> None:
    tree = written(folder, "a", "b")
    opened: list[str] = []
    open_folder = Roots.open_folder

    def open_and_note(roots: Roots, folder: str, **options: bool) -> int:
        opened.append(folder)
        return open_folder(roots, folder, **options)

    monkeypatch.setattr(Roots, "open_folder", open_and_note)
    folders = [(name, joined()) for name in "ab"]
    told: list[tuple[int, int]] = []
    before = tree.contents.total([], folders)
    with ThreadPoolExecutor(2) as executor:
        tree.contents.hash_ahead("a", joined(), lambda: executor)
        # Another source has files of the folder too.
        tree.contents.hash_ahead("a", joined(0, MANY), lambda: executor)
        assert tree.contents.total([], folders) == before == (2 * COUNT, before[1])
        errors = tree.contents.hash([], lambda: executor, lambda *one: told.append(one), folders)
    assert errors == {}
    assert tuple(map(sum, zip(*told, strict=True))) == before
    assert opened == ["a", "b"]
    for name in "ab":
        digest = xxhash.xxh3_128_hexdigest(f"{name} 7".encode())
        assert known(tree, f"{name}/7").content == f"xxh3:{digest}"


def test_what_cannot_be_read_ahead_is_told_once(folder) -> None:
    tree = written(folder, "a")
    (folder.root / "a/5").unlink()
    with ThreadPoolExecutor(1) as executor:
        tree.contents.hash_ahead("a", joined(), lambda: executor)
        executor.submit(int).result()
        # Whoever is asked next takes in what has come.
        tree.contents.hash_ahead("a", joined(), lambda: executor)
        assert tree.contents.total([], [("a", joined())])[0] == COUNT
        told: list[int] = []
        errors = tree.contents.hash(
            [], lambda: executor, lambda files, _: told.append(files), [("a", joined())]
        )
    assert [*errors] == [Place("a", "5")]
    assert isinstance(errors[Place("a", "5")], FileNotFoundError)
    assert sum(told) == COUNT
    assert tree.has_missed
    assert known(tree, "a/4") is not None


def test_a_few_files_are_left_for_later_and_so_is_more_than_can_be_held(folder) -> None:
    names = [f"{number:03}" for number in range(AHEAD + 9)]
    tree = written(folder, *names)
    begin = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        executor.submit(begin.wait)
        tree.contents.hash_ahead("000", joined(0, MANY - 1), lambda: pytest.fail("a thread"))
        for name in names:
            tree.contents.hash_ahead(name, joined(), lambda: executor)
        assert AHEAD < executor._work_queue.qsize() <= AHEAD + 2
        begin.set()
        folders = [(name, joined()) for name in names]
        assert not tree.contents.hash([], lambda: executor, lambda *_: None, folders)
    assert all(known(tree, f"{name}/{COUNT - 1}") for name in names)


def test_what_nobody_asks_for_is_given_up(folder) -> None:
    tree = written(folder, "a", "b")
    begin = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        executor.submit(begin.wait)
        with tree.contents.given_up():
            for name in "ab":
                tree.contents.hash_ahead(name, joined(), lambda: executor)
        begin.set()
    assert known(tree, "a/1") is None
    assert known(tree, "b/1") is None

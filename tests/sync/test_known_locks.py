"""Lock files that git has are judged once (rbsync.sync.known_locks)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import rbsync.sync.known_locks as module
from rbsync.locks.layout import digest_of as digest_of_texts
from rbsync.locks.layout import files_of
from rbsync.locks.lock_content import Lock, Note
from rbsync.sync.known_locks import digest_of, known_locks
from rbsync.sync.revisions import blobs_at, texts_of, version_of
from tests.scenarios.project import Project
from tests.scenarios.test_versions import git
from tests.sync.locked_revisions import Revisions


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of a user who has none yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def revisions(tmp_path: Path) -> Revisions:
    return Revisions(tmp_path / "repository")


def plain(*paths: str, content: int = 0) -> Lock:
    sums = dict.fromkeys(paths, f"{content:064x}")
    return Lock(sums, {path: Note(path, path, "settings:1:s", 1) for path in paths})


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of what is read from git."""
    found: list[str] = []

    def noted(root: str, wanted: list[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
        found.extend(key for key, _ in wanted)
        return texts_of(root, wanted)

    monkeypatch.setattr(module, "texts_of", noted)
    return found


def known(root: str, *names: str, is_kept: bool = True) -> list[str | None]:
    """The digests of locks as they are known, None of one that is to be read as a whole."""
    with known_locks(root, is_kept=is_kept) as locks:
        found = locks.files(*(blobs_at(root, one) for one in names))
        return [None if one is None else digest_of(one) for one in found]


def test_each_file_is_read_once_for_all_its_revisions(
    revisions: Revisions, read: list[str]
) -> None:
    revisions.commit(files_of(plain("a/1", "b/1")))
    revisions.commit(files_of(new := plain("a/1", "b/2")))
    assert known(revisions.root, "HEAD~1", "HEAD")[1] == digest_of_texts(files_of(new))
    assert [one.split()[-1] for one in read] == ["a.sums", "b.sums", "b.sums"]
    read.clear()
    known(revisions.root, "HEAD", "HEAD~1")
    assert read == []
    # Of another clone, too: a file is what git says that it is.
    other = Revisions(Path(revisions.root).with_name("other"))
    other.commit(files_of(plain("a/1", "c/1")))
    known(other.root, "HEAD")
    assert [one.split()[-1] for one in read] == ["c.sums"]


def test_a_checkout_is_not_written_to_and_what_lies_in_it_is_not_believed(
    revisions: Revisions, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    revisions.commit(files_of(plain("a/1")))
    inside = os.path.join(revisions.root, "cache")
    monkeypatch.setenv("XDG_CACHE_HOME", inside)
    for _ in range(2):
        known(revisions.root, "HEAD")
    assert len(read) == 2
    assert sorted(os.listdir(revisions.root)) == [".git", "rbsync.lock"]


def test_a_strangers_lock_leaves_nothing(revisions: Revisions, read: list[str]) -> None:
    revisions.commit(files_of(plain("a/1")))
    for _ in range(2):
        known(revisions.root, "HEAD", is_kept=False)
    assert len(read) == 2


def test_what_the_disk_has_spoiled_is_judged_anew(
    revisions: Revisions, read: list[str], cache: Path
) -> None:
    revisions.commit(files := files_of(plain("a/1")))
    right = known(revisions.root, "HEAD")
    path = cache / "rbsync/locks.db"
    own = hashlib.sha256(files["a.sums"]).hexdigest().encode()
    kept = path.read_bytes()
    assert own in kept
    path.write_bytes(kept.replace(own, b"0" * 64))
    assert known(revisions.root, "HEAD") == right
    assert len(read) == 2


def test_what_has_become_much_is_forgotten(
    revisions: Revisions, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_BYTES", 0)
    revisions.commit(files_of(plain("a/1")))
    for _ in range(2):
        known(revisions.root, "HEAD")
    assert len(read) == 2


def test_a_home_that_cannot_be_written_to_costs_only_time(
    revisions: Revisions, monkeypatch: pytest.MonkeyPatch
) -> None:
    revisions.commit(files_of(lock := plain("a/1")))
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/cache")
    assert known(revisions.root, "HEAD") == [digest_of_texts(files_of(lock))]


NAMED = Note("b/1", "a/1", "settings:1:s", 1)
WRONG = {
    "a line that is none": lambda files: {**files, "a.sums": files["a.sums"] + b"x\n"},
    "a file of another folder": lambda files: {"c.sums": files["a.sums"]},
    "lines in another order": lambda files: {
        **files,
        "a.sums": b"".join([*files["a.sums"].splitlines(keepends=True)[2:], *two_lines(files)]),
    },
    "a name that stands in two files": lambda files: {
        **files_of(plain("b/1")),
        **files_of(Lock({"a/1": "0" * 64}, {"b/1": NAMED})),
    },
    "parts that are one file": lambda files: {"a@0.sums": b"".join(two_lines(files))},
}


def two_lines(files: dict[str, bytes]) -> list[bytes]:
    return files["a.sums"].splitlines(keepends=True)[:2]


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_not_as_it_is_written_is_to_be_read_as_a_whole(
    revisions: Revisions, kind: str
) -> None:
    files = files_of(plain("a/1", "a/2", "b/1"))
    revisions.commit(files)
    revisions.commit(WRONG[kind](files))
    for _ in range(2):
        assert known(revisions.root, "HEAD", "HEAD~1") == [None, digest_of_texts(files)]


def test_names_beside_paths_are_each_there_once(revisions: Revisions) -> None:
    lock = plain("a/1", "b/1")
    lock.notes["b/2"] = Note("b/2", "a/1", "settings:1:s", 1)
    lock.notes["far"] = Note("far", "", "settings:1:s", 0, "items:1:i")
    revisions.commit(files_of(lock))
    for _ in range(2):
        assert known(revisions.root, "HEAD") == [digest_of_texts(files_of(lock))]


def test_the_place_of_a_wrong_line_is_told(folder: Project) -> None:
    assert folder.run("lock").code == 0
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "rbsync.lock")
    git(folder, "commit", "-qm", "one")
    file = folder.folder / "rbsync.lock/%2E.sums"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:2], b"0 x\n", *lines[2:]]))
    git(folder, "commit", "-qam", "two")
    for _ in range(2):
        found = folder.run("diff", "HEAD~1", "HEAD")
        assert found.code != 0
        assert "HEAD:rbsync.lock/%2E.sums:3:1: neither a sum" in found.err
    with pytest.raises(Exception, match=r"sums:3:1"):
        version_of(str(folder.folder), "HEAD")

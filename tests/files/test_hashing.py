"""Hashes are those of the whole bytes, and of nothing that was written to meanwhile."""

from __future__ import annotations

import hashlib
import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import xxhash

from rbsync.files import kinds
from rbsync.files.file_facts import BUFFER, UNSEEN, Answers, ChangingError, Hashed, Stat, clipped
from rbsync.files.hashing import hash_files
from rbsync.files.kinds import CODES, KINDS
from rbsync.files.listing import File
from rbsync.files.many_files import hash_apart, hash_together
from rbsync.files.readiness import AlwaysReady
from rbsync.files.roots import Roots
from tests.files.folder import Folder, known
from tests.scenarios.pictures import png

AROUND = (-1, 0, 1, 63, 64, 65, 1 << 18, (1 << 18) + 1, 2 << 18)
SIZES = [0, 1, 351, 352, 353, 4096, *(BUFFER + more for more in AROUND), 2 * BUFFER, 3_000_001]


@pytest.mark.parametrize("size", SIZES)
def test_the_hash_is_that_of_all_bytes(folder, size) -> None:
    data = random.Random(size).randbytes(size)
    folder.write("a", data)
    assert folder.contents("a") == ["xxh3:" + xxhash.xxh3_128_hexdigest(data)]
    sha = folder.contents("a", algorithm="sha256")
    assert sha == ["sha256:" + hashlib.sha256(data).hexdigest()]


def test_many_files_are_each_hashed_on_their_own(folder) -> None:
    paths = [f"{number % 2}/{number}.png" for number in range(1200)]
    for number, path in enumerate(paths):
        folder.write(path, b"\x89PNG\r\n\x1a\n" + b"x" * number)
    found = folder.contents(*paths)
    assert folder.read == (1200, sum(range(1200)) + 8 * 1200)
    wanted = [b"\x89PNG\r\n\x1a\n" + b"x" * number for number in range(1200)]
    assert found == ["xxh3:" + xxhash.xxh3_128_hexdigest(data) for data in wanted]


def test_who_stops_hashing_does_not_wait_for_the_rest(folder) -> None:
    paths = [f"{number}/a" for number in range(40)]
    for path in paths:
        folder.write(path)
    tree = folder.tree()
    places = [tree.place(path) for path in paths]
    told = []

    def stop(files: int, size: int) -> None:
        told.append(files)
        raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as executor, pytest.raises(KeyboardInterrupt):
        tree.contents.hash(places, lambda: executor, stop)
    assert told == [1]
    assert sum(known(tree, path) is not None for path in paths) < 40
    assert folder.hash(tree, *paths) == {}
    assert None not in [known(tree, path) for path in paths]


def test_a_hashed_file_has_its_size_and_kind_and_is_known_to_be_broken(folder) -> None:
    folder.write("a.png", b"\x89PNG\r\n\x1a\n123")
    folder.write("empty")
    folder.write("empty", b"")
    tree = folder.tree()
    folder.hash(tree, "a.png", "empty")
    content = "xxh3:" + xxhash.xxh3_128_hexdigest(b"\x89PNG\r\n\x1a\n123")
    assert known(tree, "a.png") == File(content, 11, kinds.PNG, broken=True)
    assert known(tree, "empty").kind is kinds.EMPTY


def test_an_empty_file_is_empty_with_every_algorithm(folder) -> None:
    folder.write("a", b"")
    for algorithm in ("xxh3", "sha256"):
        (found,) = hash_files(Roots(str(folder.root)), "", ["a"], algorithm)
        assert isinstance(found, Hashed)
        assert KINDS[found.kind] is kinds.EMPTY


def test_what_is_missing_is_its_own_answer(folder) -> None:
    folder.write("a")
    roots = Roots(str(folder.root))
    first, second = hash_files(roots, "", ["none", "a"], "xxh3")
    assert isinstance(first, FileNotFoundError)
    assert isinstance(second, Hashed)
    assert [type(one) for one in hash_files(roots, "gone", ["a", "b"], "xxh3")] == [
        FileNotFoundError,
        FileNotFoundError,
    ]


def test_a_link_in_the_place_of_a_file_is_not_followed(folder) -> None:
    folder.write("a")
    folder.link("b", "a")
    (found,) = hash_files(Roots(str(folder.root)), "", ["b"], "xxh3")
    assert isinstance(found, OSError)


def shrink(file) -> None:
    os.truncate(file, 3 * BUFFER // 2)


def grow(file) -> None:
    with open(file, "ab") as opened:
        opened.write(b"more")


def rewrite(file) -> None:
    with open(file, "r+b") as opened:
        opened.write(b"other")


@pytest.mark.parametrize("algorithm", ["xxh3", "sha256"])
@pytest.mark.parametrize("change", [shrink, grow, rewrite])
def test_a_file_that_changes_while_it_is_read_is_not_hashed(
    folder, change, algorithm, monkeypatch
) -> None:
    # A writer of its own would have to be lucky; this one comes between two reads.
    file = folder.write("a", bytes(3 * BUFFER))
    read = os.readv
    reads: list[int] = []

    def readv(descriptor, buffers):
        got = read(descriptor, buffers)
        if not reads:
            change(file)
        reads.append(descriptor)
        return got

    monkeypatch.setattr(os, "readv", readv)
    tree = folder.tree(algorithm)
    (error,) = folder.hash(tree, "a").values()
    assert isinstance(error, ChangingError)
    assert str(error) == "a was written to while it was read"
    assert known(tree, "a") is None
    assert not tree.is_settled()


def test_half_written_bytes_are_never_remembered(folder) -> None:
    """A stat may look the same before and after while one write is under way."""
    size = 4 * BUFFER
    file = folder.write("a", bytes(size))
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            for letter in b"1234":
                with open(file, "r+b", buffering=0) as opened:
                    opened.write(bytes([letter]) * size)
                done.wait(0.012)

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(60):
        folder.contents("a")
    done.set()
    writer.join()
    assert folder.contents("a") == ["xxh3:" + xxhash.xxh3_128_hexdigest(file.read_bytes())]


def test_a_file_that_the_system_makes_up_is_read_to_its_end(tmp_path) -> None:
    (found,) = hash_files(Roots("/proc/self"), "", ["cmdline"], "xxh3")
    with open("/proc/self/cmdline", "rb") as file:
        data = file.read()
    assert isinstance(found, ChangingError) or found.digest == xxhash.xxh3_128_digest(data)
    if isinstance(found, Hashed):
        assert found.kind == CODES[kinds.EMPTY]


def test_times_and_inodes_beyond_64_bits_still_tell_files_apart() -> None:
    most = (1 << 63) - 1
    assert clipped(Stat(1, 1 << 64, 5, 6)) == Stat(1, most, 5, 6)
    assert clipped(Stat(1, 2, 1 << 63, (1 << 63) | 9)) == Stat(1, 2, most, 9)
    assert clipped(Stat(1, -2, 3, most)) == Stat(1, -2, 3, most)
    assert clipped(Stat(1, -1 << 64, (-1 << 63) - 1, 6)) == Stat(1, -1 << 63, -1 << 63, 6)


@pytest.mark.parametrize("at", [-(10**18), 0, 1 << 62, (1 << 63) + 10**9])
def test_files_of_any_time_are_hashed(folder: Folder, at) -> None:
    file = folder.write("a", b"1", at=at)
    if file.stat().st_mtime_ns != at:
        # ext4 has 34 bits for the seconds; overlays and tmpfs keep them all.
        pytest.skip("this file system does not keep such a time")
    assert folder.contents("a") == ["xxh3:" + xxhash.xxh3_128_hexdigest(b"1")]
    tree = folder.tree()
    folder.walk(tree=tree)
    assert tree.signature([""]) == folder.tree().signature([""])


HEADS = [
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"BM",
    b"\x1f\x8b",
    b"BM" + bytes(126) + b"DICM",
    b"\x08\0\x05\0CS\x0a\0ISO_IR 192",
]


def test_small_files_that_are_read_together_are_hashed_as_one_by_one(folder) -> None:
    names = ["gone"]
    for number in range(300):
        data = HEADS[number % len(HEADS)] + b"x" * (number * 997 if number % 4 else number)
        folder.write(f"{number}", data)
        folder.write(f"whole {number}", png(number))
        names += [f"{number}", f"whole {number}"]
    folder.write("large", bytes(BUFFER + 1))
    folder.write("almost", bytes(BUFFER - 1))
    folder.write("\udcff\n", b"odd")
    folder.write("empty", b"")
    folder.link("link", "0")
    os.mkfifo(folder.root / "pipe")
    names += ["large", "almost", "\udcff\n", "empty", "link", "pipe"]
    roots = Roots(str(folder.root))
    joined = os.fsencode("\0".join(names))
    for algorithm in ("xxh3", "sha256"):
        alone = hash_apart(roots, "", joined, algorithm)
        together = hash_together(roots, "", joined, algorithm)
        assert seen(together) == seen(alone)
        assert set(alone.errors) == {0, len(names) - 2, len(names) - 1}
        assert {names[at] for at, kind in enumerate(alone.kinds) if kind == UNSEEN} == {
            "gone",
            "link",
            "pipe",
        }


def test_nothing_of_a_folder_that_is_gone_is_hashed(folder) -> None:
    roots = Roots(str(folder.root))
    for work in (hash_apart, hash_together):
        found = work(roots, "none", b"a\0b", "xxh3")
        assert [type(one) for one in found.errors.values()] == [FileNotFoundError] * 2
        assert list(found.kinds) == [UNSEEN] * 2


def seen(answers: Answers) -> object:
    """All of the answers but the times at which files were read."""
    errors = {at: str(error) for at, error in answers.errors.items()}
    return list(answers.stats), bytes(answers.digests), bytes(answers.kinds), errors


def test_files_that_are_not_finished_are_asked_about_also_when_they_are_small(folder) -> None:
    class Unfinished(AlwaysReady):
        def before_reading(self, descriptor: int, path: str) -> str:
            return f"{path} is written to" if path == "a" else ""

    folder.write("a")
    folder.write("b")
    roots = Roots(str(folder.root), (), Unfinished())
    found = hash_together(roots, "", b"a\0b", "xxh3")
    assert str(found.errors[0]) == "a is written to"
    assert bytes(found.kinds) == bytes([UNSEEN, CODES[kinds.OTHER]])

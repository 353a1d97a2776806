"""What nobody waits for any more is read no further than to its next piece."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import xxhash

from rbsync.files import compiled_scan, hashing, many_files, wanted
from rbsync.files.file_facts import BUFFER, Answers
from rbsync.files.many_files import hash_apart, hash_together
from rbsync.files.reading_tasks import ReadingTasks
from rbsync.files.roots import Roots
from rbsync.files.structure import Span
from rbsync.files.wanted import UnwantedError, Wanted
from tests.files.folder import Folder

LARGE = bytes(BUFFER + 5)


@pytest.fixture(params=["compiled", "pure"], autouse=True)
def _form(request, monkeypatch) -> None:
    if request.param == "pure":
        for module in (hashing, many_files):
            monkeypatch.setattr(module, "available", lambda: False)
    elif not compiled_scan.available():
        pytest.skip("this machine has no compiler, which test_compiled_scan.py holds")


@pytest.mark.parametrize("algorithm", ["xxh3", "sha256"])
def test_a_large_file_is_given_up_at_its_next_piece(folder: Folder, monkeypatch, algorithm) -> None:
    folder.write("a", LARGE)
    roots, somebody = Roots(str(folder.root)), Wanted()
    (known,) = hash_files(roots, algorithm)
    assert known
    readv = os.readv

    def read_and_leave(*arguments) -> int:
        got = readv(*arguments)
        somebody.give_up()
        return got

    monkeypatch.setattr(os, "readv", read_and_leave)
    with pytest.raises(UnwantedError):
        somebody.run(lambda: hash_files(roots, algorithm))
    # Who reads for somebody else in the same thread is not concerned.
    assert hash_files(roots, algorithm) == [known]
    assert Wanted().run(lambda: hash_files(roots, algorithm)) == [known]


def hash_files(roots: Roots, algorithm) -> list[bytes]:
    return [bytes(hash_apart(roots, "", b"a", algorithm).digests)]


@pytest.mark.parametrize("work", [hash_apart, hash_together])
def test_many_files_are_given_up_between_two(folder: Folder, work) -> None:
    names = [b"%d" % number for number in range(70)]
    for name in names:
        folder.write(name.decode(), name)
    roots, somebody = Roots(str(folder.root)), Wanted()
    joined = b"\0".join(names)
    found = somebody.run(lambda: work(roots, "", joined, "xxh3"))
    assert bytes(found.digests) == b"".join(map(xxhash.xxh3_128_digest, names))
    somebody.give_up()
    with pytest.raises(UnwantedError):
        somebody.run(lambda: work(roots, "", joined, "xxh3"))
    assert folder.opened() == []


def test_nor_is_what_was_read_looked_through(folder: Folder) -> None:
    file = folder.write("a", LARGE)
    somebody = Wanted()
    with open(file, "rb") as opened:
        span = Span(opened.fileno(), len(LARGE))
        assert b"".join(span.pieces(0, span.size)) == LARGE
        somebody.give_up()
        with pytest.raises(UnwantedError):
            somebody.run(lambda: list(span.pieces(0, span.size)))


def test_tasks_that_are_cancelled_end_and_later_ones_are_done() -> None:
    came: list[str] = []
    tasks = ReadingTasks(lambda folder, _indices, _answers: came.append(folder))

    def endless() -> Answers:
        while True:
            wanted.check()

    # Leaving the executor waits for what runs in it.
    with ThreadPoolExecutor(2) as executor:
        tasks.begin(executor, endless, "a", range(1))
        tasks.cancel()
        tasks.begin(executor, lambda: Answers.of([], 16), "b", range(0))
        while tasks:
            tasks.wait(lambda *_: None)
    assert came == ["b"]

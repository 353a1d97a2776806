"""The compiled digests of many texts and their pure twins are the same."""

from __future__ import annotations

import random
import shutil
from array import array
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
import xxhash

from rbsync.digests import compiled_digests, many_texts
from rbsync.model.fingerprint import Fingerprint, entry_digest, weight

T = TypeVar("T")
LENGTHS = [*range(1, 600), 1023, 1024, 1025, 1088, 2048, 2049, 70_000]
MOST = (1 << 64) - 1


def both(monkeypatch: pytest.MonkeyPatch, work: Callable[[], T]) -> Iterator[T]:
    if not compiled_digests.available():
        # Where there is a compiler, digests that were not built would be tested by nobody.
        assert not shutil.which("cc"), "build it: pip install --no-deps -e ."
        pytest.skip("this machine has no compiler")
    yield work()
    monkeypatch.setattr(compiled_digests, "available", lambda: False)
    yield work()


def texts(seed: int) -> list[bytes]:
    chance = random.Random(seed)
    return [bytes(chance.randrange(1, 256) for _ in range(length)) for length in LENGTHS] + [b""]


def test_texts_of_all_lengths_have_the_digests_of_the_package(monkeypatch) -> None:
    given = texts(1)
    wanted = array("Q", map(xxhash.xxh3_64_intdigest, given))
    for found in both(monkeypatch, lambda: many_texts.digest_texts(b"\0".join(given))):
        assert found == wanted


def test_a_single_text_may_be_empty(monkeypatch) -> None:
    for found in both(monkeypatch, lambda: many_texts.digest_texts(b"")):
        assert list(found) == [xxhash.xxh3_64_intdigest(b"")]


def test_digests_of_entries_are_those_of_single_ones_and_their_sum_is_exact(monkeypatch) -> None:
    names = ["é" * length for length in range(1, 400)] * 3
    contents = random.Random(2).randbytes(16 * len(names))
    prints = [
        Fingerprint(f"xxh3:{contents[at : at + 16].hex()}", "", "xxh3:77")
        for at in range(0, len(contents), 16)
    ]
    wanted = [entry_digest(*one, "xxh3") for one in zip(names, prints, strict=True)]

    def work() -> tuple[bytes, int]:
        joined = "\0".join(names).encode()
        return many_texts.digest_entries(joined, contents, b"\0xxh3:", b"\0\0xxh3:77")

    assert sum(map(weight, wanted)) > 1 << 128
    for found in both(monkeypatch, work):
        assert found == (b"".join(wanted), sum(map(weight, wanted)))


@pytest.mark.parametrize("width", [1, 16, 32])
def test_rows_are_gathered_by_their_numbers(monkeypatch, width) -> None:
    rows = random.Random(3).randbytes(width * 50)
    numbers = array("q", [49, 0, 7, 7, 3])
    wanted = b"".join(rows[one * width : one * width + width] for one in numbers)

    def work() -> tuple[bytes, bytes]:
        changing = many_texts.gather(bytearray(rows), width, numbers)
        return many_texts.gather(rows, width, numbers), changing

    for found in both(monkeypatch, work):
        assert found == (wanted, wanted)
    assert many_texts.gather(rows, width, array("q")) == b""


@pytest.mark.parametrize("count", [0, 1, 2, 1_000, 300_000])
def test_numbers_that_are_more_than_once_are_found(monkeypatch, count) -> None:
    chance = random.Random(count)
    once = [chance.randrange(MOST) for _ in range(count)]
    again = {*once[: count // 7], 0, MOST}
    given = array("Q", [*once, *again, 0, MOST])
    for found in both(monkeypatch, lambda: many_texts.find_twice(given[:])):
        assert set(found) == again
    assert list(many_texts.find_twice(array("Q", set(once)))) == []


def test_negative_numbers_that_are_more_than_once_are_found(monkeypatch) -> None:
    given = array("q", [5, -3, 5, -3, 4])
    for found in both(monkeypatch, lambda: many_texts.find_twice(given[:])):
        assert set(found) == {5, -3}

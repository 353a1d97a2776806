"""Changes of a few blocks, and the layout of the whole (rbsync.locks.opened_files)."""

from __future__ import annotations

import random

import pytest

import rbsync.locks.layout as layout
from rbsync.locks.layout import blocks, files_of
from rbsync.locks.line_format import note_line, sum_line
from rbsync.locks.lock_content import Lock, Note
from rbsync.locks.opened_files import FileFacts, OpenedFiles

FOLDERS = ("", "a/", "a@b/", "É/", "long" * 60 + "/")


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file has few lines, so that folders are split."""
    monkeypatch.setattr(layout, "MOST_LINES", 12)
    monkeypatch.setattr(layout, "MOST_BYTES", 1500)


def put(lock: Lock, path: str, size: int) -> None:
    lock.sums[path] = f"{size:064x}"
    lock.notes[path] = Note(path, path, "settings:1:s", size)


def lines(lock: Lock, path: str) -> tuple[bytes, ...]:
    if path not in lock.sums:
        return ()
    return note_line(lock.notes[path]), sum_line(path, lock.sums[path])


def opened(files: dict[str, bytes], read: set[str]) -> OpenedFiles:
    def text(name: str) -> bytes:
        read.add(name)
        return files[name]

    facts = {name: FileFacts.of(name, text) for name, text in files.items()}
    return OpenedFiles(facts, text)


@pytest.mark.parametrize("seed", range(40))
def test_the_layout_after_changes_is_that_of_the_whole(seed: int) -> None:
    chance = random.Random(seed)
    lock = Lock()
    paths = [f"{chance.choice(FOLDERS)}{number}" for number in range(chance.choice((3, 40, 120)))]
    for path in paths[: chance.randrange(len(paths))]:
        put(lock, path, 1)
    for _ in range(4):
        files = files_of(lock)
        found = opened(files, set())
        for path in chance.sample(paths, chance.choice((1, 2, len(paths) // 2))):
            if path in lock.sums and chance.random() < 0.5:
                del lock.sums[path], lock.notes[path]
            else:
                put(lock, path, chance.randrange(1, 1000))
            found.put(path, lines(lock, path))
        texts = found.texts()
        files = {**files, **{name: text for name, text in texts.items() if text is not None}}
        for name, text in texts.items():
            if text is None:
                del files[name]
        assert files == files_of(lock)


def test_one_change_reads_one_file_and_writes_that_alone() -> None:
    lock = Lock()
    for number in range(200):
        put(lock, f"a/{number}", 1)
    files, read = files_of(lock), set[str]()
    assert len(files) > 10
    found = opened(files, read)
    put(lock, "a/77", 2)
    found.put("a/77", lines(lock, "a/77"))
    assert len(read) == 1
    assert found.texts().keys() == read


def test_the_facts_count_what_stands_in_a_file() -> None:
    lock = Lock()
    put(lock, "a/# 1\n# 2", 1)
    lock.notes["far"] = Note("far", "", "settings:1:s", 0, "items", refs=("https://x",))
    for name, text in files_of(lock).items():
        own = [one for one in blocks(lock) if name.startswith(one.home)]
        counted = len(own), sum(len(one.lines) for one in own), sum(one.size for one in own)
        facts = FileFacts.of(name, text)
        assert (facts.blocks, facts.lines, facts.size) == counted
        assert facts.datapoints == 1

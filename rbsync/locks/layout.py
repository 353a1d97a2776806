"""The files of a lock: which line stands in which. Pure."""

from __future__ import annotations

import hashlib
import string
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from rbsync.locks.line_format import note_line, raw, sum_line
from rbsync.locks.lock_content import SETTINGS, Lock, Note, lock_of
from rbsync.model.bucket_paths import is_bucket
from rbsync.model.datapoint import Dataset
from rbsync.model.packed import Datapoints, FolderPoints

SUFFIX = ".sums"
REMOTE = "@remote"
ROOT = "%2E"
PART = "@"
MOST_LINES = 10_000
MOST_BYTES = 1 << 20
# Disks take names of 255 bytes; the digits of a part and the suffix come behind.
_LONGEST = 200
# No capital letters: `Images` and `images` would be one file on some disks.
_KEPT = frozenset((string.ascii_lowercase + string.digits + "_-.").encode())


class Block(NamedTuple):
    """The lines of one key, which stay together: notes on datapoints, then the file's sum.

    ``key`` is the path, or the name of a datapoint without files; ``home`` is the folder's name
    as a lock file's, without parts.
    """

    key: str
    home: str
    lines: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """The bytes of its lines with their ends."""
        return sum(len(one) + 1 for one in self.lines)


def home_of(path: str) -> str:
    """The lock file's name, without suffix, of a file's folder."""
    folder = path.rpartition("/")[0]
    if not folder:
        # A file right below the top of the disk has no folder's name either, and is no such file.
        return "%2F" if path.startswith("/") else ROOT
    return _home(folder)


@lru_cache
def _home(path: str) -> str:
    folder = raw(path)
    name = "".join(chr(one) if one in _KEPT else f"%{one:02X}" for one in folder)
    if name.startswith("."):
        # Hidden files of the folder are not read: editors leave theirs there.
        name = "%2E" + name[1:]
    if len(name) > _LONGEST:
        # No name of a folder begins so: its own `@` is written as %40.
        return PART * 2 + hashlib.sha256(folder).hexdigest()
    # The folder `.` is no other one than the manifest's.
    return name


def nibbles(key: str) -> str:
    """The hex digits by which a file that is too long is split."""
    return hashlib.sha256(raw(key)).hexdigest()


def blocks(lock: Lock) -> Iterator[Block]:
    """The blocks of a lock, those without files first; both are sorted by the keys' bytes."""
    beside: dict[str, list[Note]] = defaultdict(list)
    for note in sorted(lock.notes.values(), key=lambda one: raw(one.name)):
        if note.path:
            beside[note.path].append(note)
        else:
            yield Block(note.name, REMOTE, (note_line(note),))
    sums = lock.sums
    for path in sorted(sums, key=raw):
        lines = [note_line(one) for one in beside.get(path, ())]
        yield Block(path, home_of(path), (*lines, sum_line(path, sums[path])))


def files_of(lock: Lock) -> dict[str, bytes]:
    """The canonical files of a lock: bytes by name."""
    by_home: dict[str, list[Block]] = defaultdict(list)
    for block in blocks(lock):
        by_home[block.home].append(block)
    found: dict[str, bytes] = {}
    for home, own in by_home.items():
        found.update(split(home, "", own))
    return found


class LockFiles(NamedTuple):
    """The canonical files of a lock, and of how many datapoints and files of data they are."""

    texts: dict[str, bytes]
    datapoints: int
    sums: int


def files_of_dataset(dataset: Dataset) -> LockFiles:
    """The same as of the dataset's lock; of packed folders no datapoint is made for it.

    A million notes and sums by name take three times as long as the lines that they become.
    """
    given = dataset.datapoints
    if not isinstance(given, Datapoints):
        lock = lock_of(dataset)
        return LockFiles(files_of(lock), len(lock.notes), len(lock.sums))
    lock = lock_of(replace(dataset, datapoints=given.singles))
    shared = Counter(map(_home_of_folder, given.folders))
    shared.update({home_of(path) for path in lock.sums})
    # Where lines of others stand in between, or bytes sort in another way than letters do, the
    # lock says what is where.
    packed: list[FolderPoints] = []
    others: list[FolderPoints] = []
    for one in given.folders:
        is_alone = shared[_home_of_folder(one)] == 1 and one.files.isascii()
        # Of objects of a bucket there is no sum of bytes, and so no line of one.
        is_alone &= not is_bucket(one.folder)
        (packed if is_alone else others).append(one)
    rest = lock_of(replace(dataset, datapoints=Datapoints(others)))
    lock.notes.update(rest.notes)
    lock.sums.update(rest.sums)
    texts = files_of(lock)
    for one in packed:
        own = sorted(_packed_blocks(one))
        texts.update(split(own[0].home, "", own))
    count = sum(map(len, packed))
    return LockFiles(texts, len(lock.notes) + count, len(lock.sums) + count)


def _home_of_folder(one: FolderPoints) -> str:
    return home_of(f"{one.folder}/" if one.folder else "")


def _packed_blocks(one: FolderPoints) -> Iterator[Block]:
    home, settings = _home_of_folder(one), SETTINGS + one.facet
    for point in zip(one.all_names(), one.paths(), one.contents(), one.sizes, strict=True):
        name, path, content, size = point
        note = note_line(Note(name, path, settings, size))
        yield Block(path, home, (note, sum_line(path, content.partition(":")[2])))


def is_one_file(blocks: int, lines: int, size: int) -> bool:
    """Tells whether so many blocks, lines and bytes stand in one file."""
    return blocks == 1 or (lines <= MOST_LINES and size <= MOST_BYTES)


def file_name(home: str, digits: str) -> str:
    """The name of the file for the keys whose hex digits begin so."""
    return (f"{home}{PART}{digits}" if digits else home) + SUFFIX


def home_and_digits(name: str) -> tuple[str, str]:
    """The folder's name in a file's, and the digits of a part; of a whole one these are empty."""
    stem = name.removesuffix(SUFFIX)
    # Two homes begin with the mark of a part themselves.
    marks = len(stem) - len(stem.lstrip(PART))
    home, _, digits = stem[marks:].partition(PART)
    return stem[:marks] + home, digits


def split(home: str, digits: str, own: Sequence[Block]) -> Iterator[tuple[str, bytes]]:
    """Yields the files of a folder's blocks that have the digits in common: names and texts.

    ``own`` are sorted by the bytes of their keys.
    """
    lines = sum([len(one.lines) for one in own])
    # Of what is surely too long the text is not made only to be measured.
    if len(own) == 1 or lines <= MOST_LINES:
        text = _joined(own)
        if is_one_file(len(own), lines, len(text)):
            yield file_name(home, digits), text
            return
    parts: dict[str, list[Block]] = defaultdict(list)
    for block in own:
        # Not in runs of sorted lines: one new file would move a line of every part behind it.
        parts[nibbles(block.key)[len(digits)]].append(block)
    for digit in sorted(parts):
        yield from split(home, digits + digit, parts[digit])


def text_of(own: Iterable[Block]) -> bytes:
    """The text of a lock file with these blocks."""
    return _joined(sorted(own, key=lambda one: raw(one.key)))


def _joined(own: Iterable[Block]) -> bytes:
    lines = [line for block in own for line in block.lines]
    return b"\n".join([*lines, b""])


def belongs(name: str, key: str, home: str) -> bool:
    """Tells whether a block may stand in a file of this name: under any way of splitting."""
    stem = name.removesuffix(SUFFIX)
    if stem == home:
        return True
    digits = stem.removeprefix(home + PART)
    return digits != stem and bool(digits) and nibbles(key).startswith(digits)


def digest_of(files: dict[str, bytes]) -> str:
    """The dataset's digest: the dirHash of the canonical files."""
    return digest_of_sums({name: hashlib.sha256(text).hexdigest() for name, text in files.items()})


def digest_of_sums(sums: Mapping[str, str]) -> str:
    """The dataset's digest, of the SHA-256 of the canonical files by their names."""
    whole = hashlib.sha256()
    # The lines that `sha256sum` prints of the files, so that others can compute it too.
    for name in sorted(sums):
        whole.update(f"{sums[name]}  {name}\n".encode())
    return f"rbsync:1:sha256:{whole.hexdigest()}"

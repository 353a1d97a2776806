"""Read lock files: every line in its place, and every path and name once. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rbsync.errors import Location, Problem, UserError
from rbsync.locks.layout import REMOTE, Block, belongs, home_of
from rbsync.locks.line_format import NOTE, LineError, read_note, read_sum
from rbsync.locks.lock_content import Lock
from rbsync.locks.plain_files import PlainFile

_MARKERS = (b"<<<<<<<", b"=======", b">>>>>>>", b"|||||||")
_AGAIN = "`rbsync lock` writes it anew from the files"
_MOST = 20


class PlacedError(LineError):
    """A line that is wrong, with its number."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def blocks_in(name: str, text: bytes) -> Iterator[tuple[int, Block]]:
    """The blocks of a lock file, each with the number of its first line. Raises PlacedError."""
    held: list[bytes] = []
    home = REMOTE if name.startswith(REMOTE) else ""
    number = 0
    for number, line in enumerate(text.split(b"\n")[:-1], 1):
        try:
            if not line.startswith(NOTE):
                path, _ = read_sum(line)
                yield number - len(held), Block(path, home_of(path), (*held, line))
                held = []
            elif home == REMOTE:
                yield number, Block(read_note(line, "").name, REMOTE, (line,))
            else:
                held.append(line)
        except LineError as error:
            raise PlacedError(number, _told(line, error)) from error
    if held or not text.endswith(b"\n"):
        raise PlacedError(number + (not held), "the file ends in the middle")


def _told(line: bytes, error: LineError) -> str:
    if line.startswith(_MARKERS):
        return "a merge conflict that is not resolved"
    return str(error)


@dataclass
class _Reading:
    folder: str
    lock: Lock = field(default_factory=Lock)
    paths: dict[str, Location] = field(default_factory=dict)
    names: dict[str, Location] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def read(self, name: str, text: bytes) -> None:
        """Takes in one file, or says what is wrong with it."""
        try:
            for number, block in blocks_in(name, text):
                if not belongs(name, block.key, block.home):
                    self._wrong(name, number, f"`{block.key}` does not belong in this file")
                self._take(name, number, block)
        except PlacedError as error:
            self._wrong(name, error.line, str(error))

    def _take(self, name: str, number: int, block: Block) -> None:
        path = ""
        if block.home != REMOTE:
            path, digest = read_sum(block.lines[-1])
            self._once(self.paths, path, name, number + len(block.lines) - 1)
            self.lock.sums[path] = digest
        for offset, line in enumerate(block.lines):
            if not line.startswith(NOTE):
                continue
            try:
                note = read_note(line, path)
            except LineError as error:
                raise PlacedError(number + offset, str(error)) from error
            self._once(self.names, note.name, name, number + offset)
            self.lock.notes[note.name] = note

    def _once(self, known: dict[str, Location], key: str, name: str, line: int) -> None:
        here = Location(f"{self.folder}/{name}", line, 1)
        before = known.setdefault(key, here)
        if before is not here:
            self._wrong(name, line, f"`{key}` stands here and at {before}")

    def _wrong(self, name: str, line: int, message: str) -> None:
        where = Location(f"{self.folder}/{name}", line, 1)
        self.problems.append(Problem("lock", message, where, _AGAIN))


def read_lock(files: Mapping[str, bytes], folder: str) -> Lock:
    """The lock that files say, by name, in any valid layout. Raises UserError with the places."""
    if found := _sound(files):
        return found
    reading = _Reading(folder)
    for name in sorted(files):
        reading.read(name, files[name])
    if reading.problems:
        raise UserError(reading.problems[:_MOST])
    return reading.lock


def _sound(files: Mapping[str, bytes]) -> Lock | None:
    """The lock of files in which nothing is wrong; None where the lines are to be gone through.

    Without a place for each of a million lines it takes a fifth of the time.
    """
    lock, sums, notes = Lock(), 0, 0
    for name in sorted(files):
        if plain := PlainFile.read(name, files[name]):
            own, counted = plain.lock(), plain.count()
        else:
            reading = _Reading("")
            reading.read(name, files[name])
            if reading.problems:
                return None
            own, counted = reading.lock, (len(reading.lock.sums), len(reading.lock.notes))
        lock.sums.update(own.sums)
        lock.notes.update(own.notes)
        sums, notes = sums + counted[0], notes + counted[1]
    # What stands twice is told with both places.
    return lock if (len(lock.sums), len(lock.notes)) == (sums, notes) else None

"""Read lock files as `rbsync lock` mostly writes them, by one pattern and not line by line. Pure.

A file with anything unusual in it is left to `parsing`, which says where something is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from operator import itemgetter, lt

from rbsync.locks.layout import REMOTE, ROOT, file_name, home_and_digits, home_of, nibbles
from rbsync.locks.line_format import raw
from rbsync.locks.lock_content import Lock, Note
from rbsync.possessive import compiled

_TEXT = rb"[ !#-\[\]-~]*+"
# JSON says many letters in two ways, and a lock one of them: with more than this it is not as
# `rbsync lock` writes it.
_LETTER = rb"(?!00[2-6]|007[0-9a-e]|000[89acd]|d[89a-f])[0-9a-f]{4}"
# A letter in two halves, and a byte that is no UTF-8.
_PAIR, _BYTE = rb"d[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}", rb"dc[89a-f][0-9a-f]"
_ESCAPE = rb'\\(?:["\\bfnrt]|u(?:%b|%b|%b))' % (_LETTER, _PAIR, _BYTE)
_ANY = b'"%b(?:%b%b)*+"' % (_TEXT, _ESCAPE, _TEXT)
# What is empty is not told.
_STRING = b'(?!"")' + _ANY
_STRINGS = rb"\[%b(?:,%b)*+\]" % (_ANY, _ANY)
_REST = (
    rb'(?:"items":(%b),)?+(?:"refs":(%b),)?+(?:"labels":(%b),)?+(?:"label_files":(%b),)?+'
    rb'"settings":(%b),"size":(0|[1-9][0-9]{0,17})\}\n'
    % (_STRING, _STRINGS, _STRING, _STRINGS, _STRING)
)
_NAME = rb'"name":(%b),' % _STRING
# A path with a backslash in its line is escaped, and not as it is called.
_BLOCKS = compiled(
    rb"(?:^# \{(?:%b)?+%b)?+^([0-9a-f]{64})  ([^\\\n\r]++)\n" % (_NAME, _REST), re.MULTILINE
)
_ALONE = compiled(rb"^# \{%b%b()()" % (_NAME, _REST), re.MULTILINE)

Row = tuple[bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes]
"""JSON of a note's name, items, refs, labels, label files, settings and size, each empty where it
is not told; then sum and path, both empty for a datapoint without files."""
_name, _label_files, _size, _path = map(itemgetter, (0, 4, 6, 8))


@dataclass(frozen=True, slots=True)
class PlainFile:
    """A lock file, block by block: each is one file of data, with one note at most."""

    rows: Sequence[Row]

    @classmethod
    def read(cls, name: str, text: bytes) -> PlainFile | None:
        """Reads a file whose lines all stand where they belong; None for any other one."""
        is_remote = name.startswith(REMOTE)
        rows = (_ALONE if is_remote else _BLOCKS).findall(text)
        notes = len(rows) - [*map(_size, rows)].count(b"")
        lines = notes if is_remote else notes + len(rows)
        # What the pattern does not know is in no row.
        if not rows or lines != text.count(b"\n") or not text.endswith(b"\n"):
            return None
        own = cls(rows)
        return own if _belong(name, own.names() if is_remote else own.paths()) else None

    def is_canonical(self) -> bool:
        """Tells whether the blocks are in order, and each name is told where it has to be."""
        # Of those without files, the names are what they are sorted by.
        keys = self.paths() if self.rows[0][-1] else self.names()
        is_sorted = all(map(lt, keys, islice(keys, 1, None)))
        return is_sorted and not any(_bytes(row[0]) == row[-1] for row in self.rows if row[0])

    def count(self) -> tuple[int, int]:
        """The numbers of files and of datapoints; what stands twice is counted twice."""
        without = [*map(_size, self.rows)].count(b"")
        return len(self.rows) if self.rows[0][-1] else 0, len(self.rows) - without

    def is_named(self) -> bool:
        """Tells whether the name of any datapoint is not its path."""
        return any(map(_name, self.rows))

    def paths(self) -> list[bytes]:
        """The paths of the files."""
        return [*map(_path, self.rows)]

    def names(self) -> list[bytes]:
        """The names of the datapoints."""
        return [_bytes(row[0]) if row[0] else row[-1] for row in self.rows if row[6]]

    def label_files(self) -> Iterator[str]:
        """The paths of files that labels come from, as often as they are told."""
        for told in filter(None, map(_label_files, self.rows)):
            yield from _strings(told)

    def lock(self) -> Lock:
        """The lock that the file says; of what stands twice it has the last."""
        lock = Lock()
        for name, items, refs, labels, label_files, settings, size, digest, key in self.rows:
            path = key.decode("utf-8", "surrogateescape")
            if digest:
                lock.sums[path] = digest.decode()
            if not size:
                continue
            called = _string(name) if name else path
            note = Note(called, path, _setting(settings), int(size))
            if items or refs or labels or label_files:
                lists = _strings(refs), _strings(label_files)
                note = Note(*note[:4], _string(items), _string(labels), *lists)
            lock.notes[called] = note
        return lock


def _belong(name: str, keys: Sequence[bytes]) -> bool:
    """Tells whether all blocks with these keys may stand in a file of this name."""
    home, digits = home_and_digits(name)
    if file_name(home, digits) != name:
        return False
    if home != REMOTE:
        # All that is sorted between two paths of a folder begins as they do.
        first, last = min(keys), max(keys)
        folder = first[: first.rfind(b"/") + 1]
        below = b"".join(keys).count(b"/") - len(keys) * folder.count(b"/")
        if below or not last.startswith(folder) or home_of(_decoded(folder)) != home:
            return False
        # A file called `-` is written as `./-`.
        if home == ROOT and (b"-" in keys or b"./-" in keys):
            return False
    return not digits or all(nibbles(_decoded(one)).startswith(digits) for one in keys)


def _decoded(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _bytes(quoted: bytes) -> bytes:
    return raw(_string(quoted)) if b"\\" in quoted else quoted[1:-1]


def _string(quoted: bytes) -> str:
    if b"\\" in quoted:
        return str(json.loads(quoted))
    return quoted[1:-1].decode()


# Mostly a whole source has the same.
_setting: Callable[[bytes], str] = lru_cache(_string)


def _strings(listed: bytes) -> tuple[str, ...]:
    return tuple(json.loads(listed)) if listed else ()

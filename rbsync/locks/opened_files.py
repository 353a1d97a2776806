"""Some blocks of a canonical lock changed in the files where they stand, and no other file read.

Of files that are not read their facts tell whether the layout is still the canonical one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from rbsync.locks.layout import (
    REMOTE,
    Block,
    file_name,
    home_and_digits,
    home_of,
    is_one_file,
    nibbles,
    split,
)
from rbsync.locks.line_format import NOTE, raw
from rbsync.locks.parsing import blocks_in


class FileFacts(NamedTuple):
    """The facts of a lock file without its text.

    ``sum`` is the SHA-256 in hex; ``alone`` are the blocks of datapoints that have no file.
    """

    sum: str
    blocks: int
    lines: int
    size: int
    alone: int

    @classmethod
    def of(cls, name: str, text: bytes) -> FileFacts:
        """Counts and sums up a file."""
        lines = text.count(b"\n")
        notes = text.startswith(NOTE) + text.count(b"\n" + NOTE)
        # A datapoint without files has one line, and no sum beside it.
        alone = lines if name.startswith(REMOTE) else 0
        return cls(
            hashlib.sha256(text).hexdigest(), alone or lines - notes, lines, len(text), alone
        )

    @property
    def datapoints(self) -> int:
        """The number of its notes."""
        return self.alone or self.lines - self.blocks


@dataclass
class OpenedFiles:
    """The files of a lock by name; ``read`` gives the text of one, and raises what it likes."""

    facts: Mapping[str, FileFacts]
    read: Callable[[str], bytes]
    _opened: dict[tuple[str, str], dict[str, Block]] = field(default_factory=dict)
    _parts: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.facts:
            home, digits = home_and_digits(name)
            self._parts.setdefault(home, set()).add(digits)

    def block(self, path: str) -> Block | None:
        """The block of a file of data, None where it has none."""
        return self._with(path).get(path)

    def put(self, path: str, lines: tuple[bytes, ...]) -> None:
        """Gives a file of data other lines; without any its block is gone."""
        if lines:
            self._with(path)[path] = Block(path, home_of(path), lines)
        else:
            self._with(path).pop(path, None)

    def texts(self) -> dict[str, bytes | None]:
        """The texts of the files that are not as they were; None for one that is gone."""
        found: dict[str, bytes | None] = {}
        for home in sorted({home for home, _ in self._opened}):
            found.update(self._laid_out(home))
        return {name: text for name, text in found.items() if self._differs(name, text)}

    def _with(self, path: str) -> dict[str, Block]:
        """The blocks of the file in which a path stands, or would stand."""
        home, digits = home_of(path), nibbles(path)
        parts = self._parts.get(home, {""})
        depth = 0
        # A folder that is split has no file of fewer digits than those of its parts.
        while digits[:depth] not in parts and any(one.startswith(digits[:depth]) for one in parts):
            depth += 1
        return self._open(home, digits[:depth])

    def _open(self, home: str, digits: str) -> dict[str, Block]:
        name = file_name(home, digits)
        if (home, digits) not in self._opened:
            known = blocks_in(name, self.read(name)) if name in self.facts else ()
            self._opened[home, digits] = {block.key: block for _, block in known}
        return self._opened[home, digits]

    def _laid_out(self, home: str) -> Iterator[tuple[str, bytes | None]]:
        """Yields the files of a folder of which something was opened."""
        opened = self._opened_parts(home)
        if not all(self._stays_split(home, one) for one in opened):
            # So much is gone that a part and its neighbours are one file again.
            parts = opened | self._parts.get(home, set())
            every = [one for digits in parts for one in self._open(home, digits).values()]
            yield from ((file_name(home, one), None) for one in parts)
            yield from self._split(home, "", every)
            return
        for digits in sorted(opened):
            # Gone, unless it is among those that follow: a part may be split further.
            yield file_name(home, digits), None
            yield from self._split(home, digits, self._open(home, digits).values())

    def _opened_parts(self, home: str) -> set[str]:
        return {digits for each, digits in self._opened if each == home}

    def _split(
        self, home: str, digits: str, own: Iterable[Block]
    ) -> Iterator[tuple[str, bytes | None]]:
        ordered = sorted(own, key=lambda one: raw(one.key))
        if ordered:
            yield from split(home, digits, ordered)

    def _stays_split(self, home: str, digits: str) -> bool:
        """Tells whether all that is above a part is still too much for one file."""
        return not any(
            is_one_file(*self._sizes(home, digits[:depth])) for depth in range(len(digits))
        )

    def _sizes(self, home: str, above: str) -> tuple[int, int, int]:
        """Blocks, lines and bytes of the parts whose digits begin so, as they are now."""
        parts = self._opened_parts(home) | self._parts.get(home, set())
        sizes = [self._size(home, one) for one in parts if one.startswith(above)]
        blocks, lines, size = (sum(column) for column in zip(*sizes, strict=True))
        return blocks, lines, size

    def _size(self, home: str, digits: str) -> tuple[int, int, int]:
        own = self._opened.get((home, digits))
        if own is None:
            return self.facts[file_name(home, digits)][1:4]
        blocks = own.values()
        return len(own), sum(len(one.lines) for one in blocks), sum(one.size for one in blocks)

    def _differs(self, name: str, text: bytes | None) -> bool:
        known = self.facts.get(name)
        if text is None or known is None:
            return (text is None) != (known is None)
        return hashlib.sha256(text).hexdigest() != known.sum


def is_canonical(facts: Mapping[str, FileFacts]) -> bool:
    """Tells whether files with these facts are split as `rbsync lock` splits them."""
    parts: dict[str, dict[str, FileFacts]] = {}
    for name, one in facts.items():
        home, digits = home_and_digits(name)
        parts.setdefault(home, {})[digits] = one
    return all(map(_is_split_right, parts.values()))


def _is_split_right(parts: Mapping[str, FileFacts]) -> bool:
    """Tells whether every part of a folder is one file, and all that is above one is too much."""
    sizes: dict[str, list[int]] = {}
    for digits, one in parts.items():
        for depth in range(len(digits)):
            above = sizes.setdefault(digits[:depth], [0, 0, 0])
            above[:] = (x + y for x, y in zip(above, one[1:4], strict=True))
    is_fine = all(is_one_file(*one[1:4]) for one in parts.values())
    return is_fine and not any(digits in parts or is_one_file(*of) for digits, of in sizes.items())

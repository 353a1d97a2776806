"""The glob language: ``**``, ``*``, ``?``, ``[…]``, ``{a,b}`` and named captures ``{case}``."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

from rbsync.files.pattern_part import Part
from rbsync.files.pattern_syntax import (
    MOST_ALTERNATIVES,
    PatternError,
    Piece,
    Star,
    alternatives,
    names_of,
    read_part,
    split_path,
)
from rbsync.model.bucket_paths import SCHEMES

__all__ = ["Pattern", "PatternError", "compile_parts", "compile_pattern", "match_parts"]

MOST_LETTERS = 1_000
"""Of a pattern."""

_WILD = re.compile(r"[*?\[{]")
_ANY = Part((Star(),))
_DEEP = "**"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled glob.

    ``base`` is the folder above its first wildcard. Whole folders are matched once and their
    files by name alone, which is what makes a large tree cheap.
    """

    text: str
    base: str
    captures: tuple[str, ...]
    _root: str
    """The beginning of all folders: empty, ``/``, or the scheme of a bucket."""
    _folders: tuple[Part | None, ...]
    """The parts above the file's; None for ``**``."""
    _file: Part

    @property
    def is_deep(self) -> bool:
        """Tells whether it has a ``**``."""
        return None in self._folders

    @property
    def has_folders(self) -> bool:
        """Tells whether it says more than how a file is called."""
        return "/" in self.text or self.is_deep

    def enters(self, folder: str) -> bool:
        """Tells whether something below a folder may match."""
        if self.is_deep:
            return True
        if not self._is_rooted(folder):
            return False
        names = _names(folder[len(self._root) :].strip("/"))
        if len(names) > len(self._folders):
            return False
        return all(part.match(name) is not None for part, name in self._beside(names))

    def folder(self, folder: str) -> dict[str, str] | None:
        """The captures of a folder whose files may match, None for another folder.

        A capture in a choice that was not taken is empty.
        """
        if not self._is_rooted(folder):
            return None
        return match_parts(self._folders, _names(folder[len(self._root) :]))

    def file(self, name: str) -> dict[str, str] | None:
        """The captures of a file's name, None when it does not match."""
        return self._file.match(name)

    def files(self, names: Collection[str]) -> list[str]:
        """Those of the names of a folder's files that match, in their order."""
        return self._file.matching(names)

    def matches(self, path: str) -> bool:
        """Tells whether a whole path matches."""
        folder, _, name = path.rpartition("/")
        # Paths that begin at the root have an empty folder, which is not the manifest's.
        if self._root and not folder:
            folder = self._root
        return self.folder(folder) is not None and self.file(name) is not None

    def _is_rooted(self, folder: str) -> bool:
        return folder.startswith(self._root or ("/", *SCHEMES)) == bool(self._root)

    def _beside(self, names: Sequence[str]) -> Iterator[tuple[Part, str]]:
        for part, name in zip(self._folders, names, strict=False):
            if part is not None:
                yield part, name


def compile_pattern(text: str) -> Pattern:
    """Compiles a glob. Raises PatternError."""
    _check_length(text)
    # `./images/*.png` is what people write when they complete a path with the Tab key.
    cleaned = "/".join(part for part in text.split("/") if part != ".")
    start = next((one for one in ("/", *SCHEMES) if cleaned.startswith(one)), "")
    rest = cleaned[len(start) :]
    parts = list(_without_repeats(part for part in split_path(rest) if part))
    if not parts:
        raise PatternError("the pattern is empty")
    if cleaned.endswith("/"):
        raise PatternError(f"`{text}` names a folder: say `{text}**` for the files below it")
    if start in SCHEMES and (len(parts) == 1 or _WILD.search(parts[0])):
        raise PatternError(
            f"`{text}` names no bucket: write `{start}BUCKET/` and a pattern of keys"
        )
    if any(one == ".." != before for before, one in pairwise(parts)):
        # A thousand spellings of one folder would be a thousand folders, each with all its files.
        raise PatternError(f"`{text}` leads back with `..`: write the path without it")
    read = [_read(part, last=at == len(parts) - 1) for at, part in enumerate(parts)]
    folders = tuple(None if one is None else Part(one) for one in read[:-1])
    last = read[-1]
    return Pattern(
        text=text,
        base=start + "/".join(_literal_parts(parts[:-1])),
        captures=_captures(read),
        _root=start,
        _folders=folders if last is not None else (*folders, None),
        _file=_ANY if last is None else Part(last),
    )


def compile_parts(text: str, *, captures: bool = True) -> tuple[Part | None, ...]:
    """The parts of a whole name, None for ``**``; at the end that is at least one part more.

    Without ``captures`` braces that are no choice stand for themselves. Raises PatternError.
    """
    _check_length(text)
    parts = list(_without_repeats(split_path(text)))
    if parts == [""]:
        raise PatternError("the pattern is empty")
    read = [
        None if part == _DEEP else read_part(part, last=at == len(parts) - 1, captures=captures)
        for at, part in enumerate(parts)
    ]
    _check_choices(read)
    compiled = tuple(None if one is None else Part(one) for one in read)
    return compiled if read[-1] is not None else (*compiled, _ANY)


def match_parts(parts: Sequence[Part | None], names: Sequence[str]) -> dict[str, str] | None:
    """The captures of a path's names, None when they do not match; None as a part is ``**``.

    Each ``**`` takes as many names as it can. What failed once is not tried again.
    """
    ways: list[tuple[int, int, int, Mapping[str, str]]] = [(0, 0, 0, {})]
    begun: dict[int, int] = {}
    while ways:
        place, at, least, captures = ways.pop()
        if at > least:
            ways.append((place, at - 1, least, captures))
        while place < len(parts) and (part := parts[place]) is not None:
            found = part.match(names[at]) if at < len(names) else None
            if found is None:
                break
            place, at, captures = place + 1, at + 1, {**captures, **found}
        else:
            if place == len(parts):
                if at == len(names):
                    return dict(captures)
                continue
            # What a `**` left over in a first attempt and failed with will fail again.
            end = begun.get(place, len(names) + 1) - 1
            if at <= end:
                begun[place] = at
                ways.append((place + 1, end, at, captures))
    return None


def _names(folder: str) -> list[str]:
    return folder.split("/") if folder else []


def _check_length(text: str) -> None:
    if len(text) > MOST_LETTERS:
        raise PatternError(f"the pattern has {len(text):,} letters; {MOST_LETTERS:,} are allowed")


def _read(part: str, *, last: bool) -> tuple[Piece, ...] | None:
    return None if part == _DEEP else read_part(part, last=last)


def _captures(parts: Sequence[tuple[Piece, ...] | None]) -> tuple[str, ...]:
    """The names of all captures; raises PatternError for one twice, and for too many choices."""
    names = [name for one in parts if one is not None for name in names_of(one)]
    for name in names:
        if names.count(name) > 1:
            raise PatternError(f"the name `{{{name}}}` stands twice")
    _check_choices(parts)
    return tuple(names)


def _check_choices(parts: Sequence[tuple[Piece, ...] | None]) -> None:
    # Braces multiply: ten choices of ten are ten thousand million patterns in a line of eighty
    # letters.
    number = prod(alternatives(one) for one in parts if one is not None)
    if number > MOST_ALTERNATIVES:
        raise PatternError(
            f"its braces stand for more than {MOST_ALTERNATIVES:,} patterns; "
            "write `*`, or several sources with fewer choices"
        )


def _without_repeats(parts: Iterable[str]) -> Iterator[str]:
    """The parts with one ``**`` for several in a row, which say no more."""
    before = ""
    for part in parts:
        if part != _DEEP or before != _DEEP:
            yield part
        before = part


def _literal_parts(parts: list[str]) -> Iterator[str]:
    for part in parts:
        if _WILD.search(part):
            return
        yield part

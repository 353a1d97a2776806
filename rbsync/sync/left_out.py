"""The patterns of files that a first manifest leaves out, and what each of them reaches."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from rbsync.files.patterns import Pattern, compile_pattern
from rbsync.sync.survey import Folder, below

_WILD = re.compile(r"[*?\[{]")
_MOST_TRIED = 20
"""Patterns for the whole disk that are tried: each is held against every file."""


class Exclusion(NamedTuple):
    """A pattern, why it is there, and the patterns that it stands for: often itself alone."""

    pattern: str
    why: str
    stands_for: tuple[str, ...]


class LeftOut:
    """Patterns with their reasons, empty for what another source has.

    A thousand folders of masks are a thousand patterns: each is only held against the files of the
    folder that it begins with, and of those below.
    """

    def __init__(self, folders: Sequence[Folder]) -> None:
        self._folders = folders
        self._numbers = {one.path: number for number, one in enumerate(folders)}
        self._reasons: dict[str, str] = {}
        self._forms: dict[str, dict[str, Pattern]] = defaultdict(dict)

    def add(self, pattern: str, why: str = "") -> None:
        """Leaves out what a pattern matches; the reason is the last one given."""
        self._reasons[pattern] = why
        self._forms[_start(pattern)][pattern] = compile_pattern(pattern)

    def has_folder(self, path: str) -> bool:
        """Tells whether all files of a folder are left out, by the folder's own path or others'."""
        return any(below(one, "**") in self._reasons for one in _upwards(path))

    def kept(self, folder: Folder, kinds: Sequence[str]) -> list[str]:
        """The paths of a folder's files of some kinds that no pattern matches."""
        forms = [form for one in _upwards(folder.path) for form in self._forms[one].values()]
        return [
            path for path in _paths(folder, kinds) if not any(one.matches(path) for one in forms)
        ]

    def has_any(self, pattern: str, kinds: Sequence[str]) -> bool:
        """Tells whether a pattern leaves out anything of these kinds; another has no effect."""
        form, start = compile_pattern(pattern), _start(pattern)
        return any(form.matches(path) for one in self._from(start) for path in _paths(one, kinds))

    def exclusions(
        self, kinds: Sequence[str], kept: Sequence[str], said: Set[str] = frozenset()
    ) -> Iterator[Exclusion]:
        """Yields what leaves out files of these kinds: one pattern for many where that is the same.

        ``kept`` are the files that none may leave out, ``said`` patterns that are told already.
        """
        left = {one for one in self._reasons.keys() - said if self.has_any(one, kinds)}
        found = []
        for wide_of in (_beside, _called):
            groups: dict[str, list[str]] = defaultdict(list)
            for one in sorted(left):
                groups[wide_of(one)].append(one)
            many = sorted(groups.items(), key=lambda pair: -len(pair[1]))
            for wide, narrow in many[:_MOST_TRIED]:
                if wide and len(narrow) > 1 and not _matches_any(wide, kept):
                    found.append(Exclusion(wide, self._reason(narrow), tuple(narrow)))
                    left.difference_update(narrow)
        found += [Exclusion(one, self._reasons[one], (one,)) for one in left]
        yield from sorted(found)

    def _reason(self, patterns: Sequence[str]) -> str:
        why = self._reasons[patterns[0]]
        others = len(patterns) - 1
        return f"{why}; {others:,} more so" if why else ""

    def _from(self, path: str) -> Iterator[Folder]:
        """Yields the folder of a path and those below it, which come behind it."""
        first = self._numbers.get(path, len(self._folders))
        for number in range(first, len(self._folders)):
            one = self._folders[number]
            if path and one.path != path and not one.path.startswith(f"{path}/"):
                return
            yield one


def _paths(folder: Folder, kinds: Sequence[str]) -> Iterator[str]:
    return (below(folder.path, name) for kind in kinds for name in folder.names.get(kind, ()))


def _matches_any(pattern: str, paths: Sequence[str]) -> bool:
    return any(map(compile_pattern(pattern).matches, paths))


def _start(pattern: str) -> str:
    """The folder that a pattern begins with, whose files and those below it alone may match."""
    parts = pattern.split("/")[:-1]
    wild = next((at for at, one in enumerate(parts) if _WILD.search(one)), len(parts))
    return "/".join(parts[:wild])


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield ""


def _beside(pattern: str) -> str:
    """The pattern of the same files in all folders beside the one of a pattern."""
    *above, _, last = pattern.split("/") if "/" in pattern else ["", "", pattern]
    if not any(above):
        return ""
    return "/".join([*above, "**"] if last == "**" else [*above, "**", last])


def _called(pattern: str) -> str:
    """The pattern of the same files in folders anywhere, by the folder's name or the files'."""
    *_, title, last = pattern.split("/") if "/" in pattern else ["", pattern]
    return f"**/{title}/**" if last == "**" else f"**/{last}"

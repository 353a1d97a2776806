"""The glob language: ``**``, ``*``, ``?``, ``[…]``, ``{a,b}`` and named captures ``{case}``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rbsync.files.kinds import SUFFIXES

_CAPTURE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WILD = re.compile(r"[*?\[{]")

DEEPEST = 16


class PatternError(ValueError):
    """A pattern that cannot be read."""


@dataclass(frozen=True)
class Pattern:
    """A compiled glob.

    ``base`` is the folder above its first wildcard. Whole folders are matched once and their
    files by name alone, which is what makes a large tree cheap.
    """

    text: str
    base: str
    captures: tuple[str, ...]
    _folder: re.Pattern[str]
    _file: re.Pattern[str]
    _prefixes: tuple[re.Pattern[str], ...] | None

    @property
    def is_deep(self) -> bool:
        """Whether it has a ``**``."""
        return self._prefixes is None

    @property
    def has_folders(self) -> bool:
        """Whether it says more than how a file is called."""
        return "/" in self.text or self.is_deep

    def enters(self, folder: str) -> bool:
        """Whether something below a folder may match."""
        if self._prefixes is None:
            return True
        depth = len(folder.strip("/").split("/")) if folder else 0
        if depth >= len(self._prefixes):
            return False
        return self._prefixes[depth].fullmatch(folder) is not None

    def folder(self, folder: str) -> dict[str, str] | None:
        """The captures of a folder whose files may match, None for another folder.

        A capture in a choice that was not taken is empty.
        """
        found = self._folder.fullmatch(folder + "/" if folder else "")
        return found.groupdict("") if found else None

    def file(self, name: str) -> dict[str, str] | None:
        """The captures of a file's name, None when it does not match."""
        found = self._file.fullmatch(name)
        return found.groupdict("") if found else None

    def matches(self, path: str) -> bool:
        """Whether a whole path matches."""
        folder, _, name = path.rpartition("/")
        return self.folder(folder) is not None and self.file(name) is not None


def compile_pattern(text: str) -> Pattern:
    """Compiles a glob. Raises PatternError."""
    cleaned = "/".join(part for part in text.split("/") if part != ".")
    absolute = cleaned.startswith("/")
    parts = list(_without_repeats(part for part in _split(cleaned) if part))
    if not parts:
        raise PatternError("the pattern is empty")
    if cleaned.endswith("/"):
        raise PatternError(f"`{text}` names a folder: say `{text}**` for the files below it")
    seen: list[str] = []
    steps = [_translate(part, seen, last=False) for part in parts[:-1]]
    name = "[^/]*" if parts[-1] == "**" else _translate(parts[-1], seen, last=True)
    if parts[-1] == "**":
        steps.append("**")
    start = "/" if absolute else ""
    return Pattern(
        text=text,
        base=start + "/".join(_literal_parts(parts[:-1])),
        captures=tuple(seen),
        _folder=_compile(start + "".join(_as_folders(steps))),
        _file=_compile(name),
        _prefixes=None if "**" in steps else tuple(_prefixes(start, steps)),
    )


def _split(text: str) -> list[str]:
    """Splits at slashes outside braces and brackets."""
    parts, start, depth = [], 0, 0
    for at, letter in _marks(text):
        depth = max(0, depth + {"{": 1, "}": -1}.get(letter, 0))
        if letter == "/" and not depth:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _marks(text: str, at: int = 0) -> Iterator[tuple[int, str]]:
    """The letters that may mean something, with their places: all but those in brackets."""
    while at < len(text):
        yield at, text[at]
        at = _end_of_bracket(text, at) + 1 if text[at] == "[" else at + 1


def _end_of_bracket(text: str, at: int) -> int:
    """Where a bracket is closed; a `]` that comes first in it is one of its letters."""
    first = at + 2 if text[at + 1 : at + 2] in ("!", "^") else at + 1
    end = text.find("]", first + 1)
    if end < 0:
        raise PatternError(f"`[` has no `]` in `{text}`")
    return end


def _without_repeats(parts: Iterable[str]) -> Iterator[str]:
    """The parts with one ``**`` for several in a row, which say no more and take long to try."""
    before = ""
    for part in parts:
        if part != "**" or before != "**":
            yield part
        before = part


def _literal_parts(parts: list[str]) -> Iterator[str]:
    for part in parts:
        if _WILD.search(part):
            return
        yield part


def _as_folders(steps: list[str]) -> Iterator[str]:
    for step in steps:
        yield "(?:[^/]+/)*" if step == "**" else step + "/"


def _prefixes(start: str, steps: list[str]) -> Iterator[re.Pattern[str]]:
    """For each depth, what a folder of that depth must look like to be entered."""
    for depth in range(len(steps) + 1):
        path = "/".join(steps[:depth])
        yield _compile(start + path if path else "")


def _compile(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.DOTALL)


def _translate(part: str, seen: list[str], *, last: bool) -> str:
    """A segment as a regular expression; its captures are added to ``seen``."""
    if part == "**":
        return part
    if "**" in part:
        raise PatternError(f"`**` must stand alone between slashes, not as in `{part}`")
    head, tail = _split_suffix(part) if last else (part, "")
    expression = _pieces(head, seen)
    return expression + (f"(?i:{_pieces(tail, seen)})" if tail else "")


def _split_suffix(part: str) -> tuple[str, str]:
    """Parts a file pattern before its suffix when that is one of ours: ``.PNG`` is a PNG."""
    for at, letter in enumerate(part):
        if letter == "." and set(_alternatives(part[at + 1 :])) <= SUFFIXES:
            return part[:at], part[at:]
    return part, ""


def _alternatives(text: str) -> list[str]:
    if text.startswith("{") and text.endswith("}"):
        return [one.lower() for one in text[1:-1].split(",")]
    return [text.lower()]


def _pieces(text: str, seen: list[str]) -> str:
    out, at = [], 0
    while at < len(text):
        piece, at = _piece(text, at, seen)
        out.append(piece)
    return "".join(out)


def _piece(text: str, at: int, seen: list[str]) -> tuple[str, int]:
    match text[at]:
        case "*":
            return "[^/]*", at + 1
        case "?":
            return "[^/]", at + 1
        case "[":
            return _bracket(text, at)
        case "{":
            return _brace(text, at, seen)
        case letter:
            return re.escape(letter), at + 1


def _bracket(text: str, at: int) -> tuple[str, int]:
    end = _end_of_bracket(text, at)
    inside = text[at + 1 : end]
    negated = inside[0] in "!^"
    members = "".join(_members(inside[1:] if negated else inside))
    return (f"[^/{members}]" if negated else f"(?!/)[{members}]"), end + 1


def _members(inside: str) -> Iterator[str]:
    """The letters and ranges of a bracket as a regular expression has them."""
    at = 0
    while at < len(inside):
        first, last = inside[at], inside[at + 2 : at + 3]
        if inside[at + 1 : at + 2] == "-" and last:
            if first > last:
                raise PatternError(f"the range `{first}-{last}` runs backwards")
            yield f"{re.escape(first)}-{re.escape(last)}"
            at += 3
        else:
            yield re.escape(first)
            at += 1


def _brace(text: str, at: int, seen: list[str]) -> tuple[str, int]:
    end = _closing(text, at)
    inside = text[at + 1 : end]
    choices = list(_choices(inside))
    if len(choices) > 1:
        if "/" in inside:
            raise PatternError(f"`{{{inside}}}` has a `/` in it; write a source for each choice")
        return f"(?:{'|'.join(_pieces(choice, seen) for choice in choices)})", end + 1
    if not _CAPTURE.fullmatch(inside):
        raise PatternError(f"`{{{inside}}}` is neither a choice `{{a,b}}` nor a name")
    if inside in seen:
        raise PatternError(f"the name `{{{inside}}}` stands twice")
    seen.append(inside)
    return f"(?P<{inside}>[^/]+?)", end + 1


def _closing(text: str, at: int) -> int:
    depth = 0
    for place, letter in _marks(text, at):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if not depth:
            return place
        if depth > DEEPEST:
            raise PatternError(f"choices stand in each other more than {DEEPEST} deep")
    raise PatternError(f"`{{` has no `}}` in `{text}`")


def _choices(inside: str) -> Iterator[str]:
    start = depth = 0
    for place, letter in _marks(inside):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and not depth:
            yield inside[start:place]
            start = place + 1
    yield inside[start:]

"""The text between two slashes of a pattern, read into its pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rbsync.files.kinds import SUFFIXES

DEEPEST = 16
MOST_ALTERNATIVES = 1_000
"""How many patterns without braces a pattern may stand for."""

_CAPTURE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class PatternError(ValueError):
    """A pattern that cannot be read."""


@dataclass(frozen=True, slots=True)
class Text:
    """Letters that stand for themselves, perhaps in any case."""

    text: str
    any_case: bool = False


@dataclass(frozen=True, slots=True)
class One:
    """One letter: ``?`` or a bracket, as a regular expression has it."""

    expression: str


@dataclass(frozen=True, slots=True)
class Star:
    """Any letters, or none."""


@dataclass(frozen=True, slots=True)
class Capture:
    """At least one letter, kept under a name."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several sequences of pieces; the first that serves is taken."""

    choices: tuple[tuple[Piece, ...], ...]


Piece = Text | One | Star | Capture | Choice


def split_path(text: str) -> list[str]:
    """Splits at slashes outside braces and brackets. Raises PatternError."""
    parts, start, depth = [], 0, 0
    for at, letter in _marks(text):
        depth = max(0, depth + {"{": 1, "}": -1}.get(letter, 0))
        if letter == "/" and not depth:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def read_part(part: str, *, last: bool, captures: bool = True) -> tuple[Piece, ...]:
    """The pieces of a part. ``last`` says that it is a file's: its suffix is of any case.

    Without ``captures`` braces that are no choice stand for themselves. Raises PatternError.
    """
    # Shells differ in what `a**b` means, so that nobody can know what the writer meant.
    if "**" in part:
        raise PatternError(f"`**` must stand alone between slashes, not as in `{part}`")
    head, tail = _split_suffix(part) if last else (part, "")
    pieces = _pieces(head, captures)
    return (*pieces, *map(_in_any_case, _pieces(tail, captures))) if tail else pieces


def names_of(pieces: Sequence[Piece]) -> Iterator[str]:
    """The names of the captures, in the order in which they are written."""
    for one in pieces:
        if isinstance(one, Capture):
            yield one.name
        elif isinstance(one, Choice):
            for choice in one.choices:
                yield from names_of(choice)


def alternatives(pieces: Sequence[Piece]) -> int:
    """For how many sequences without a choice the pieces stand."""
    product = 1
    for one in pieces:
        if isinstance(one, Choice):
            product *= sum(map(alternatives, one.choices))
    return product


def _marks(text: str, at: int = 0) -> Iterator[tuple[int, str]]:
    """The letters that may mean something, with their places: all but those in brackets."""
    while at < len(text):
        yield at, text[at]
        at = _end_of_bracket(text, at) + 1 if text[at] == "[" else at + 1


def _end_of_bracket(text: str, at: int) -> int:
    """Returns where a bracket is closed; a `]` that comes first in it is one of its letters."""
    first = at + 2 if text[at + 1 : at + 2] in ("!", "^") else at + 1
    end = text.find("]", first + 1)
    if end < 0:
        raise PatternError(f"`[` has no `]` in `{text}`")
    return end


def _split_suffix(part: str) -> tuple[str, str]:
    """Parts a file pattern before its suffix when that is one of ours: ``.PNG`` is a PNG."""
    for at, letter in enumerate(part):
        # Cameras and scanners write `.PNG` and `.DCM`, and on one's own disk that hardly matters.
        if letter == "." and set(_suffixes(part[at + 1 :])) <= SUFFIXES:
            return part[:at], part[at:]
    return part, ""


def _suffixes(text: str) -> list[str]:
    if text.startswith("{") and text.endswith("}"):
        return [one.lower() for one in text[1:-1].split(",")]
    return [text.lower()]


def _in_any_case(piece: Piece) -> Piece:
    match piece:
        case Text(text):
            return Text(text, any_case=True)
        case Choice(choices):
            return Choice(tuple(tuple(map(_in_any_case, one)) for one in choices))
        case _:
            return piece


def _pieces(text: str, captures: bool) -> tuple[Piece, ...]:
    found: list[Piece] = []
    at = 0
    while at < len(text):
        piece, at = _piece(text, at, captures)
        if isinstance(piece, Text) and found and isinstance(found[-1], Text):
            piece = Text(found.pop().text + piece.text)  # type: ignore[union-attr]  # it is a Text
        found.append(piece)
    return tuple(found)


def _piece(text: str, at: int, captures: bool) -> tuple[Piece, int]:
    match text[at]:
        case "*":
            return Star(), at + 1
        case "?":
            return One("."), at + 1
        case "[":
            return _bracket(text, at)
        case "{":
            return _brace(text, at, captures)
        case letter:
            return Text(letter), at + 1


def _bracket(text: str, at: int) -> tuple[One, int]:
    end = _end_of_bracket(text, at)
    inside = text[at + 1 : end]
    negated = inside[0] in "!^"
    members = "".join(_members(inside[1:] if negated else inside))
    return One(f"[{'^' if negated else ''}{members}]"), end + 1


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


def _brace(text: str, at: int, captures: bool) -> tuple[Piece, int]:
    end = _closing(text, at)
    inside = text[at + 1 : end]
    choices = list(_choices(inside))
    if len(choices) > 1:
        # A choice over folders has no one base, below which it could be looked for.
        if "/" in inside:
            raise PatternError(f"`{{{inside}}}` has a `/` in it; write a source for each choice")
        return Choice(tuple(_pieces(choice, captures) for choice in choices)), end + 1
    if not captures:
        return Text("{"), at + 1
    if not _CAPTURE.fullmatch(inside):
        raise PatternError(f"`{{{inside}}}` is neither a choice `{{a,b}}` nor a name")
    return Capture(inside), end + 1


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

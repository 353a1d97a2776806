"""One part of a pattern, compiled: by a regular expression where that is linear, else by steps."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from rbsync.files.pattern_steps import Steps
from rbsync.files.pattern_syntax import Capture, Choice, One, Piece, Star, Text, names_of


class Part:
    """A pattern for the name of a folder or a file, without a slash.

    The Unicode form never decides: `é` may be one letter or two on a disk, and is the same name.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        pieces = tuple(map(_composed, pieces))
        self.names = tuple(names_of(pieces))
        expression = linear_expression(pieces)
        self._expression = None if expression is None else re.compile(expression, re.DOTALL)
        self._steps = Steps(pieces) if expression is None else None

    def match(self, name: str) -> dict[str, str] | None:
        """The captures of a name; a capture in a choice that was not taken is empty."""
        # macOS hands out names with the accent apart from its letter, and a manifest is written
        # with it joined.
        if not name.isascii():
            name = unicodedata.normalize("NFC", name)
        if self._expression is not None:
            found = self._expression.fullmatch(name)
            return found.groupdict("") if found else None
        assert self._steps is not None  # noqa: S101  (there is one of the two)
        captures = self._steps.match(name)
        return None if captures is None else {**dict.fromkeys(self.names, ""), **captures}

    def matching(self, names: Collection[str]) -> list[str]:
        """Those of many names that match, in their order."""
        # A call of Python's for each of a million takes longer than the matching.
        if self._expression is not None and "".join(names).isascii():
            return list(filter(self._expression.fullmatch, names))
        return [name for name in names if self.match(name) is not None]


def linear_expression(pieces: Sequence[Piece]) -> str | None:
    """A regular expression that tries nothing twice, whatever the name; None where none is sure.

    With one star or capture and one choice there is little to try.
    """
    every = list(_all(pieces))
    if sum(isinstance(one, Choice) for one in every) > 1:
        return None
    spans = [at for at, one in enumerate(pieces) if isinstance(one, Star | Capture)]
    if sum(isinstance(one, Star | Capture) for one in every) <= 1:
        return expression_of(pieces)
    if not spans or any(isinstance(one, Choice) for one in pieces[: spans[-1]]):
        return None
    return _in_turn(pieces, spans)


def _in_turn(pieces: Sequence[Piece], spans: Sequence[int]) -> str | None:
    """Spans that each end where what follows them stands for the first time.

    No other end can be better, as the next span takes whatever is left. That is not so for a star
    before a capture, which takes all that it can: those two are looked at from the end.
    """
    parts = [expression_of(pieces[: spans[0]])]
    for first, second in pairwise(spans):
        between = pieces[first + 1 : second]
        if isinstance(pieces[first], Star) and isinstance(pieces[second], Capture):
            if second != spans[-1] or not _is_letter(between):
                return None
            last = f"(?P<{pieces[second].name}>{_no(between)}*?.)"  # type: ignore[union-attr]
            return "".join(
                (*parts, ".*", expression_of(between), last, expression_of(pieces[second + 1 :]))
            )
        parts += [_until(pieces[first], between), expression_of(between)]
    return "".join((*parts, expression_of(pieces[spans[-1] :])))


def _is_letter(pieces: Sequence[Piece]) -> bool:
    return len(pieces) == 1 and (
        isinstance(pieces[0], One) or (isinstance(pieces[0], Text) and len(pieces[0].text) == 1)
    )


def _until(span: Piece, then: Sequence[Piece]) -> str:
    """A span that ends where something stands for the first time."""
    if isinstance(span, Capture):
        return f"(?P<{span.name}>.{_no(then)}*)"
    return f"{_no(then)}*"


def _no(then: Sequence[Piece]) -> str:
    """A letter at which something does not begin."""
    match then:
        case [Text(text)] if len(text) == 1:
            return f"[^{re.escape(text)}]"
    return f"(?:(?!{expression_of(then)}).)"


def expression_of(pieces: Sequence[Piece]) -> str:
    """The regular expression that says what the pieces mean, whatever it costs to match."""
    return "".join(map(_one_expression, pieces))


def _one_expression(piece: Piece) -> str:
    match piece:
        case Text(text, any_case):
            return f"(?i:{re.escape(text)})" if any_case else re.escape(text)
        case One(expression):
            return expression
        case Star():
            return ".*"
        case Capture(name):
            return f"(?P<{name}>.+?)"
        case Choice(choices):
            return f"(?:{'|'.join(map(expression_of, choices))})"


def _all(pieces: Sequence[Piece]) -> Iterator[Piece]:
    for one in pieces:
        yield one
        if isinstance(one, Choice):
            for choice in one.choices:
                yield from _all(choice)


def _composed(piece: Piece) -> Piece:
    match piece:
        case Text(text, any_case):
            return Text(unicodedata.normalize("NFC", text), any_case)
        case Choice(choices):
            return Choice(tuple(tuple(map(_composed, one)) for one in choices))
        case _:
            return piece

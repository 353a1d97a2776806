"""Matching in time linear in the name, whatever the pattern.

A regular expression tries ``*a*a*a*a`` on a name of many letters in all ways there are. Here no
step of a pattern is tried twice at the same letter: what failed there once will fail again. The
order in which ways are tried is that of regular expressions, so that captures are the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rbsync.files.pattern_syntax import Capture, Choice, One, Piece, Star, Text


class Found(NamedTuple):
    """A capture of a match, and the one before it."""

    name: str
    text: str
    before: Found | None


class _Fork(NamedTuple):
    targets: tuple[int, ...]


class _Jump(NamedTuple):
    target: int


class _Join(NamedTuple):
    """A meeting point of choices: several ways lead to it at one and the same letter."""


class _Span(NamedTuple):
    """A star or, with a name, a capture. ``then`` is what must follow it, if that is known."""

    name: str
    then: str | re.Pattern[str] = ""


class _Way(NamedTuple):
    """A place to go on from when another way has failed.

    In a span that begins at ``start``, ``at`` is the next end to try and ``until`` the last.
    """

    step: int
    at: int
    found: Found | None
    start: int = -1
    until: int = -1


_Step = str | re.Pattern[str] | _Fork | _Jump | _Join | _Span


class Steps:
    """A compiled sequence of pieces."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._steps: list[_Step] = []
        self._add(pieces)
        for at, step in enumerate(self._steps):
            if isinstance(step, _Span):
                self._steps[at] = step._replace(then=self._after(at))

    def __len__(self) -> int:
        return len(self._steps)

    def match(self, name: str) -> dict[str, str] | None:
        """The captures of a name, None when it does not match."""
        return _Run(self._steps, name).result()

    def effort(self, name: str) -> int:
        """Returns how many steps a match takes."""
        run = _Run(self._steps, name)
        run.result()
        return run.taken

    def _after(self, at: int) -> str | re.Pattern[str]:
        """Returns what must stand where a span ends, as far as one step says it."""
        then = self._steps[at + 1] if at + 1 < len(self._steps) else ""
        return then if isinstance(then, str | re.Pattern) else ""

    def _add(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            match piece:
                case Text(text, any_case):
                    self._steps.append(re.compile(f"(?i:{re.escape(text)})") if any_case else text)
                case One(expression):
                    self._steps.append(re.compile(expression, re.DOTALL))
                case Star():
                    self._steps.append(_Span(""))
                case Capture(name):
                    self._steps.append(_Span(name))
                case Choice(choices):
                    self._add_choice(choices)

    def _add_choice(self, choices: Sequence[Sequence[Piece]]) -> None:
        fork = len(self._steps)
        self._steps.append(_Jump(0))
        targets, ends = [], []
        for choice in choices:
            targets.append(len(self._steps))
            self._add(choice)
            ends.append(len(self._steps))
            self._steps.append(_Jump(0))
        join = len(self._steps)
        self._steps.append(_Join())
        self._steps[fork] = _Fork(tuple(targets))
        for end in ends:
            self._steps[end] = _Jump(join)


class _Run:
    """One name on its way through the steps."""

    def __init__(self, steps: Sequence[_Step], name: str) -> None:
        self.taken = 0
        self._steps = steps
        self._name = name
        self._joined: set[tuple[int, int]] = set()
        self._begun: dict[int, int] = {}
        """The first letter at which each span was begun: its ends after that have failed."""
        self._ways = [_Way(0, 0, None)]

    def result(self) -> dict[str, str] | None:
        while self._ways:
            way: _Way | None = self._ways.pop()
            while way is not None:
                self.taken += 1
                if way.start >= 0:
                    way = self._end_span(way)
                elif way.step < len(self._steps):
                    way = self._next(way.step, way.at, way.found)
                elif way.at == len(self._name):
                    return _captures(way.found)
                else:
                    break
        return None

    def _next(self, place: int, at: int, found: Found | None) -> _Way | None:
        step = self._steps[place]
        match step:
            case str():
                ends = at + len(step) if self._name.startswith(step, at) else -1
                return _Way(place + 1, ends, found) if ends >= 0 else None
            case re.Pattern():
                matched = step.match(self._name, at)
                return _Way(place + 1, matched.end(), found) if matched else None
            case _Fork():
                # The last in is the first out, so that choices are tried in the order in which they
                # are written.
                self._ways += [_Way(one, at, found) for one in reversed(step.targets[1:])]
                return _Way(step.targets[0], at, found)
            case _Jump():
                return _Way(step.target, at, found)
            case _Join():
                return self._join(place, at, found)
            case _Span():
                return self._begin_span(place, at, found, is_capture=bool(step.name))

    def _join(self, place: int, at: int, found: Found | None) -> _Way | None:
        # Both branches of a choice that reach this letter would fail in the same way from here on.
        # Without this, `{a,aa}{a,aa}{a,aa}` on a long name takes for ever.
        if (place, at) in self._joined:
            return None
        self._joined.add((place, at))
        return _Way(place + 1, at, found)

    def _begin_span(
        self, place: int, at: int, found: Found | None, *, is_capture: bool
    ) -> _Way | None:
        """A capture is tried from its shortest form on, a star from its longest."""
        before = self._begun.get(place, len(self._name) + 1)
        if at >= before:
            return None
        self._begun[place] = at
        if is_capture:
            return _Way(place, at + 1, found, at, min(len(self._name), before))
        return _Way(place, min(len(self._name), before - 1), found, at, at)

    def _end_span(self, way: _Way) -> _Way | None:
        """Ends a span where what must follow does; the ends that are left are tried later."""
        span = self._steps[way.step]
        assert isinstance(span, _Span)  # noqa: S101  (only those are begun)
        if not span.name:
            return self._end_star(way, span.then)
        at = self._first(span.then, way.at)
        if not 0 <= at <= way.until:
            return None
        if at < way.until:
            self._ways.append(way._replace(at=at + 1))
        return _Way(way.step + 1, at, Found(span.name, self._name[way.start : at], way.found))

    def _end_star(self, way: _Way, then: str | re.Pattern[str]) -> _Way | None:
        at = way.at
        if isinstance(then, str):
            at = self._name.rfind(then, way.until, at + len(then))
        if at > way.until:
            self._ways.append(way._replace(at=at - 1))
        return _Way(way.step + 1, at, way.found) if at >= 0 else None

    def _first(self, then: str | re.Pattern[str], at: int) -> int:
        if isinstance(then, str):
            return self._name.find(then, at)
        found = then.search(self._name, at)
        return found.start() if found else -1


def _captures(found: Found | None) -> dict[str, str]:
    captures = {}
    while found is not None:
        captures[found.name] = found.text
        found = found.before
    return captures

"""The order in which problems are told, and how many of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from rbsync.errors import Problem

MOST = 50
ALIKE = 10
"""So many problems that differ in nothing but names and numbers say what the matter is."""

_QUOTED = re.compile(r"`[^`]*`")
_MORE = "more"

Sort = tuple[str, int, str, str]


def in_order(problems: Iterable[Problem], first: str = "") -> list[Problem]:
    """By file, line and column; those of the file ``first`` before all others."""

    def place(problem: Problem) -> tuple[bool, str, int, int]:
        file, line, column = problem.location or (first, 0, 0)
        # The manifest first: a problem there often is the reason of those in the files that it
        # names.
        return (file != first, file, line, column)

    return sorted(problems, key=place)


def sorts_of(problems: Iterable[Problem]) -> list[Sort]:
    """Returns of each problem the part that others share, such as 300 masks of one class map."""
    return [
        (one.code, _line(one), _plain_words(one.message), _plain_words(one.hint))
        for one in problems
    ]


def _line(problem: Problem) -> int:
    """Lines of a manifest are mended one by one, so that each of them is told."""
    place = problem.location
    return place.line if place and place.file.endswith((".yaml", ".yml")) else 0


def _plain_words(text: str) -> str:
    return " ".join(word for word in _QUOTED.sub("", text).split() if word.isalpha())


def shortened(problems: Sequence[Problem], most: int = MOST) -> list[Problem]:
    """The first of many problems, some of each sort, and at the end how many more there are."""
    if len(problems) <= most:
        return list(problems)
    seen = Counter[Sort]()
    chosen: list[int] = []
    others: list[int] = []
    for at, sort in enumerate(sorts_of(problems)):
        seen[sort] += 1
        (chosen if seen[sort] <= ALIKE else others).append(at)
    shown = sorted([*chosen, *others][:most])
    rest = len(problems) - most
    more = Problem(_MORE, f"and {rest:,} more problem{'s' if rest > 1 else ''}")
    return [*(problems[at] for at in shown), more]


def number_of(problems: Iterable[Problem]) -> int:
    """The number of problems, with those that `shortened` left out."""
    return sum(
        int(one.message.split()[1].replace(",", "")) if one.code == _MORE else 1 for one in problems
    )

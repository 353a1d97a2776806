"""The order in which problems are told, and how many of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rbsync.errors import Problem

MOST = 50


def in_order(problems: Iterable[Problem], first: str = "") -> list[Problem]:
    """By file, line and column; those of the file ``first`` before all others."""

    def place(problem: Problem) -> tuple[bool, str, int, int]:
        file, line, column = problem.location or (first, 0, 0)
        # The manifest first: a problem there often is the reason of those in the files that it
        # names.
        return (file != first, file, line, column)

    return sorted(problems, key=place)


def shortened(problems: Sequence[Problem], most: int = MOST) -> list[Problem]:
    """The first of many problems, and at the end how many more there are."""
    if len(problems) <= most:
        return list(problems)
    rest = len(problems) - most
    more = Problem("more", f"and {rest:,} more problem{'s' if rest > 1 else ''}")
    return [*problems[:most], more]

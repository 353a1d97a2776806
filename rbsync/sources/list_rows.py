"""Rows of an items list, of whatever format, with their places."""

from __future__ import annotations

from typing import Any, NamedTuple

from rbsync.errors import Location
from rbsync.guessing import nearest


class Row(NamedTuple):
    """One entry of a list, not checked yet, its place, and what is wrong with how it stands."""

    value: Any
    place: Location
    wrong: str = ""


class ListError(ValueError):
    """The list itself cannot be read on; ``code`` and ``hint`` are those of the problem."""

    def __init__(
        self, message: str, place: Location, code: str = "items-list", hint: str = ""
    ) -> None:
        super().__init__(message)
        self.place = place
        self.code = code
        self.hint = hint


def guess(key: str, known: tuple[str, ...]) -> str:
    """The known key that was meant, as the end of a message."""
    near = nearest(key, known)
    return f"; did you mean `{near}`?" if near else ""

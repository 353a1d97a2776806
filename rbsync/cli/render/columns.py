"""The columns that text takes on a terminal: letters of East Asia take two, accents none."""

from __future__ import annotations

import unicodedata


def columns_of(text: str) -> int:
    """The number of columns that a line takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """As much of the beginning of a line as fits."""
    taken = 0
    for at, letter in enumerate(text):
        taken += _columns(letter)
        if taken > columns:
            return text[:at]
    return text

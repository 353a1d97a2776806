"""A problem of a label, with its place in the list of labels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple
from unicodedata import normalize

from rbsync.guessing import MOST_KNOWN, nearest

Path = tuple[str | int, ...]


class LabelProblem(NamedTuple):
    """One thing that is wrong.

    ``path`` leads to the member from the list of labels: ``(2, "bbox2d", "xnorm")``; it is
    relative to the value that a check was given until the whole list was checked. ``code`` is a
    stable slug, ``hint`` the next step or empty.
    """

    code: str
    message: str
    path: Path = ()
    hint: str = ""

    @property
    def place(self) -> str:
        """The path as people write it: ``[2].bbox2d.xnorm``."""
        return place(self.path)

    def __str__(self) -> str:
        where = f"{self.place}: " if self.path else ""
        return f"{where}{self.message}"


MOST = 10_000
"""Problems of one datapoint: who has so many wants to know the first, and a stranger's millions
would fill the memory."""

Check = Callable[[object], Sequence[LabelProblem]]
"""Answers what is wrong with a value; an empty answer costs next to nothing."""

FINE: Sequence[LabelProblem] = ()


def place(path: Path) -> str:
    """A path as people write it: ``[2].bbox2d.xnorm``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).lstrip(".")


def under(step: str | int, problems: Iterable[LabelProblem]) -> list[LabelProblem]:
    """The problems of a member as those of what has it."""
    return [one._replace(path=(step, *one.path)) for one in problems]


def meant_name(name: str, near: str) -> str:
    """The hint with the name that was meant."""
    if name != near and normalize("NFC", name) == normalize("NFC", near):
        # They look the same, and to read one's own word in the answer helps nobody.
        return f'"{near}" is written with other code points there: copy it from there'
    return f'did you mean "{near}"?'


def did_you_mean(word: str, known: Collection[str]) -> str:
    """A hint that names the nearest known word, or all when they are few, or nothing."""
    # To sort them for each of a thousand problems would take longer than all the rest.
    if len(known) > MOST_KNOWN:
        return ""
    words = sorted(known)
    near = nearest(word, words)
    if near:
        return meant_name(word, near)
    # All of a long taxonomy would bury the message.
    if 0 < len(words) <= 10:
        return "known: " + ", ".join(words)
    return ""

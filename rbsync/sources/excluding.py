"""The patterns of what a source leaves out, and which of them leave out nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from rbsync.errors import Problem
from rbsync.files.patterns import Pattern, PatternError, compile_pattern
from rbsync.sources.base import Context

_MOST_GUESSES = 1_000_000
"""Comparisons of a path with what a pattern may have meant; each takes about a microsecond."""


class Exclusions:
    """The patterns under ``exclude``, which remember whether they left anything out."""

    def __init__(self, context: Context, texts: Sequence[str], patterns: Sequence[Pattern]) -> None:
        self._context = context
        self._texts, self._patterns = texts, patterns
        self._used = [False] * len(patterns)

    def of_folder(self, folder: str) -> list[int]:
        """The numbers of the patterns that may leave out files of a folder.

        Asked once for each folder instead of once for each file.
        """
        return [at for at, one in enumerate(self._patterns) if one.folder(folder) is not None]

    def take(self, path: str, possible: Iterable[int]) -> bool:
        """Tells whether a file is left out by one of the patterns of its folder."""
        name = path.rpartition("/")[2]
        for at in possible:
            if self._patterns[at].file(name) is not None:
                if not self._used[at]:
                    self._used[at] = True
                    self._context.witness(path)
                return True
        return False

    def warn_of_unused(self, paths: Iterable[str]) -> None:
        """Warns of patterns without effect; ``paths`` are those that the source found.

        A pattern in the habit of other programs leaves in what it was meant to keep out, and the
        thumbnails are uploaded.
        """
        unused = [at for at, used in enumerate(self._used) if not used]
        if not unused or self._context.is_part:
            return
        guesses = {at: list(_meant(self._texts[at])) for at in unused}
        found = _first_that_match(guesses, paths)
        for at in unused:
            message = f"the `exclude` pattern `{self._texts[at]}` matches no file"
            hint = "patterns begin at the manifest's folder; check the spelling, or take it out"
            if at in found:
                hint = f"did you mean `{found[at]}`?"
            place = self._context.locate(("exclude", at))
            self._context.warn(Problem("unused-exclude", message, place, hint))


def _meant(text: str) -> Iterator[Pattern]:
    """The patterns that somebody who comes from gitignore or rsync means by a text."""
    plain = text.rstrip("/")
    for one in (f"{plain}/**", f"**/{plain}", f"**/{plain}/**"):
        try:
            yield compile_pattern(one.replace("**/**/", "**/"))
        except PatternError:
            continue


def _first_that_match(guesses: dict[int, list[Pattern]], paths: Iterable[str]) -> dict[int, str]:
    """For each number the first of its patterns that matches any path."""
    hits: dict[int, set[int]] = {at: set() for at in guesses}
    # To guess is a courtesy: of many files and many patterns a part has to do.
    for path in islice(paths, _MOST_GUESSES // (3 * len(guesses))):
        for at, patterns in guesses.items():
            hits[at].update(rank for rank, one in enumerate(patterns) if one.matches(path))
    return {at: guesses[at][min(ranks)].text for at, ranks in hits.items() if ranks}

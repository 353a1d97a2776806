"""The patterns of what a source leaves out, and which of them leave out nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rbsync.errors import Location, Problem
from rbsync.files.part import NotInPartsError
from rbsync.files.patterns import Pattern, PatternError, compile_pattern
from rbsync.sources.context import Context, Rest

_CODE = "unused-exclude"
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
                    # While this file is there the pattern has an effect: one is enough.
                    self._context.witness(path)
                return True
        return False

    def warn_of_unused(self, paths: Iterable[str]) -> None:
        """Warns of patterns without effect; ``paths`` are those that the source found.

        A pattern in the habit of other programs leaves in what it was meant to keep out, and the
        thumbnails are uploaded.
        """
        unused = [
            at
            for at, used in enumerate(self._used)
            if not used and self._context.may_tell(_CODE, self._place(at))
        ]
        if not unused:
            return
        rest = self._context.rest
        hints = self._hints(unused, paths) if rest is None else self._known(unused, paths, rest)
        for at in unused:
            message = f"the `exclude` pattern `{self._texts[at]}` matches no file"
            self._context.warn(Problem(_CODE, message, self._place(at), hints[at]))

    def _place(self, at: int) -> Location:
        return self._context.locate(("exclude", at))

    def _hints(self, unused: Sequence[int], paths: Iterable[str]) -> dict[int, str]:
        guesses = self._guesses(unused)
        found = _first_that_match(guesses, paths)
        plain = "patterns begin at the manifest's folder; check the spelling, or take it out"
        return {at: f"did you mean `{found[at]}`?" if at in found else plain for at in unused}

    def _known(self, unused: Sequence[int], paths: Iterable[str], rest: Rest) -> dict[int, str]:
        """The hints as they were. Raises NotInPartsError where the part may change one."""
        guesses, paths = self._guesses(unused), list(paths)
        told = [one for code, one in rest.told if code == _CODE]
        now, most = rest.left + len(paths), _most_files(guesses)
        if len(told) != len(unused) or (rest.before > most) != (now > most):
            raise NotInPartsError("there is something else to guess")
        if now <= most and _first_that_match(guesses, [*paths, *rest.dropped()]):
            raise NotInPartsError("a file may be what a pattern was meant for")
        return {at: rest.told[_CODE, self._place(at)].hint for at in unused}

    def _guesses(self, unused: Iterable[int]) -> dict[int, list[Pattern]]:
        return {at: list(_meant(self._texts[at])) for at in unused}


def _meant(text: str) -> Iterator[Pattern]:
    """The patterns that somebody who comes from gitignore or rsync means by a text."""
    plain = text.rstrip("/")
    for one in (f"{plain}/**", f"**/{plain}", f"**/{plain}/**"):
        try:
            yield compile_pattern(one.replace("**/**/", "**/"))
        except PatternError:
            continue


def _most_files(guesses: Mapping[int, object]) -> int:
    return _MOST_GUESSES // (3 * len(guesses))


def _first_that_match(guesses: dict[int, list[Pattern]], paths: Iterable[str]) -> dict[int, str]:
    """For each number the first of its patterns that matches any path."""
    hits: dict[int, set[int]] = {at: set() for at in guesses}
    most = _most_files(guesses)
    for count, path in enumerate(paths, 1):
        # To guess is a courtesy, and of some of the files the next plan would guess otherwise.
        if count > most:
            return {}
        for at, patterns in guesses.items():
            hits[at].update(rank for rank, one in enumerate(patterns) if one.matches(path))
    return {at: guesses[at][min(ranks)].text for at, ranks in hits.items() if ranks}

"""`.rbsyncignore`: gitignore rules, in any folder, for what lies below it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

FILE = ".rbsyncignore"


class IgnoreError(OSError):
    """Rules that cannot be read, so that nobody knows what they leave out."""


class IgnoreRules:
    """The rules of all folders that were seen so far; deeper rules overrule those above."""

    def __init__(self) -> None:
        self._specs: dict[str, GitIgnoreSpec] = {}

    def add(self, folder: str, text: str) -> None:
        """Takes in a folder's rules. Raises IgnoreError for one that cannot be read."""
        self._specs[folder] = _spec(text.split("\n"))

    def knows(self, folder: str) -> bool:
        """Whether a folder's rules were taken in."""
        return folder in self._specs

    def __bool__(self) -> bool:
        return bool(self._specs)

    def excludes(self, path: str) -> bool:
        """Whether a path (a folder's ends in ``/``) is left out."""
        folder = os.path.dirname(path.rstrip("/"))
        while True:
            spec = self._specs.get(folder)
            if spec is not None:
                below = path[len(folder) + 1 :] if folder else path
                decided = spec.check_file(below).include
                if decided is not None:
                    return decided
            if not folder:
                return False
            folder = os.path.dirname(folder)


def _spec(lines: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    rules = []
    for number, line in enumerate(lines, 1):
        try:
            rules.append(GitIgnoreSpecPattern(line))
        except (ValueError, re.error) as error:
            raise IgnoreError(f"line {number} of its `{FILE}` is no gitignore rule") from error
    return GitIgnoreSpec(rules)

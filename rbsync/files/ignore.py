"""`.rbsyncignore`: gitignore rules, in any folder, for what lies below it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

FILE = ".rbsyncignore"


class IgnoreRules:
    """The rules of all folders that were seen so far; deeper rules overrule those above."""

    def __init__(self) -> None:
        self._specs: dict[str, GitIgnoreSpec] = {}

    def add(self, folder: str, text: str) -> None:
        """Takes in a folder's rules."""
        from pathspec import GitIgnoreSpec

        self._specs[folder] = GitIgnoreSpec.from_lines(text.splitlines())

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

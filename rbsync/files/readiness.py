"""The port that says whether a file, or a group of files, is finished and may be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class NotReadyError(OSError):
    """A file is not finished yet; its text is the reason."""


class Readiness(Protocol):
    """Knows whether files are finished. For any number of threads."""

    def before_reading(self, descriptor: int, path: str) -> str:
        """Returns why a file may not be read yet; empty when it may."""

    def after_reading(self, descriptor: int, path: str) -> str:
        """Returns why what was read and sent may be half a file; empty when it is whole."""

    def before_group(self, name: str, folders: Sequence[str], changed: int) -> str:
        """Returns why files that belong together may not be complete; empty when they are.

        ``changed`` is when the last of them, or their folders, changed (ns).
        """


class AlwaysReady:
    """Takes every file as it is, as a plan by hand does. Satisfies ``Readiness``."""

    def before_reading(self, descriptor: int, path: str) -> str:  # noqa: ARG002
        return ""

    def after_reading(self, descriptor: int, path: str) -> str:  # noqa: ARG002
        return ""

    def before_group(self, name: str, folders: Sequence[str], changed: int) -> str:  # noqa: ARG002
        return ""


ALWAYS = AlwaysReady()

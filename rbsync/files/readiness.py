"""The port that says whether a file, or a group of files, is finished and may be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class NotReadyError(OSError):
    """A file is not finished yet; its text is the reason."""


class Group(NamedTuple):
    """Files that belong together.

    ``series`` has the number of files of each series, where they are a study's. ``changed`` is when
    the last of them changed (ns).
    """

    name: str
    paths: tuple[str, ...]
    folders: tuple[str, ...]
    changed: int
    series: tuple[int, ...] = ()


class Readiness(Protocol):
    """Knows whether files are finished. For any number of threads."""

    def before_reading(self, descriptor: int, path: str) -> str:
        """Returns why a file may not be read yet; empty when it may."""

    def after_reading(self, descriptor: int, path: str, ctime: int) -> str:
        """Returns why what was read and sent may be half a file; empty when it is whole.

        ``ctime`` is that of the file when it was opened (ns).
        """

    def before_group(self, group: Group) -> str:
        """Returns why files that belong together may not be complete; empty when they are."""

    def group_waits(self, group: Group, why: str) -> None:
        """A group is not complete by what the manifest says of it."""

    def ignore_writers(self, paths: Iterable[str]) -> None:
        """Files count as finished although somebody has them open for writing."""


class AlwaysReady:
    """Takes every file as it is, as a plan by hand does. Satisfies ``Readiness``."""

    def before_reading(self, descriptor: int, path: str) -> str:  # noqa: ARG002
        return ""

    def after_reading(self, descriptor: int, path: str, ctime: int) -> str:  # noqa: ARG002
        return ""

    def before_group(self, group: Group) -> str:  # noqa: ARG002
        return ""

    def group_waits(self, group: Group, why: str) -> None:
        pass

    def ignore_writers(self, paths: Iterable[str]) -> None:
        pass

    def __reduce__(self) -> str:
        # In another process it is the one of that process: whoever asks for it asks by identity.
        return "ALWAYS"


ALWAYS = AlwaysReady()

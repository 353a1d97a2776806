"""The port of a format of exports: it makes files of tasks, and keeps account of the rest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from rbsync.files.name_patterns import name_pattern
from rbsync.sync.gaps import Gaps
from rbsync.sync.known_project import known_project

if TYPE_CHECKING:
    from rbsync.backends.base import TaskContent
    from rbsync.exports.losses import Loss
from rbsync.sync.workspace import Workspace


class File(NamedTuple):
    """A file to be written: a path with ``/``, and its bytes, as one or in blocks."""

    path: str
    data: bytes | Iterator[bytes]


class Export(ABC):
    """One export under way. The docstring of a format is its help on the command line.

    ``noun`` is what ``written`` counts. ``left_out`` says which tasks have no file, and why;
    ``is_partial`` that something of what the format is for is missing, and makes the command exit
    with 3. ``losses`` is what the labels of the others say beside.
    """

    noun: ClassVar[str] = "datapoint"
    takes: ClassVar[str] = "DIR"
    """The argument as the help names it."""
    loss_hint: ClassVar[str] = ""
    of_files: ClassVar[bool] = False
    """Whether it is of the files at hand and of all of them, and not of what the project holds."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.written = 0
        self.left_out: list[str] = []
        self.is_partial = False
        self.losses: list[Loss] = []

    @abstractmethod
    def files(self, tasks: Iterator[TaskContent]) -> Iterator[File]:
        """The files of a folder, one after another. No two of them may have the same path."""

    def stream(self, path: str, tasks: Iterator[TaskContent]) -> Iterator[bytes] | None:  # noqa: ARG002  (for subclasses)
        """The content of a single file, where the path that was asked for means one."""
        return None

    def facts(self) -> dict[str, Any]:
        """Returns what the command's JSON document says beside counts and what was left out."""
        return {}


def labelled(workspace: Workspace, pattern: str | None = None) -> Iterator[TaskContent]:
    """The tasks with labels, in the order of the backend.

    Raises BackendError, and UserError when there is no such project.
    """
    known_project(workspace)
    matches = name_pattern(pattern)
    for found in Gaps(workspace.note).passing(workspace.backend.read()):
        if found.task.labels and matches(found.task.name):
            yield found

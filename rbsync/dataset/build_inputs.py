"""The inputs that a dataset is built from, beside its manifest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from rbsync.files.cache import Cache
from rbsync.files.tree import Tree

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from rbsync.executors.assured import Helpers


class Watcher(Protocol):
    """Sees how the reading of files goes on."""

    def begin(self, files: int, size: int) -> None:
        """So many files and bytes are to be read."""

    def advance(self, files: int, size: int) -> None:
        """So many more were read."""

    def end(self) -> None:
        """The reading is over, however it went."""


@dataclass(frozen=True)
class BuildInputs:
    """The inputs of a dataset: the files, the memory of them, and the executor that reads them.

    ``open_executor`` makes that once it is needed, and ``helpers`` those who do what can be done
    elsewhere; None where all is done here.
    """

    tree: Tree
    cache: Cache
    open_executor: Callable[[], Executor]
    watcher: Watcher
    helpers: Callable[[], Helpers] | None = None

    @cached_property
    def executor(self) -> Executor:
        return self.open_executor()

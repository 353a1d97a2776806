"""The inputs that a dataset is built from, beside its manifest."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from rbsync.files.cache import Cache
from rbsync.files.tree import Tree


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
    """The inputs of a dataset: the files, the memory of them, and the executor that reads them."""

    tree: Tree
    cache: Cache
    executor: Executor
    watcher: Watcher

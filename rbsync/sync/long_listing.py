"""A listing of the project with sizes, times and the categories of labels."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from rbsync.backends.base import KeptFiles, Task, TaskContent, TellsKept
from rbsync.label_changes.pairing import category_of
from rbsync.sync.gaps import Gaps
from rbsync.sync.known_project import known_project
from rbsync.sync.workspace import Workspace

TOGETHER = 50


class Listed(NamedTuple):
    """A task with its files, None where the backend cannot tell, and its categories in order."""

    task: Task
    kept: KeptFiles | None
    categories: tuple[str, ...]


def long_listing(workspace: Workspace, shown: Callable[[str], bool]) -> Iterator[Listed]:
    """The tasks whose names are wanted, in the order of the backend. Raises as `ls` does."""
    known_project(workspace)
    backend = workspace.backend
    listing = Gaps(workspace.note).passing(backend.list(counted=shown))
    tasks = (one for one in listing if shown(one.name))
    # A few at a time: the labels of a page may be large.
    while some := list(islice(tasks, TOGETHER)):
        ids = [one.task_id for one in some]
        kept = backend.kept(ids) if isinstance(backend, TellsKept) else {}
        found = backend.look([one.task_id for one in some if one.labels])
        for one in some:
            yield Listed(one, kept.get(one.task_id), _categories(found.get(one.task_id)))


def _categories(found: TaskContent | None) -> tuple[str, ...]:
    labels = json.loads(found.labels or "[]") if found else []
    named = (category_of(one) for one in labels if isinstance(one, dict))
    return tuple(dict.fromkeys(filter(None, named)))

"""What is about to be changed is in the history first, written by all workers together."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import pytest

from rbsync.applier.keeping import HistoryKeeper
from rbsync.backends.base import Task, TaskContent
from rbsync.backends.local.backend import LocalBackend
from rbsync.errors import StoreError
from rbsync.model.fingerprint import FACETS
from rbsync.model.history import Change
from rbsync.model.plan import Delete, Update
from rbsync.stores.history.memory import MemoryHistory
from tests.builders import datapoint


def update(name: str) -> Update:
    return Update(datapoint(name, "2"), ("labels",), f"task-{name}", "changed", "changed: labels")


def present(name: str, labels: str = "[]") -> TaskContent:
    return TaskContent(Task(name, f"task-{name}"), labels, (), ("redbrick",))


class Counting(MemoryHistory):
    """Counts writes, each of which waits for the others to queue up; may fail the first."""

    def __init__(self, fails: int = 0) -> None:
        super().__init__()
        self.writes = 0
        self.fails = fails
        self.full = threading.Event()

    def keep(self, changes: Sequence[Change], contents: Mapping[str, bytes]) -> None:
        self.writes += 1
        if self.writes <= self.fails:
            raise StoreError("the disk is full")
        self.full.wait(0.2)
        super().keep(changes, contents)


@pytest.fixture
def backend(tmp_path_factory: pytest.TempPathFactory) -> LocalBackend:
    return LocalBackend(tmp_path_factory.mktemp("project"))


def test_workers_that_wait_share_one_write(backend: LocalBackend) -> None:
    history = Counting()
    keeper = HistoryKeeper(history, "r", backend)
    names = [f"d{number}" for number in range(12)]
    threads = [
        threading.Thread(target=keeper, args=(update(name), present(name), "labels"))
        for name in names
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(one.name for one in history.changes(["r"])) == sorted(names)
    assert history.writes < len(names)


def test_what_could_not_be_written_is_not_taken_for_written(backend: LocalBackend) -> None:
    history = Counting(fails=1)
    keeper = HistoryKeeper(history, "r", backend)
    with pytest.raises(StoreError, match="the disk is full"):
        keeper(update("a"), present("a"), "labels")
    keeper(update("b"), present("b"), "labels")
    assert [one.name for one in history.changes(["r"])] == ["b"]


def test_what_is_found_when_it_is_asked_again_is_kept_but_is_not_what_was_before(
    backend: LocalBackend,
) -> None:
    history = MemoryHistory()
    keeper = HistoryKeeper(history, "r", backend)
    keeper(update("a"), present("a", "[1]"), "labels")
    keeper(update("a"), present("a", "[2]"), "labels")
    second, first = history.changes(["r"])
    assert (first.facets, second.facets) == (("labels",), ())
    assert history.content(second.parts[0]) == b"[2]"


def test_a_delete_keeps_all_facets(backend: LocalBackend) -> None:
    history = MemoryHistory()
    HistoryKeeper(history, "r", backend)(Delete("a", "task-a", "orphan", ""), present("a"), None)
    (change,) = history.changes(["r"])
    assert (change.verb, change.facets, change.now) == ("delete", FACETS, None)

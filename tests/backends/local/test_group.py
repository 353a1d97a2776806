"""Changes that share a commit: each all or nothing, and durable together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rbsync.backends.base import Created, LabelText
from rbsync.backends.local import LocalBackend
from rbsync.backends.local.backend import DATABASE
from rbsync.backends.local.blobs import Blobs
from rbsync.backends.local.database import Database
from rbsync.backends.local.opening import Wish
from rbsync.backends.local.project import LocalProject
from rbsync.errors import BackendError
from tests.conformance.backends import draft

HUGE = LabelText(
    '[{"category": [["object", "car"]], "taskclassify": true, "ocrvalue": "%s"}]' % ("x" * 2**21), 1
)


class Opened:
    """A project, and the database that its changes are grouped in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Database(str(folder / DATABASE))
        self.project = LocalProject(self.database, Blobs(str(folder)), Wish("", "", None, "p"))
        self.project.open()

    def create(self, name: str, labels: LabelText | None = None) -> object:
        return self.project.create([draft(name, labels=labels)])[0]

    def seen_by_others(self) -> list[str]:
        """The names that are there for another process."""
        other = LocalBackend(self.folder)
        names = [task.name for task in other.list()]
        other.close()
        return names


@pytest.fixture
def opened(folder: Path) -> Iterator[Opened]:
    made = Opened(folder)
    yield made
    made.project.close()


def test_others_see_a_group_when_it_has_ended(opened: Opened) -> None:
    with opened.database.group():
        assert isinstance(opened.create("a"), Created)
        assert isinstance(opened.create("b"), Created)
        assert opened.project.counts().tasks == 2
        assert opened.seen_by_others() == []
    assert opened.seen_by_others() == ["a", "b"]


def test_what_fails_in_a_group_is_undone_alone(opened: Opened) -> None:
    def fail() -> None:
        with opened.database.writing() as connection:
            connection.execute("DELETE FROM tasks")
            raise ValueError("of the caller")

    with opened.database.group():
        opened.create("a")
        with pytest.raises(ValueError, match="of the caller"):
            fail()
        opened.create("b")
    assert opened.seen_by_others() == ["a", "b"]


def test_a_group_that_is_left_by_an_error_leaves_nothing(opened: Opened) -> None:
    def fail() -> None:
        with opened.database.group():
            opened.create("a")
            raise ValueError("of the caller")

    with pytest.raises(ValueError, match="of the caller"):
        fail()
    assert opened.seen_by_others() == []
    opened.create("b")
    assert opened.seen_by_others() == ["b"]


def test_a_group_that_only_reads_does_not_keep_writers_out(opened: Opened) -> None:
    other = LocalBackend(opened.folder)
    with opened.database.group():
        assert opened.project.counts().tasks == 0
        other.create([draft("theirs")])
        opened.create("ours")
    other.close()
    assert opened.seen_by_others() == ["ours", "theirs"]


def test_a_group_that_the_disk_has_no_room_for_leaves_nothing(small_disk: Path) -> None:
    opened = Opened(small_disk / "project")

    def fill() -> None:
        with opened.database.group():
            opened.create("a")
            opened.create("b", HUGE)

    with pytest.raises(BackendError, match="full") as caught:
        fill()
    assert (caught.value.kind, caught.value.sent) == ("quota", False)
    assert opened.seen_by_others() == []
    opened.create("a")
    assert opened.seen_by_others() == ["a"]
    opened.project.close()

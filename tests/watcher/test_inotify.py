"""The system's hints: real folders, real events."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from rbsync.watcher.announcing import Announcer
from rbsync.watcher.inotify import Inotify, is_available
from rbsync.watcher.listings import WatchedListings
from rbsync.watcher.own_files import OwnFiles
from rbsync.watcher.sight import Sight
from rbsync.watcher.telling import Message

pytestmark = pytest.mark.skipif(not is_available(), reason="this system has no inotify")
SECONDS = 20
ALL = "all"


class Heard:
    """What was told, in order."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[str, str]] = SimpleQueue()

    def hint(self, folder: str, names: Collection[str]) -> None:
        for name in sorted(names):
            self._queue.put((folder, name))

    def hint_all(self) -> None:
        self._queue.put((ALL, ""))

    def until(self, folder: str, name: str = "") -> None:
        """Waits for something that was told; the limit of time is a failure."""
        while self._queue.get(timeout=SECONDS) != (folder, name):
            pass


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def events(tmp_path: Path, heard: Heard) -> Iterator[Inotify]:
    (tmp_path / "a/b").mkdir(parents=True)
    watched = Inotify(str(tmp_path), heard.hint, heard.hint_all, lambda: None)
    assert watched.watch(["", "a", "a/b"]) == {"", "a", "a/b"}
    yield watched
    watched.close()


def test_a_file_is_told_with_its_folder(tmp_path: Path, events: Inotify, heard: Heard) -> None:
    (tmp_path / "a/b/1.png").write_bytes(b"x")
    heard.until("a/b", "1.png")
    assert events.watch(["", "a", "a/b"]) == set()


def test_a_folder_that_was_replaced_is_a_new_one(
    tmp_path: Path, events: Inotify, heard: Heard
) -> None:
    shutil.rmtree(tmp_path / "a/b")
    (tmp_path / "a/b").mkdir()
    heard.until(ALL)
    assert events.watch(["", "a", "a/b"]) == {"a/b"}
    (tmp_path / "a/b/2.png").write_bytes(b"x")
    heard.until("a/b", "2.png")


def test_a_folder_that_moved_is_told_by_its_new_path(
    tmp_path: Path, events: Inotify, heard: Heard
) -> None:
    (tmp_path / "a").rename(tmp_path / "c")
    heard.until(ALL)
    assert events.watch(["", "a", "c", "c/b"]) == {"c", "c/b"}
    (tmp_path / "c/b/3.png").write_bytes(b"x")
    heard.until("c/b", "3.png")


def test_a_folder_that_is_not_looked_at_any_more_raises_no_events(
    tmp_path: Path, events: Inotify, heard: Heard
) -> None:
    assert events.watch(["", "a"]) == set()
    (tmp_path / "a/b/4.png").write_bytes(b"x")
    (tmp_path / "a/5.png").write_bytes(b"x")
    assert heard._queue.get(timeout=SECONDS) == ("a", "5.png")


class Teller:
    """Takes messages."""

    def __init__(self) -> None:
        self.said: list[Message] = []

    def message(self, message: Message) -> None:
        self.said.append(message)


def test_its_own_files_give_no_hints(tmp_path: Path, heard: Heard) -> None:
    announcer = Announcer(Teller())  # type: ignore[arg-type]  # only messages come here
    own = OwnFiles(str(tmp_path), str(tmp_path / "health"))
    sight = Sight(str(tmp_path), own, WatchedListings(), announcer, heard.hint_all)
    assert sight.watch([""])
    assert not sight.watch([""])
    (tmp_path / "health.123").write_text("{}")
    (tmp_path / "health.123").rename(tmp_path / "health")
    (tmp_path / ".rbsync").write_text("")
    assert heard._queue.empty()
    (tmp_path / "image.png").write_bytes(b"x")
    heard.until(ALL)
    sight.close()

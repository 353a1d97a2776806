"""The loop itself, within this process."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rbsync.errors import ExitCode
from rbsync.manifest.load import load_manifest
from rbsync.manifest.manifest import Manifest
from rbsync.stores.state_lock import StateLock
from rbsync.sync.applying import whoami
from rbsync.sync.plan_options import PlanOptions
from rbsync.sync.workspace import open_workspace
from rbsync.watcher import looking, retries
from rbsync.watcher import supervision as supervision_room
from rbsync.watcher.loop import Watch
from rbsync.watcher.supervision import LivingCancellation, Supervision
from rbsync.watcher.telling import Message
from rbsync.watcher.watch_options import WatchOptions
from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.scenarios.watching import MANIFEST


class Quiet:
    """Is told everything and shows nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


class Hearing(Quiet):
    """Does something when it is told a message of a kind."""

    def __init__(self, **heard: Callable[[], object]) -> None:
        self.heard, self.said = heard, list[str]()

    def message(self, message: Message) -> None:
        self.said.append(message.code)
        self.heard.get(message.code, lambda: None)()


def watch_of(project: Project, supervision: Supervision, teller: Any = None) -> Watch:
    def load() -> Manifest:
        return load_manifest(str(project.folder / "rbsync.yaml"))

    def opened(manifest: Manifest, readiness: Any, known: Any, stop: Any) -> Any:
        return open_workspace(
            manifest, watcher=supervision, readiness=readiness, known=known, stop=stop
        )

    planning = PlanOptions(keep_going=True, plans_again=True)
    options = WatchOptions(settle=0, planning=planning)
    return Watch(load, opened, teller or Quiet(), options, supervision)


def test_a_look_that_reads_files_ends_when_the_watch_is_told_to_end(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.manifest(MANIFEST)
    # More than are read at once.
    for number in range(600):
        project.write(f"images/{number}.png", png(number))
    supervision = Supervision()
    watch = watch_of(project, supervision)
    advance = supervision.advance

    def ending(files: int, size: int) -> None:
        watch.end(ExitCode.DONE)
        advance(files, size)

    supervision.advance = ending  # type: ignore[method-assign]  # a signal that comes just then
    assert watch.run() == ExitCode.DONE
    assert project.names() == []


def test_it_ends_at_once_when_it_was_told_so_before(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.manifest(MANIFEST)
    project.write("images/1.png", png(1))
    watch = watch_of(project, Supervision())
    watch.end(ExitCode.INTERRUPTED)
    assert watch.run() == ExitCode.INTERRUPTED
    assert project.names() == []


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "LOCK_TIMEOUT", 0.05)
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.05)


@pytest.mark.usefixtures("impatient")
def test_a_state_that_somebody_else_writes_is_waited_for_look_by_look(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.manifest(MANIFEST)
    project.write("images/1.png", png(1))
    lock = StateLock(str(tmp_path / ".rbsync/state.db"))
    held = lock.held(whoami(), 1)
    (tmp_path / ".rbsync").mkdir()
    held.__enter__()
    teller = Hearing(locked=lambda: held.__exit__(None, None, None))
    watch = watch_of(project, Supervision(), teller)
    teller.heard["resumed"] = lambda: watch.end(ExitCode.DONE)
    assert watch.run() == ExitCode.DONE
    assert teller.said == ["locked", "resumed"]
    assert project.names() == ["images/1.png"]


@pytest.mark.usefixtures("impatient")
def test_a_disk_that_fails_for_a_moment_does_not_end_the_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path)
    project.manifest(MANIFEST)
    project.write("images/1.png", png(1))
    teller = Hearing(error=monkeypatch.undo)
    watch = watch_of(project, Supervision(), teller)
    teller.heard["resumed"] = lambda: watch.end(ExitCode.DONE)

    def stale(*_: object) -> None:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    monkeypatch.setattr(watch, "_watch", stale)
    assert watch.run() == ExitCode.DONE
    assert teller.said == ["error", "resumed"]


def test_pauses_give_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision_room, "PULSE", 0.01)
    signs: list[int] = []
    stop = LivingCancellation(lambda: signs.append(1))
    assert stop.pause(0.05)
    assert len(signs) >= 3
    stop.request("the end")
    assert not stop.pause(60)

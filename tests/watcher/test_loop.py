"""The loop itself, within this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rbsync.errors import ExitCode
from rbsync.manifest.load import load_manifest
from rbsync.manifest.manifest import Manifest
from rbsync.sync.workspace import open_workspace
from rbsync.watcher.loop import Watch
from rbsync.watcher.supervision import Supervision
from rbsync.watcher.watch_options import WatchOptions
from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.scenarios.watching import MANIFEST


class Quiet:
    """Is told everything and shows nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def watch_of(project: Project, supervision: Supervision) -> Watch:
    def load() -> Manifest:
        return load_manifest(str(project.folder / "rbsync.yaml"))

    def opened(manifest: Manifest, readiness: Any, known: Any, stop: Any) -> Any:
        return open_workspace(
            manifest, watcher=supervision, readiness=readiness, known=known, stop=stop
        )

    return Watch(load, opened, Quiet(), WatchOptions(settle=0), supervision)


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

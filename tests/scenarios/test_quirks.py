"""Whatever a service adds, drops or writes in another way, what was sent is known again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rbsync.errors import ExitCode
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX
from tests.service.serving import NearClient, serving, taxonomy

BUCKET = "aaaaaaaa-0000-4000-8000-00000000000f"
SOURCES = f"""\
storages: {{scans: {BUCKET}}}
datapoints:
  - {{name: a, items: [a.png], labels: a.json, metadata: {{site: A}}}}
  - {{name: b, storage: public, items: ["http://example.org/an image.png"], labels: a.json}}
  - {{name: c, items: [c.png], priority: 0.5}}
  - {{name: d, storage: scans, items: [cases/d.png]}}
"""
QUIET = ("No changes", "No drift", "State refreshed: 0 added, 0 corrected, 0 removed")
LIGHT = [
    "adds-to-labels",
    "adds-to-metadata",
    "adds-series",
    "drops-dotted-keys",
    "other-item-paths",
    "priority-zero",
]


@contextmanager
def odd(
    folder: Path, *quirks: str, sources: str = SOURCES
) -> Iterator[tuple[RemoteProject, NearClient]]:
    """Four datapoints, applied at a service that is odd."""
    found = taxonomy("car", "bus")
    with serving(folder / "s", quirks=quirks, taxonomy=found, storages=(BUCKET,)) as service:
        project = RemoteProject(folder / "here", service.url)
        for name in ("a.png", "c.png"):
            project.write(name, png(ord(name[0])))
        project.write("a.json", [{**BOX, "attributes": []}])
        project.manifest(sources)
        done = project.run("apply", "--yes")
        assert done.code == ExitCode.DONE, done.err
        yield project, service


def all_is_as_left(project: RemoteProject) -> None:
    for command in (["plan"], ["plan", "--refresh"], ["drift"], ["refresh"], ["plan"]):
        ran = project.run(*command)
        assert ran.code == ExitCode.DONE, (command, ran.out, ran.err)
        assert ran.out.startswith(QUIET), (command, ran.out)


@pytest.mark.parametrize("quirks", [LIGHT, LIGHT[:1]], ids=["all", "one"])
def test_what_a_service_adds_is_no_edit(tmp_path: Path, quirks: list[str]) -> None:
    with odd(tmp_path, *quirks) as (project, _):
        all_is_as_left(project)
        (project.folder / ".rbsync/state.db").unlink()
        assert "No changes" in project.run("plan").out
        project.manifest(SOURCES.replace("site: A", "site: B").replace("0.5", "0.25"))
        assert "2 updated" in project.run("apply", "--yes").out
        all_is_as_left(project)


def test_a_stamp_that_was_dropped_is_told_as_that(tmp_path: Path) -> None:
    with odd(tmp_path, "drops-stamps") as (project, _):
        ran = project.run("drift")
        assert ran.code == ExitCode.CHANGES
        assert "a  (rbsync's stamp is gone)" in ran.err
        assert "0 missing, 0 edited, 0 unmanaged, 4 unchanged" in ran.out
        assert project.run("drift", "--json").json["unstamped"] == ["a", "b", "c", "d"]
        assert "No changes" in project.run("plan", "--refresh").out

"""Whatever a service adds, drops or writes in another way, what was sent is known again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rbsync.backends.redbrick.http.transport import MOST_BYTES, Transport
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
        assert "b  (rbsync's stamp is gone)" in ran.err
        # Of uploaded files nothing but the stamp tells what they are.
        assert "a  (items)" in ran.err
        assert "0 missing, 2 edited, 0 unmanaged, 2 unchanged" in ran.out
        assert project.run("drift", "--json").json["unstamped"] == ["b", "d"]
        assert "2 blocked, 2 unchanged" in project.run("plan", "--refresh").out


PLAIN = """\
datapoints:
  - {name: a, storage: public, items: [http://example.org/a.png]}
  - {name: b, storage: public, items: [http://example.org/b.png], labels: a.json}
  - {name: c, storage: public, items: [http://example.org/c.png]}
"""


@pytest.mark.parametrize("quirk", ["no-datapoint", "errors-beside-data", "counts-one-more"])
def test_what_cannot_be_read_is_told_and_left_out(tmp_path: Path, quirk: str) -> None:
    left = {"no-datapoint": "b c", "errors-beside-data": "a b", "counts-one-more": "a b c"}[quirk]
    with serving(tmp_path / "s", quirks=[quirk], taxonomy=taxonomy("car", "bus")) as service:
        project = RemoteProject(tmp_path / "here", service.url)
        project.write("a.json", [BOX])
        project.manifest(PLAIN)
        assert project.run("apply", "--yes").code == ExitCode.DONE
        shown = project.run("ls")
        assert shown.code == ExitCode.DONE
        assert [line.split()[0] for line in shown.out.splitlines()] == left.split()
        assert "of the listing cannot be read" in shown.err
        for command in (
            ["plan", "--refresh"],
            ["refresh"],
            ["drift"],
            ["export", "labels", "out"],
            ["plan"],
        ):
            ran = project.run(*command)
            assert ran.code == ExitCode.DONE, (command, ran.out, ran.err)
            assert "No changes" in ran.out or command[0] != "plan", ran.out
        # What is not known to be gone is neither created again nor deleted.
        assert "0 removed, 3 unchanged" in project.run("refresh").out
        if quirk == "counts-one-more":
            assert sorted(service.names()) == ["a", "b", "c"]
        # Nor where nothing here tells of it any more.
        (project.folder / ".rbsync/state.db").unlink()
        assert "1 created" not in project.run("apply", "--yes", "--keep-going").out
        with service.service.project._database.reading() as connection:
            assert connection.execute("SELECT count(*) FROM tasks").fetchone() == (3,)


@pytest.mark.parametrize("whose", ["the service's", "ours"])
def test_pages_are_halved_until_they_are_small_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    quirks = ["small-answers"] if whose == "the service's" else []
    if not quirks:
        # In small: it is 64 MiB, of which 16 tasks of 4.8 MB are more.
        monkeypatch.setitem(Transport.send.__kwdefaults__ or {}, "most", 64 << 10)
    boxes = [BOX] * 150
    entries = "".join(
        f"  - {{name: n{one}, storage: public, items: [http://e.org/{one}.png], labels: l.json}}\n"
        for one in range(12)
    )
    large = "  - {name: x, storage: public, items: [http://e.org/x.png], labels: x.json}\n"
    with serving(tmp_path / "s", quirks=quirks) as service:
        project = RemoteProject(tmp_path / "here", service.url)
        project.write("l.json", boxes)
        project.write("x.json", boxes * 4)
        project.manifest(f"datapoints:\n{entries}{large}")
        assert project.run("apply", "--yes").code == ExitCode.DONE
        shown = project.run("ls")
        assert len(shown.out.splitlines()) == 12
        assert '"x": ' in shown.err
        assert "No drift" in project.run("drift").out
        assert "No changes" in project.run("plan", "--refresh").out
        assert "13 unchanged" in project.run("refresh").out
        (project.folder / ".rbsync/state.db").unlink()
        assert "No changes" in project.run("plan").out


MIB = 1 << 20
PAGES = os.environ.get("RBSYNC_PAGES") == "full"


@pytest.mark.skipif(not PAGES, reason="RBSYNC_PAGES=full takes a minute and a gigabyte")
@pytest.mark.timeout(900)
def test_sixteen_tasks_with_labels_of_five_megabytes_are_read(tmp_path: Path) -> None:
    """In full size: no page of them fits into what is read of an answer."""
    labels = json.dumps([{**BOX, "labelid": f"{number:040}"} for number in range(29_000)])
    assert len(labels) > 4.8 * MIB
    assert 16 * len(labels) > MOST_BYTES
    with serving(tmp_path / "s", taxonomy=taxonomy("car")) as service:
        for number in range(16):
            service.create(f"n{number:02}", labelsData=labels)
        project = RemoteProject(tmp_path / "here", service.url)
        project.manifest("datapoints: []\n")
        assert len(project.run("ls").out.splitlines()) == 16
        for command in (["refresh"], ["drift"], ["plan", "--refresh"]):
            ran = project.run(*command)
            assert ran.code in (ExitCode.DONE, ExitCode.CHANGES), (command, ran.err)
            assert "cannot be read" not in ran.err, command
        assert project.run("export", "labels", "out.json").code == ExitCode.DONE
        found = json.loads((project.folder / "out.json").read_text())
        assert sum(len(one["labels"]) for one in found) == 16 * 29_000


def test_tasks_with_siblings_are_one_datapoint_and_go_together(tmp_path: Path) -> None:
    with serving(tmp_path / "s", quirks=["makes-siblings"]) as service:
        project = RemoteProject(tmp_path / "here", service.url)
        project.write("a.json", [BOX])
        project.manifest(PLAIN)
        assert project.run("apply", "--yes").code == ExitCode.DONE
        assert service.names() == ["a", "a", "b", "b", "c", "c"]
        assert len(project.run("ls").out.splitlines()) == 3
        assert "No drift" in project.run("drift").out
        assert "3 unchanged" in project.run("refresh").out
        (project.folder / ".rbsync/state.db").unlink()
        assert "No changes" in project.run("plan").out
        assert "3 added" in project.run("refresh").out
        project.write("a.json", [BOX, BOX])
        assert "1 updated" in project.run("apply", "--yes").out
        project.manifest("".join(PLAIN.splitlines(keepends=True)[:-1]))
        assert "1 deleted" in project.run("apply", "--yes", "--prune", "--force").out
        assert service.names() == ["a", "a", "b", "b"]


@pytest.mark.parametrize("refresh", ["auto", "always"])
def test_labels_go_to_the_recorded_task_alone(tmp_path: Path, refresh: str) -> None:
    """Those of its siblings are labels of other people."""
    manifest = f"{PLAIN}policy: {{refresh: {refresh}}}\n"
    with serving(tmp_path / "s", quirks=["makes-siblings"]) as service:
        project = RemoteProject(tmp_path / "here", service.url)
        project.write("a.json", [BOX, BOX])
        project.manifest(manifest)
        assert project.run("apply", "--yes").code == ExitCode.DONE
        recorded = project.run("state", "show", "b", "--json").json["task_id"]
        assert service.ask("deleteTasks", taskIds=[recorded])["ok"]
        project.write("a.json", [BOX])
        (blocked,) = project.run("plan", "--json").json["actions"]
        assert (blocked["action"], blocked["reason"]) == ("blocked", "conflict")
        assert "labels of other people" in blocked["message"]
        assert project.run("apply", "--yes").code == ExitCode.SOME_FAILED
        assert service.task("b")["latestTaskData"]["labelsData"].count("bbox2d") == 2
        if refresh == "always":
            # All else is the datapoint's, whichever task it is changed by.
            project.write("a.json", [BOX, BOX])
            project.manifest(manifest.replace("labels: a.json", "labels: a.json, priority: 0.5"))
            assert "1 updated" in project.run("apply", "--yes").out
            project.write("a.json", [BOX])
        # Who wants it there says so.
        assert project.run("refresh").code == ExitCode.DONE
        assert "1 updated" in project.run("apply", "--yes").out
        assert service.task("b")["latestTaskData"]["labelsData"].count("bbox2d") == 1


def test_an_archived_datapoint_that_holds_a_name_is_told_as_that(tmp_path: Path) -> None:
    with serving(tmp_path / "s", quirks=["hides-archived"]) as service:
        project = RemoteProject(tmp_path / "here", service.url)
        project.write("a.json", [BOX])
        project.manifest(PLAIN)
        first = PLAIN.splitlines(keepends=True)
        project.manifest("".join(first[:2]))
        assert "1 created" in project.run("apply", "--yes").out
        held = service.create("b", items=["http://example.org/other.png"])["taskId"]
        service.ask("moveTasks", taskIds=[held], stageName="ARCHIVED")
        assert service.names() == ["a"]
        project.manifest(PLAIN)
        done = project.run("apply", "--yes")
        assert (done.code, "1 created" in done.out) == (ExitCode.SOME_FAILED, True), done.out
        assert "an archived datapoint of the project has this name" in done.out + done.err
        assert "take it out of the archive" in project.run("failures").err
        service.ask("moveTaskToStart", taskId=held)
        assert project.run("adopt", "--force", "b").code == ExitCode.DONE
        assert "1 updated" in project.run("apply", "--yes").out


def test_what_a_create_is_answered_with_is_read_back_where_it_may_be_of_others(
    tmp_path: Path,
) -> None:
    with serving(tmp_path / "s", quirks=["answers-duplicates"]) as service:
        project = RemoteProject(tmp_path / "here", service.url)
        project.write("a.json", [BOX])
        project.manifest("".join(PLAIN.splitlines(keepends=True)[:2]))
        assert "1 created" in project.run("apply", "--yes").out
        service.create("b", items=["http://example.org/other.png"])
        project.manifest(PLAIN)
        done = project.run("apply", "--yes")
        assert "1 created, 0 updated, 0 deleted, 1 failed" in done.out
        assert "the project has another datapoint of this name" in done.out + done.err
        assert "b  (failed: conflict)" in project.run("state", "list").out


def test_series_that_nobody_speaks_of_are_as_they_were(tmp_path: Path) -> None:
    two = "datapoints:\n  - {name: a, storage: public, series: [%s], metadata: {k: v}}\n"
    series = "{items: [http://e.org/1.png]}, {items: [http://e.org/2.png]}"
    with serving(tmp_path / "s", quirks=["clears-series"]) as service:
        project = RemoteProject(tmp_path / "here", service.url)
        project.manifest(two % series)
        assert "1 created" in project.run("apply", "--yes").out
        before = service.task("a")["datapoint"]["seriesInfo"]
        project.manifest((two % series).replace("k: v", "k: w"))
        assert "1 updated" in project.run("apply", "--yes").out
        assert service.task("a")["datapoint"]["seriesInfo"] == before
        assert [one["itemsIndices"] for one in before] == [[0], [1]]

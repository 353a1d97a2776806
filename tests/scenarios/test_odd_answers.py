"""The service says what nobody here has heard it say: it is told, and the rest works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rbsync.applier import pipeline
from rbsync.errors import ExitCode
from tests.files.structure.test_structure import MP4
from tests.scenarios.offline_service import RemoteProject
from tests.service.serving import serving

SOURCE = "datapoints:\n  - name: {}\n    storage: public\n    items: [http://example.org/a.png]\n"


def altered(kind: str, at: str, to: Any = None) -> dict[str, Any]:
    return {"kind": kind, "do": "alter", "at": at, "to": to}


def test_a_type_that_nobody_knows_restricts_nothing_and_is_told_once(tmp_path: Path) -> None:
    faults = [altered("project", "data.project.tdType", "IMAGE_OF_TOMORROW")]
    with serving(tmp_path / "cars", faults) as service:
        project = RemoteProject(tmp_path / "here", service.url)
        project.manifest(SOURCE.format("a"))
        for command in (["plan"], ["apply", "--yes"], ["status"], ["ls"], ["refresh"]):
            ran = project.run(*command)
            assert ran.code == ExitCode.DONE, (command, ran.err)
            assert ran.err.count("IMAGE_OF_TOMORROW, which this version does not know") == 1
        assert "1 created" in project.run("log").out or service.task("a")["taskId"]
        assert project.run("status", "--json").json["project"]["type"] == "IMAGE_OF_TOMORROW"


@pytest.mark.parametrize("kind", ["task", "tasksPaged"])
def test_a_task_of_no_stage_is_read(tmp_path: Path, kind: str) -> None:
    root = "data.task" if kind == "task" else "data.tasksPaged.entries.*"
    with serving(tmp_path / "cars", [altered(kind, f"{root}.currentStageName")]) as one:
        project = RemoteProject(tmp_path / "here", one.url)
        project.manifest(SOURCE.format("a"))
        assert project.run("apply", "--yes").code == ExitCode.DONE
        for command in (["ls"], ["drift"], ["refresh"], ["plan", "--refresh"]):
            ran = project.run(*command)
            assert ran.code == ExitCode.DONE, (command, ran.err)
        assert "a" in project.run("ls").out
        project.manifest(SOURCE.format("a").replace("a.png", "b.png"))
        assert "1 updated" in project.run("apply", "--yes").out


def hidden(times: int) -> dict[str, Any]:
    """Has so many searches find nothing."""
    return {**altered("genericTasks", "data.genericTasks.entries", []), "times": times}


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was answered without an id is looked up at once."""
    monkeypatch.setattr(pipeline, "REFUSED_SECONDS", 0.02)


@pytest.mark.usefixtures("soon")
def test_a_video_that_is_visible_only_later_is_accepted_and_settled_by_a_later_run(
    tmp_path: Path,
) -> None:
    with serving(tmp_path / "cars", [hidden(4)]) as service:
        project = RemoteProject(tmp_path / "here", service.url)
        project.write("clip.mp4", MP4)
        project.manifest("datapoints:\n  - {name: v, items: [clip.mp4]}\n")
        done = project.run("apply", "--yes", "--json")
        assert (done.code, done.json["summary"]["accepted"]) == (ExitCode.DONE, 1), done.err
        assert project.run("failures").out.strip() == "Nothing has failed."
        (planned,) = project.run("plan", "--json").json["actions"]
        assert (planned["action"], planned["reason"]) == ("blocked", "accepted")
        assert "v  (being taken in)" in project.run("state", "show", "v").out
        assert project.run("apply", "--yes").code == ExitCode.DONE
        assert "v  (applied)" in project.run("state", "show", "v").out
        assert service.names() == ["v"]


@pytest.mark.usefixtures("soon")
def test_a_datapoint_without_a_task_is_looked_up_and_not_sent_again(tmp_path: Path) -> None:
    bare = {"dpId": "00000000-0000-4000-8000-00000000000d", "taskId": None, "taskIds": None}
    faults = [altered("createDatapoint", "data.createDatapoint", bare), hidden(2)]
    with serving(tmp_path / "cars", faults) as service:
        project = RemoteProject(tmp_path / "here", service.url)
        project.manifest(SOURCE.format("a"))
        done = project.run("apply", "--yes")
        assert "1 being taken in" in done.out
        assert done.code == ExitCode.DONE
        assert "No changes" in project.run("apply", "--yes").out
        project.manifest(SOURCE.format("b").replace("a.png", "b.png"))
        assert "1 created" in project.run("apply", "--yes").out
        assert sorted(service.names()) == ["a", "b"]

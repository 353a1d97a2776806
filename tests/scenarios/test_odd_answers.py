"""The service says what nobody here has heard it say: it is told, and the rest works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rbsync.errors import ExitCode
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

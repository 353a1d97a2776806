"""Label files with classifications as the service of 2021 had them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rbsync.errors import ExitCode
from tests.scenarios.offline_service import RemoteProject
from tests.service.serving import serving

CAR = {"category": [["object", "car"]], "attributes": []}
SOURCE = """\
policy: {{stamp: {stamp}}}
datapoints:
  - {{name: a, storage: public, items: [http://example.org/a.png], labels: a.json}}
"""


@pytest.mark.parametrize("stamp", ["true", "false"])
def test_they_are_sent_as_today_and_are_no_drift(
    tmp_path: Path, stamp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RBSYNC_POLICY", f"stamp={stamp}")
    with serving(tmp_path / "cars") as service:
        project = RemoteProject(tmp_path / "here", service.url)
        project.manifest(SOURCE.format(stamp=stamp))
        project.write("a.json", [{**CAR, "taskclassify": True}])
        assert project.run("apply", "--yes").code == ExitCode.DONE
        (label,) = json.loads(service.task("a")["latestTaskData"]["labelsData"])
        assert label == {**CAR, "tasklevelclassify": True}
        assert project.run("drift").code == ExitCode.DONE
        assert "No changes" in project.run("plan", "--refresh").out
        project.write("a.json", [{**CAR, "frameclassify": True, "frameindex": 4}])
        assert "1 updated" in project.run("apply", "--yes").out
        (label,) = json.loads(service.task("a")["latestTaskData"]["labelsData"])
        assert label == {**CAR, "multiclassify": True, "frameindex": 4}
        assert project.run("drift").code == ExitCode.DONE

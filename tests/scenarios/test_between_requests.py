"""What others change between two requests of one update is not overwritten."""

from __future__ import annotations

import json
import time
from pathlib import Path

from rbsync.errors import ExitCode
from tests.scenarios.offline_service import RemoteProject, served
from tests.scenarios.two_clones import Team, box


def test_labels_that_are_drawn_while_the_items_change_stay(tmp_path: Path) -> None:
    # Every look at a task takes its time, so that people come before the one at the labels.
    slow = {"kind": "task", "do": "delay", "seconds": 1.5}
    with served(tmp_path / "service", "--type", "IMAGE_BBOX", faults=[slow]) as service:
        project = RemoteProject(tmp_path / "work", service.url)
        project.write("a.json", [box("car")])
        project.manifest(Team.manifest_of())
        assert project.apply().code == 0
        project.write("a.json", [box("car", 0.6)])
        project.manifest(Team.manifest_of(item="here"))
        (task,) = service.others.ask("genericTasks", taskSearch='"a"')["entries"]
        others = {"taskId": task["taskId"], "labelsData": json.dumps([box("bus")])}
        with project.start("apply", "--yes") as run:
            deadline = time.monotonic() + 30
            while "here" not in task["datapoint"]["items"][0]:
                assert time.monotonic() < deadline
                (task,) = service.others.ask("genericTasks", taskSearch='"a"')["entries"]
            assert service.others.ask("putLabels", **others)["ok"]
            run.communicate()
        assert run.returncode == ExitCode.SOME_FAILED
        assert json.loads(service.task("a")["latestTaskData"]["labelsData"]) == [box("bus")]

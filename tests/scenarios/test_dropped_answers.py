"""Many creates whose answers do not arrive: none is made twice, none is lost, none fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rbsync.applier import breaker
from rbsync.applier.send import ADOPTED
from rbsync.backends.redbrick.backend import RedbrickBackend
from tests.scenarios.offline_service import RemoteProject, served
from tests.scenarios.pictures import png

NO_CHANGES = "No changes. The project matches the manifest."
CREATE = {"kind": "createDatapoint"}
DROPPED: list[dict[str, Any]] = [{**CREATE, "do": "drop", "chance": 0.5, "seed": 11}]
# Of those without an effect there are few: what is lost four times in a row is a failure.
ALL_KINDS: list[dict[str, Any]] = [
    {**CREATE, "do": "drop", "chance": 0.3, "seed": 1},
    {**CREATE, "do": "close", "chance": 0.02, "seed": 2},
    {**CREATE, "do": "status", "status": 502, "after": True, "chance": 0.1, "seed": 3},
    {**CREATE, "do": "cut", "chance": 0.1, "seed": 4},
    {**CREATE, "do": "status", "status": 503, "retry_after": 0.01, "chance": 0.02, "seed": 5},
]


@pytest.fixture(autouse=True)
def short_quarantine(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults: Any = RedbrickBackend.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "quarantine", 0.3)


@pytest.mark.parametrize("stamp", ["true", "false"], ids=["stamped", "without stamps"])
@pytest.mark.parametrize(
    ("faults", "count", "least"),
    [(DROPPED, 420, 200), (ALL_KINDS, 200, 50)],
    ids=["200 dropped", "all kinds"],
)
def test_answers_that_are_lost_at_random(
    tmp_path: Path,
    faults: list[dict[str, Any]],
    count: int,
    least: int,
    stamp: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """``least`` is how many of ``count`` are known by a look-up alone."""
    monkeypatch.setenv("RBSYNC_POLICY", f"stamp={stamp}")
    # So many broken connections in a row look like an outage, each of which is waited for.
    monkeypatch.setattr(breaker, "FIRST_PROBE", 0.05)
    monkeypatch.setattr(breaker, "LONGEST_PROBE", 0.2)
    with served(tmp_path / "service", faults=faults) as service:
        project = RemoteProject(tmp_path / "data", service.url)
        for number in range(count):
            project.write(f"images/{number:03}.png", png(number))
        project.manifest(f'policy: {{stamp: {stamp}}}\ndatapoints:\n  - glob: "images/*.png"\n')
        done = project.run("apply", "--yes", "--json")
        assert done.code == 0, done.err
        outcomes = {one["name"]: one for one in done.json["outcomes"]}
        assert len(outcomes) == count
        assert {one["outcome"] for one in outcomes.values()} == {"applied"}
        tasks = {one["name"]: one["task_id"] for one in project.tasks()}
        assert service.others.ask("tasksPaged", first=0)["count"] == len(tasks) == count
        assert {name: one["task_id"] for name, one in outcomes.items()} == tasks
        state = json.loads(project.run("state", "pull").out)
        assert {one["name"]: one["task_id"] for one in state["records"]} == tasks
        assert not any(one["pending"] or one["failure"] for one in state["records"])
        assert project.run("plan", "--refresh").last_line == NO_CHANGES
        assert service.count("PUT") == count
        looked_up = [one for one in outcomes.values() if one.get("note") == ADOPTED]
        assert len(looked_up) >= least, "answers were lost indeed"

"""What people are working on is neither deleted nor made anew without a decision."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rbsync.backends.local.extras import Extra
from rbsync.errors import ExitCode
from rbsync.service.answers.project_facts import EMAIL
from tests.hints.following import follows
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.project import Project
from tests.scenarios.two_clones import Team, box
from tests.service.serving import NearClient, serving

CAR = [box("car")]
NO_CHANGES = "No changes. The project matches the manifest."
PRUNE = "{prune: true}"
REPLACE = ("--policy", "on_change=replace")

Work = Callable[["Site"], None]


class Site:
    """A project in which ``a`` to ``c`` were applied, and the people who work there."""

    def __init__(self, project: Project, client: NearClient) -> None:
        self.project = project
        self.people = client

    def declare(self, **changes: Any) -> None:
        """Writes the manifest with changes to ``a``."""
        self.project.write("a.json", changes.get("labels", CAR))
        self.project.manifest(Team.manifest_of(**changes))

    @property
    def task(self) -> dict[str, Any]:
        """``a`` as people see it."""
        return self.people.task("a")

    def save(self, labels: list[dict[str, Any]], *, finished: bool) -> None:
        """Somebody saves labels of ``a``, as a draft or handed in."""
        done = self.people.ask(
            "putManualLabelingTaskAndLabels",
            stageName="Label",
            taskId=self.task["taskId"],
            elapsedTimeMs=0,
            finished=finished,
            labelsData=json.dumps(labels),
        )
        assert done["ok"]

    def blocked(self, *arguments: str) -> list[tuple[str, str]]:
        """What a plan blocks, with the reasons."""
        actions = self.project.plan(*arguments)["actions"]
        return [(one["name"], one["reason"]) for one in actions if one["action"] == "blocked"]

    def message(self, *arguments: str) -> str:
        """What the plan says of its one action."""
        (action,) = self.project.plan(*arguments)["actions"]
        return str(action["message"])


@pytest.fixture(params=["local", "served", "rewriting"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    if request.param == "local":
        project = Project(tmp_path / "work")
        made = Site(project, NearClient.__new__(NearClient))
        made.declare()
        assert project.apply().code == 0
        # People have no way into the embedded project but through a service in front of it.
        with serving(tmp_path / "work/.rbsync/project") as client:
            made.people = client
            yield made
        return
    rewrites = request.param == "rewriting"
    with serving(tmp_path / "service", type="IMAGE_BBOX", rewrites=rewrites) as client:
        made = Site(RemoteProject(tmp_path / "work", client.url), client)
        made.declare()
        assert made.project.apply().code == 0
        yield made


def drafted(site: Site) -> None:
    """Saved as they were: by their labels alone nothing would have changed."""
    site.save(CAR, finished=False)


def begun(site: Site) -> None:
    note = Extra(json.dumps({"state": "IN_PROGRESS", "who": EMAIL}))
    site.people.service.project.note(site.task["taskId"], "work", note)


def moved_on(site: Site) -> None:
    """To a stage of review, which a longer pipeline has."""
    site.people.service.project.move([site.task["taskId"]], "Review")


def finished(site: Site) -> None:
    site.save(CAR, finished=True)


def ended(site: Site) -> None:
    done = site.people.ask("moveTasks", taskIds=[site.task["taskId"]], stageName="END")
    assert done["ok"]


WORKS: dict[Work, str] = {
    drafted: "saved as a draft",
    begun: f"assigned to {EMAIL} and begun",
    moved_on: "moved it on to another stage",
    finished: "people have finished it",
    ended: "people have finished it",
}


@pytest.fixture(params=WORKS, ids=lambda one: one.__name__)
def work(request: pytest.FixtureRequest) -> Work:
    chosen: Work = request.param
    return chosen


def untouched(site: Site, before: dict[str, Any]) -> bool:
    """Whether ``a`` is the task that it was, in its stage, and as it was."""
    members = ("taskId", "currentStageName", "currentStageSubTask", "latestTaskData", "priority")
    after = site.task
    same = all(after[one] == before[one] for one in members)
    return same and after["datapoint"]["items"] == before["datapoint"]["items"]


def test_a_delete_of_what_is_worked_on_is_blocked(site: Site, work: Work) -> None:
    work(site)
    before = site.task
    site.declare(names=("b", "c"), policy=PRUNE)
    assert site.blocked() == [("a", "worked-on")]
    assert WORKS[work] in site.message()
    assert site.project.apply().code == ExitCode.SOME_FAILED
    assert untouched(site, before)


def test_a_replace_of_what_is_worked_on_is_blocked(site: Site, work: Work) -> None:
    work(site)
    before = site.task
    site.declare(item="here")
    assert site.blocked(*REPLACE) == [("a", "worked-on")]
    assert WORKS[work] in site.message(*REPLACE)
    assert site.project.apply(*REPLACE).code == ExitCode.SOME_FAILED
    assert untouched(site, before)


@follows("wait for them, or take it away all the same with --ours NAME")
def test_work_that_began_between_plan_and_sending_is_not_deleted(site: Site, work: Work) -> None:
    site.declare(names=("b", "c"), policy=PRUNE)
    assert site.project.run("plan", "-o", "plan.json").code == 0
    work(site)
    before = site.task
    ran = site.project.run("apply", "plan.json", "--json")
    assert ran.code == ExitCode.SOME_FAILED
    (outcome,) = ran.json["outcomes"]
    assert outcome["error"]["class"] == "conflict"
    assert WORKS[work] in outcome["error"]["message"]
    said = "wait for them, or take it away all the same with --ours NAME"
    assert outcome["error"]["hint"] == said
    assert untouched(site, before)
    assert site.project.apply("--ours", "a").code == 0
    assert site.project.names() == ["b", "c"]


def test_work_that_began_between_plan_and_sending_is_not_replaced(site: Site, work: Work) -> None:
    site.declare(item="here")
    assert site.project.run("plan", "-o", "plan.json", *REPLACE).code == 0
    work(site)
    before = site.task
    assert site.project.run("apply", "plan.json", *REPLACE).code == ExitCode.SOME_FAILED
    assert untouched(site, before)
    assert site.people.names().count("a") == 1


def test_ours_deletes_what_is_worked_on(site: Site, work: Work) -> None:
    work(site)
    site.declare(names=("b", "c"), policy=PRUNE)
    assert site.project.actions("--ours", "a") == ["delete a"]
    assert site.project.apply("--ours", "a").code == 0
    assert site.project.names() == ["b", "c"]


def test_ours_replaces_what_is_worked_on(site: Site, work: Work) -> None:
    work(site)
    before = site.task
    site.declare(item="here")
    assert site.project.apply("--ours", "a", *REPLACE).code == 0
    after = site.task
    assert after["taskId"] != before["taskId"]
    assert "here" in after["datapoint"]["items"][0]
    assert site.project.plan(*REPLACE)["actions"] == []


def test_theirs_declines_the_delete_for_good(site: Site, work: Work) -> None:
    work(site)
    before = site.task
    site.declare(names=("b", "c"), policy=PRUNE)
    assert site.project.apply("--theirs", "a").code == 0
    for _ in range(3):
        ran = site.project.apply()
        assert (ran.code, ran.last_line) == (0, NO_CHANGES)
        assert untouched(site, before)


def test_theirs_declines_the_replace_until_something_else_is_declared(
    site: Site, work: Work
) -> None:
    work(site)
    before = site.task
    site.declare(item="here")
    assert site.project.apply("--theirs", "a", *REPLACE).code == 0
    for _ in range(3):
        ran = site.project.apply(*REPLACE)
        assert (ran.code, ran.last_line) == (0, NO_CHANGES)
    after = site.task
    assert after["taskId"] == before["taskId"]
    assert after["currentStageName"] == before["currentStageName"]
    assert after["currentStageSubTask"] == before["currentStageSubTask"]
    assert after["datapoint"]["items"] == before["datapoint"]["items"]
    site.declare(item="elsewhere")
    assert site.blocked(*REPLACE) == [("a", "worked-on")]


def test_ours_in_a_saved_plan_does_not_take_what_was_drawn_since(site: Site) -> None:
    drafted(site)
    site.declare(names=("b", "c"), policy=PRUNE)
    assert site.project.run("plan", "-o", "plan.json", "--ours", "a").code == 0
    site.save([box("bus")], finished=False)
    before = site.task
    assert site.project.run("apply", "plan.json").code == ExitCode.SOME_FAILED
    assert untouched(site, before)


def test_an_update_of_another_facet_goes_beside_the_work(site: Site, work: Work) -> None:
    work(site)
    before = site.task
    site.declare(priority=0.75)
    assert site.project.actions() == ["update a settings"]
    assert site.project.apply().code == 0
    after = site.task
    assert after["priority"] == 0.75
    assert after["currentStageName"] == before["currentStageName"]
    assert after["currentStageSubTask"] == before["currentStageSubTask"]


def test_an_update_of_labels_leaves_a_draft_of_others_alone(site: Site) -> None:
    site.save([box("bus")], finished=False)
    before = site.task
    site.declare(labels=[box("car", 0.6)])
    assert site.blocked() == [("a", "conflict")]
    assert site.project.apply().code == ExitCode.SOME_FAILED
    assert untouched(site, before)


def test_what_is_not_begun_is_deleted(site: Site) -> None:
    site.declare(names=("b", "c"), policy=PRUNE)
    assert site.project.apply().code == 0
    assert site.project.names() == ["b", "c"]


def test_ground_truth_that_was_declared_is_taken_back_by_declaring_so(site: Site) -> None:
    site.declare(truth=True)
    assert site.project.apply().code == 0
    assert site.task["currentStageName"] == "END"
    site.declare(metadata={"site": "B"})
    assert site.project.apply().code == 0
    assert site.task["currentStageName"] == "Label"


def test_ground_truth_is_taken_back_although_others_changed_metadata(site: Site) -> None:
    site.declare(truth=True)
    assert site.project.apply().code == 0
    metadata = {**json.loads(site.task["datapoint"]["metaData"] or "{}"), "site": "C"}
    storage = site.task["datapoint"]["storageMethod"]["storageId"]
    done = site.people.ask(
        "updateTaskItems",
        taskId=site.task["taskId"],
        storageId=storage,
        metaData=json.dumps(metadata),
    )
    assert done["ok"]
    site.declare()
    assert site.blocked() == [("a", "conflict")]
    assert site.project.apply("--ours", "a").code == 0
    assert site.task["currentStageName"] == "Label"

"""A state that says what is not so: nothing is done to a datapoint that it does not speak of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rbsync.errors import ExitCode
from tests.scenarios.offline_service import RemoteProject, served
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project

NO_CHANGES = "No changes. The project matches the manifest."
OTHER_BOX = {**BOX, "category": [["object", "bus"]]}
LABELS: dict[str, list[Any]] = {"a": [BOX], "b": [BOX, OTHER_BOX], "c": []}
MANIFEST = (
    "project: {type: IMAGE_BBOX, taxonomy: [car, bus]}\n"
    'datapoints:\n  - glob: "images/*.png"\n    name: "{stem}"\n'
    '    labels: "labels/{stem}.json"\n'
)
Edit = Callable[[dict[str, Any]], None]


@pytest.fixture(params=["local", "service"])
def applied(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    """Three datapoints of one, two and no labels, as declared, on either backend."""
    if request.param == "local":
        yield filled(Project(tmp_path / "data"))
        return
    with served(tmp_path / "service", "--type", "IMAGE_BBOX") as service:
        yield filled(RemoteProject(tmp_path / "data", service.url))


def filled(project: Project) -> Project:
    for number, (name, labels) in enumerate(LABELS.items()):
        project.write(f"images/{name}.png", png(number))
        project.write(f"labels/{name}.json", labels)
    project.manifest(MANIFEST)
    assert project.apply().code == 0
    return project


def held(project: Project) -> dict[str, tuple[str, int]]:
    """The task id and the number of labels of each datapoint."""
    return {one["name"]: (one["task_id"], one["labels"]) for one in project.tasks()}


def edited(project: Project, edit: Edit) -> None:
    """Changes the state as `state pull` and `state push` let people do it."""
    document = project.run("state", "pull").json
    edit(document)
    project.write("state.json", document)
    pushed = project.run("state", "push", "--force", "state.json")
    assert pushed.code == 0, pushed.err


def record_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (one for one in document["records"] if one["name"] == name)
    assert isinstance(found, dict)
    return found


def swap_ids(document: dict[str, Any]) -> None:
    first, second = record_of(document, "a"), record_of(document, "b")
    first["task_id"], second["task_id"] = second["task_id"], first["task_id"]


def misname(project: Project, name: str, wrong: str) -> None:
    """Has the state say that a datapoint's task is that of another name."""
    edited(project, lambda document: record_of(document, name).update(name=wrong))


def test_a_record_under_a_wrong_name_deletes_nothing(applied: Project) -> None:
    before = held(applied)
    misname(applied, "a", "typo")
    # Where names are not to be moved, one datapoint is gone and another is new.
    ran = applied.apply("--prune", "--on-move", "recreate", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["summary"]["deleted"] == 0
    (left,) = (one for one in ran.json["outcomes"] if one["name"] == "typo")
    assert (left["outcome"], "is that of `a`" in left["note"]) == ("skipped", True)
    assert held(applied) == before
    assert applied.run("plan", "--prune").last_line == NO_CHANGES
    assert applied.run("drift").code == 0


def test_a_typo_in_state_mv_deletes_nothing(applied: Project) -> None:
    before = held(applied)
    applied.run("state", "mv", "a", "typo")
    assert applied.apply("--prune").code == 0
    assert held(applied) == before
    assert applied.run("plan", "--prune").last_line == NO_CHANGES
    assert applied.run("drift").code == 0


def test_a_record_pushed_under_another_name_deletes_nothing(applied: Project) -> None:
    before = held(applied)
    edited(applied, lambda document: record_of(document, "b").update(name="x"))
    assert applied.apply("--prune").code == 0
    assert held(applied) == before
    assert applied.run("plan", "--prune").last_line == NO_CHANGES


def test_a_record_under_the_name_of_a_new_datapoint_is_no_update_of_the_old(
    applied: Project,
) -> None:
    before = held(applied)
    applied.write("images/d.png", png(7))
    applied.write("labels/d.json", [BOX, BOX, BOX])
    misname(applied, "a", "d")
    ran = applied.apply()
    assert ran.code == 0, ran.err
    after = held(applied)
    assert after.pop("d")[1] == 3
    assert after == before
    assert applied.run("plan").last_line == NO_CHANGES
    assert applied.run("drift").code == 0


def test_swapped_task_ids_change_the_right_datapoints(applied: Project) -> None:
    before = held(applied)
    edited(applied, swap_ids)
    applied.write("labels/a.json", [OTHER_BOX, BOX, OTHER_BOX])
    ran = applied.apply()
    assert ran.code == 0, ran.err
    assert held(applied) == {**before, "a": (before["a"][0], 3)}
    assert applied.run("plan").last_line == NO_CHANGES
    # The other record still names the wrong task, until its datapoint changes or:
    assert applied.run("refresh").code == 0
    assert applied.run("drift").code == 0
    assert held(applied) == {**before, "a": (before["a"][0], 3)}


def test_swapped_task_ids_delete_the_right_datapoint(applied: Project) -> None:
    before = held(applied)
    edited(applied, swap_ids)
    (applied.folder / "images/b.png").unlink()
    ran = applied.apply("--prune")
    assert (ran.code, ran.last_line) == (
        0,
        "Apply complete: 0 created, 0 updated, 1 deleted, 0 failed.",
    )
    assert held(applied) == {name: one for name, one in before.items() if name != "b"}
    assert applied.run("plan", "--prune").last_line == NO_CHANGES


def test_swapped_task_ids_replace_the_right_datapoint(applied: Project) -> None:
    before = held(applied)
    edited(applied, swap_ids)
    applied.write("labels/b.json", [])
    replaced = applied.run("apply", "--yes", RBSYNC_POLICY="on_change=replace")
    assert replaced.code == 0, replaced.err
    after = held(applied)
    assert after["b"][0] not in {one for one, _ in before.values()}
    assert after["b"][1] == 0
    assert {name: after[name] for name in "ac"} == {name: before[name] for name in "ac"}
    assert applied.run("plan").last_line == NO_CHANGES


def test_whole_records_swapped_change_nothing_that_is_declared(applied: Project) -> None:
    before = held(applied)

    def swap(document: dict[str, Any]) -> None:
        first, second = record_of(document, "a"), record_of(document, "b")
        first["name"], second["name"] = second["name"], first["name"]

    edited(applied, swap)
    ran = applied.apply()
    # Both records speak of what is not there; nobody knows what was meant.
    assert ran.code in (ExitCode.DONE, ExitCode.SOME_FAILED)
    assert held(applied) == before
    assert applied.run("refresh").code == 0
    assert applied.run("plan").last_line == NO_CHANGES


def test_what_was_changed_at_the_project_meanwhile_is_not_taken_for_the_recorded(
    applied: Project,
) -> None:
    before = held(applied)
    edited(applied, swap_ids)

    def forget(document: dict[str, Any]) -> None:
        record_of(document, "a")["applied"][1] = "xxh3:" + "0" * 32

    edited(applied, forget)
    ran = applied.apply()
    assert ran.code == ExitCode.SOME_FAILED
    assert "is that of `b`" in ran.err
    assert "rbsync refresh" in ran.err
    assert held(applied) == before
    assert applied.run("refresh").code == 0
    assert applied.run("plan").last_line == NO_CHANGES


def test_the_note_of_a_delete_that_was_none_is_shown(applied: Project) -> None:
    misname(applied, "a", "typo")
    ran = applied.apply("--prune", "--on-move", "recreate")
    assert re.search(r"^not done: typo: task .* is that of `a`, not of `typo`", ran.err, re.M)
    assert ran.last_line.endswith("0 deleted, 0 failed, 1 recognised, 1 not begun.")

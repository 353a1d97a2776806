"""A saved plan holds in another clone as long as the project has what it had then."""

from __future__ import annotations

from rbsync.model.fingerprint import Fingerprint
from rbsync.model.record import Record
from rbsync.sync.saved_plans import left_digest
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.sync.test_first_look import clone, first

__all__ = ["first"]


def test_a_plan_that_was_saved_elsewhere_is_applied(first: Project) -> None:
    first.write("images/d.png", png(9))
    first.write("labels/a.json", [BOX, BOX])
    first.run("plan", "-o", "p.json")
    second = clone(first)
    ran = second.run("apply", "p.json")
    assert (ran.code, ran.last_line) == (
        0,
        "Apply complete: 1 created, 1 updated, 0 deleted, 0 failed.",
    )
    assert second.actions() == []
    assert [one["labels"] for one in second.tasks()] == [2, 0, 0, 0]


def test_a_plan_that_was_saved_without_a_state_is_applied_by_the_next_job(first: Project) -> None:
    job = clone(first, "job")
    job.write("labels/a.json", [BOX, BOX])
    assert job.run("plan", "-o", "p.json").code == 0
    other = clone(job, "other")
    assert other.run("apply", "p.json").code == 0
    assert [one["labels"] for one in other.tasks()] == [2, 0, 0]
    assert other.actions() == []


def test_a_plan_that_was_saved_without_a_state_is_applied_once_by_a_clone_that_has_one(
    first: Project,
) -> None:
    job = clone(first, "job")
    for one in (job, first):
        one.write("labels/a.json", [BOX, BOX])
    assert job.run("plan", "-o", "p.json").code == 0
    (first.folder / "p.json").write_bytes((job.folder / "p.json").read_bytes())
    assert first.run("apply", "p.json").code == 0
    assert [one["labels"] for one in first.tasks()] == [2, 0, 0]
    again = first.run("apply", "p.json")
    assert (again.code, "the project has moved on since" in again.err) == (5, True)


def test_a_plan_from_elsewhere_is_stale_when_its_names_changed_at_the_project(
    first: Project,
) -> None:
    first.write("labels/a.json", [BOX, BOX])
    first.run("plan", "-o", "p.json")
    second = clone(first)
    second.write("labels/a.json", [BOX, BOX, BOX])
    assert second.apply().code == 0
    third = clone(second, "third")
    third.write("labels/a.json", [BOX, BOX])
    refused = third.run("apply", "p.json")
    assert refused.code == 5
    assert "the project has moved on since the plan was made" in refused.err
    assert third.tasks()[0]["labels"] == 3


def test_the_version_of_what_was_left_is_the_same_in_every_clone() -> None:
    here = Record("a", Fingerprint("1", "2", "3"), "task-1")
    there = here._replace(task_id="")
    other = here._replace(applied=Fingerprint("1", "9", "3"))
    of_here = left_digest({"a": here, "b": other}, ["a"])
    assert of_here == left_digest({"a": there}, ["a", "never there"])
    assert of_here != left_digest({"a": other}, ["a"])
    assert of_here != left_digest({}, ["a"])

"""What others made of a datapoint is never overwritten without a word: two clones, two backends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rbsync.errors import ExitCode
from rbsync.model.fingerprint import Facet
from tests.hints.following import follows
from tests.scenarios.project import Project
from tests.scenarios.two_clones import Team, box, team

BUS, TRAM = [box("bus")], [box("bus"), box("car", 0.6)]
NO_CHANGES = "No changes. The project matches the manifest."


class Case(NamedTuple):
    """A change of one facet, in the manifest or its files, and another one at the project."""

    facet: Facet
    here: dict[str, Any]
    there: dict[str, Any]


CASES = [
    Case("items", {"item": "here"}, {"item": "there"}),
    Case("labels", {"labels": BUS}, {"labels": TRAM}),
    Case("settings", {"priority": 0.75}, {"priority": 0.25}),
    Case("settings", {"metadata": {"site": "B"}}, {"metadata": {"site": "C"}}),
]


@pytest.fixture(params=["local", "served", "rewriting"])
def people(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Team]:
    with team(request.param, tmp_path) as made:
        yield made


@pytest.fixture(params=CASES, ids=lambda one: "-".join((one.facet, *one.here)))
def case(request: pytest.FixtureRequest) -> Case:
    chosen: Case = request.param
    return chosen


def has(present: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether what is present has all that is wanted, and perhaps more that a service added."""
    for key, one in wanted.items():
        found = present[key]
        if key == "item":
            if one not in found:
                return False
        elif key == "labels":
            if len(found) != len(one):
                return False
            if any(a[k] != b[k] for a, b in zip(found, one, strict=True) for k in b):
                return False
        elif key == "metadata":
            if any(found.get(name) != value for name, value in one.items()):
                return False
        elif found != one:
            return False
    return True


def refused(project: Project, *arguments: str) -> list[tuple[str, str, str]]:
    """What a plan blocks: names, reasons and the facets of both sides."""
    return [
        (
            one["name"],
            one["reason"],
            ",".join(f"{side['facet']}" for side in one.get("sides", []) if side["present"]),
        )
        for one in project.plan(*arguments)["actions"]
        if one["action"] == "blocked"
    ]


def test_what_was_changed_only_here_is_updated(people: Team, case: Case) -> None:
    people.write(people.mine, **case.here)
    assert people.mine.actions() == [f"update a {case.facet}"]
    assert people.mine.apply().code == 0
    assert has(people.present(), case.here)
    assert people.mine.plan()["actions"] == []


def test_what_was_changed_only_there_is_left_alone(people: Team, case: Case) -> None:
    people.others(case.facet, **case.there)
    assert people.mine.plan()["actions"] == []
    assert people.mine.apply().code == 0
    assert has(people.present(), case.there)
    assert people.mine.run("drift").code == ExitCode.CHANGES


def test_what_was_changed_on_both_sides_is_a_conflict(people: Team, case: Case) -> None:
    people.others(case.facet, **case.there)
    people.write(people.mine, **case.here)
    assert refused(people.mine) == [("a", "conflict", case.facet)]
    assert people.mine.run("explain", "a", "--json").json["reason"] == "conflict"
    assert people.mine.apply().code == ExitCode.SOME_FAILED
    assert has(people.present(), case.there)


def test_what_others_did_already_is_taken_over(people: Team, case: Case) -> None:
    people.others(case.facet, **case.here)
    people.write(people.mine, **case.here)
    assert people.mine.plan()["actions"] == []
    ran = people.mine.apply()
    assert (ran.code, ran.last_line) == (0, NO_CHANGES)
    assert has(people.present(), case.here)
    assert "taken" not in people.mine.plan()


def test_what_the_other_clone_did_already_is_taken_over(people: Team, case: Case) -> None:
    people.write(people.mine, people.yours, **case.here)
    assert people.yours.apply().code == 0
    assert people.mine.plan()["actions"] == []
    assert people.mine.apply().code == 0
    assert "taken" not in people.mine.plan()
    assert has(people.present(), case.here)


def test_another_version_of_the_other_clone_is_a_conflict(people: Team, case: Case) -> None:
    people.write(people.yours, **case.there)
    people.write(people.mine, **case.here)
    assert people.yours.apply().code == 0
    assert refused(people.mine) == [("a", "conflict", case.facet)]
    assert people.mine.apply().code == ExitCode.SOME_FAILED
    assert has(people.present(), case.there)


@follows(
    "look at both with `rbsync plan`; then --ours NAME overwrites, and --theirs NAME keeps",
    "--ours NAME overwrites it, --theirs NAME keeps it",
)
def test_a_change_between_plan_and_sending_is_a_conflict(people: Team, case: Case) -> None:
    people.write(people.mine, **case.here)
    assert people.mine.run("plan", "-o", "plan.json").code == 0
    people.others(case.facet, **case.there)
    ran = people.mine.run("apply", "plan.json", "--json")
    assert ran.code == ExitCode.SOME_FAILED
    (outcome,) = ran.json["outcomes"]
    assert outcome["error"]["class"] == "conflict"
    assert has(people.present(), case.there)
    assert "then --ours NAME overwrites, and --theirs NAME keeps" in outcome["error"]["hint"]
    assert refused(people.mine) == [("a", "conflict", case.facet)]
    assert "--ours NAME overwrites it, --theirs NAME keeps it" in people.mine.run("plan").out
    assert people.mine.apply("--ours", "a").code == 0
    assert has(people.present(), case.here)


PAIRS = [(one, other) for one in CASES for other in CASES if one.facet != other.facet]


@pytest.mark.parametrize(("case", "other"), PAIRS, ids=lambda one: "-".join((one.facet, *one.here)))
def test_facets_are_judged_one_by_one(people: Team, case: Case, other: Case) -> None:
    people.others(other.facet, **other.there)
    people.write(people.mine, **case.here)
    assert people.mine.actions() == [f"update a {case.facet}"]
    assert people.mine.apply().code == 0
    assert has(people.present(), case.here)
    assert has(people.present(), other.there)


def test_ours_overwrites_what_was_seen(people: Team, case: Case) -> None:
    people.others(case.facet, **case.there)
    people.write(people.mine, **case.here)
    assert people.mine.actions("--ours", "a") == [f"update a {case.facet}"]
    assert people.mine.apply("--ours", "a").code == 0
    assert has(people.present(), case.here)
    assert people.mine.plan()["actions"] == []


def test_ours_does_not_overwrite_what_was_not_seen(people: Team) -> None:
    people.others("labels", labels=TRAM)
    people.write(people.mine, labels=BUS)
    assert people.mine.run("plan", "-o", "plan.json", "--ours", "a").code == 0
    people.others("labels", labels=[])
    assert people.mine.run("apply", "plan.json").code == ExitCode.SOME_FAILED
    assert has(people.present(), {"labels": []})


def test_theirs_stays_over_three_applies_of_two_clones(people: Team, case: Case) -> None:
    people.others(case.facet, **case.there)
    people.write(people.mine, people.yours, **case.here)
    assert people.mine.apply("--theirs", "a").code == 0
    for _ in range(3):
        for clone in (people.yours, people.mine):
            ran = clone.apply()
            assert (ran.code, ran.last_line) == (0, NO_CHANGES)
            assert has(people.present(), case.there)
    assert people.mine.run("explain", "a", "--json").json["reason"] == "theirs"


def test_theirs_ends_when_something_else_is_declared(people: Team) -> None:
    people.others("labels", labels=TRAM)
    people.write(people.mine, labels=BUS)
    assert people.mine.apply("--theirs", "a").code == 0
    people.write(people.mine, labels=[])
    assert people.mine.apply().code == 0
    assert has(people.present(), {"labels": []})


def test_other_facets_go_on_beside_what_stays_theirs(people: Team) -> None:
    people.others("labels", labels=TRAM)
    people.write(people.mine, labels=BUS)
    assert people.mine.apply("--theirs", "a").code == 0
    people.write(people.mine, labels=BUS, item="here")
    assert people.mine.actions() == ["update a items"]
    assert people.mine.apply().code == 0
    assert has(people.present(), {"labels": TRAM, "item": "here"})
    assert people.mine.plan()["actions"] == []


def test_the_manifest_may_say_that_theirs_stays(people: Team) -> None:
    people.others("labels", labels=TRAM)
    people.write(people.mine, labels=BUS, policy="{on_conflict: theirs}")
    assert people.mine.apply().code == 0
    assert has(people.present(), {"labels": TRAM})
    assert people.mine.plan()["actions"] == []


def test_the_manifest_may_not_say_that_ours_wins(people: Team) -> None:
    people.write(people.mine, policy="{on_conflict: ours}")
    assert people.mine.run("plan").code == ExitCode.INVALID


def test_a_delete_of_what_others_changed_is_a_conflict(people: Team, case: Case) -> None:
    people.others(case.facet, **case.there)
    people.write(people.mine, names=("b", "c"), policy="{prune: true}")
    assert refused(people.mine) == [("a", "conflict", case.facet)]
    assert people.mine.apply().code == ExitCode.SOME_FAILED
    assert has(people.present(), case.there)
    assert people.mine.apply("--theirs", "a").code == 0
    assert people.mine.apply().code == 0
    assert has(people.present(), case.there)
    assert people.mine.plan("--ours", "a")["actions"] == []


def test_a_delete_between_plan_and_sending_is_a_conflict(people: Team, case: Case) -> None:
    people.write(people.mine, names=("b", "c"), policy="{prune: true}")
    assert people.mine.run("plan", "-o", "plan.json").code == 0
    people.others(case.facet, **case.there)
    assert people.mine.run("apply", "plan.json").code == ExitCode.SOME_FAILED
    assert has(people.present(), case.there)


def test_a_delete_of_what_nobody_touched_is_done(people: Team) -> None:
    people.write(people.mine, names=("b", "c"), policy="{prune: true}")
    assert people.mine.apply().code == 0
    assert people.mine.names() == ["b", "c"]


def test_a_replace_of_what_others_changed_is_a_conflict(people: Team) -> None:
    people.others("labels", labels=TRAM)
    people.write(people.mine, item="here")
    replacing = ("--policy", "on_change=replace")
    assert refused(people.mine, *replacing) == [("a", "conflict", "labels")]
    assert people.mine.apply(*replacing).code == ExitCode.SOME_FAILED
    assert has(people.present(), {"labels": TRAM, "item": "a"})


def test_a_plan_without_a_look_says_so_and_apply_looks(people: Team, case: Case) -> None:
    people.others(case.facet, **case.there)
    people.write(people.mine, **case.here)
    plan = people.mine.plan("--offline")
    assert [one["action"] for one in plan["actions"]] == ["update"]
    assert plan["looked"] is False
    assert "The project was not looked at" in people.mine.run("plan", "--offline").err
    assert people.mine.apply("--offline").code == ExitCode.SOME_FAILED
    assert has(people.present(), case.there)


def test_the_one_who_runs_it_may_say_that_ours_wins(
    people: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.others("labels", labels=TRAM)
    people.write(people.mine, labels=BUS)
    assert refused(people.mine) == [("a", "conflict", "labels")]
    monkeypatch.setenv("RBSYNC_POLICY", "on_conflict=ours")
    assert people.mine.apply().code == 0
    assert has(people.present(), {"labels": BUS})


def test_what_was_undone_stays_so_over_three_applies_of_two_clones(
    people: Team, case: Case
) -> None:
    before = people.present()
    people.write(people.mine, people.yours, **case.here)
    assert people.mine.apply().code == 0
    assert people.mine.run("undo", "--yes").code == 0
    assert has(people.present(), before)
    for _ in range(3):
        for clone in (people.yours, people.mine):
            assert clone.apply().code == 0
            assert has(people.present(), before)
            assert refused(clone) == [("a", "undone", "")]
    assert people.yours.apply("--redo", "a").code == 0
    assert has(people.present(), case.here)


@pytest.mark.parametrize("decline", [("undo", "--yes"), ("apply", "--yes", "--theirs", "a")])
def test_other_facets_of_another_clone_go_on_beside_what_was_declined(
    people: Team, decline: tuple[str, ...]
) -> None:
    people.write(people.mine, labels=BUS)
    if decline[0] == "undo":
        assert people.mine.apply().code == 0
    else:
        people.others("labels", labels=TRAM)
    assert people.mine.run(*decline).code == 0
    left = people.present()["labels"]
    people.write(people.yours, labels=BUS, item="here")
    assert people.yours.apply().code == 0
    assert has(people.present(), {"item": "here", "labels": left})
    people.write(people.yours, labels=BUS, item="here", priority=0.75)
    assert people.yours.apply().code == 0
    assert has(people.present(), {"priority": 0.75, "labels": left})
    people.write(people.mine, labels=BUS, item="here", priority=0.75)
    assert people.mine.apply().code == 0
    assert has(people.present(), {"labels": left})


def test_what_people_draw_after_an_undo_is_not_overwritten(people: Team) -> None:
    people.write(people.mine, people.yours, labels=BUS)
    assert people.mine.apply().code == 0
    assert people.mine.run("undo", "--yes").code == 0
    people.others("labels", labels=TRAM)
    assert people.yours.apply().code == 0
    people.write(people.mine, people.yours, labels=[])
    for clone in (people.yours, people.mine):
        assert clone.apply().code == ExitCode.SOME_FAILED
        assert has(people.present(), {"labels": TRAM})

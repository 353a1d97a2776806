"""`--json-lines`: an object a line, as things happen, and at the end what is left to say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rbsync.stores.sqlite import SqliteStore
from tests.scenarios.pictures import png
from tests.scenarios.project import Project, Ran

MANY = 1000
"""More outcomes than fit into a pipe."""


def objects(ran: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.out.splitlines()]


def events(ran: Ran) -> list[str]:
    return [one["event"] for one in objects(ran)]


def test_a_plan_tells_each_action_and_then_the_rest(three: Project) -> None:
    ran = three.run("plan", "--json-lines")
    *actions, rest = objects(ran)
    whole = three.run("plan", "--json").json
    assert [{**one, "event": "action"} for one in whole["actions"]] == actions
    assert rest["event"] == "document"
    assert rest["summary"] == whole["summary"]
    assert rest["format_version"] == 1
    assert "actions" not in rest


def test_an_apply_tells_each_outcome_once_also_what_was_blocked(three: Project) -> None:
    three.write("labels/b.json", [{"category": [["object", "car"]]}])
    ran = three.run("apply", "--yes", "--keep-going", "--json-lines")
    *outcomes, rest = objects(ran)
    told = {one["name"]: (one["event"], one["action"], one["outcome"]) for one in outcomes}
    assert told == {
        "images/a.png": ("outcome", "create", "applied"),
        "images/b.png": ("outcome", "blocked", "skipped"),
        "images/c.png": ("outcome", "create", "applied"),
    }
    assert len(outcomes) == 3
    assert (rest["event"], rest["exit_code"]) == ("document", 3)
    report = json.loads((three.folder / ".rbsync/report.json").read_text())
    assert len(report["outcomes"]) == 3


def test_outcomes_come_while_the_run_goes_on(project: Project) -> None:
    """The pipe takes a part of them; until they are read, the run can get no further."""
    for number in range(MANY):
        project.write(f"images/{number}.png", png(number))
    process = project.start("apply", "--yes", "--json-lines")
    assert process.stdout
    assert json.loads(process.stdout.readline())["event"] == "outcome"
    known = SqliteStore(project.folder / ".rbsync/state.db").records().values()
    assert 0 < sum(one.applied is not None for one in known) < MANY
    rest = process.stdout.read().splitlines()
    assert len(rest) == MANY
    assert json.loads(rest[-1])["summary"]["created"] == MANY
    assert process.wait() == 0


@pytest.mark.parametrize(
    ("command", "kinds"),
    [
        (["expand"], ["datapoint"] * 3 + ["document"]),
        (["ls"], ["task"] * 3 + ["document"]),
        (["state", "list"], ["record"] * 3 + ["document"]),
        (["failures"], ["document"]),
        (["status"], ["document"]),
        (["validate"], ["document"]),
        (["drift"], ["document"]),
        (["explain", "images/a.png"], ["document"]),
    ],
)
def test_every_command_has_it(three: Project, command: list[str], kinds: list[str]) -> None:
    three.apply()
    assert events(three.run(*command, "--json-lines")) == kinds


def test_mistakes_are_lines_too(three: Project) -> None:
    three.manifest("datapoint: []\nmask: []\n")
    ran = three.run("validate", "--json-lines")
    *problems, rest = objects(ran)
    assert [one["event"] for one in problems] == ["problem"] * len(problems)
    assert {one["line"] for one in problems} >= {2, 3}
    assert (rest["event"], rest["exit_code"]) == ("document", 65)


def test_a_pulled_state_stays_one_document(three: Project) -> None:
    three.apply()
    assert three.run("state", "pull", "--json-lines").out == three.run("state", "pull").out

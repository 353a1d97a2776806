"""`rbsync.apply(rbsync.plan(…))` and the command line come to the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest

import rbsync
from rbsync.errors import ExitCode, RbsyncError, StaleError
from tests.scenarios.annotating import save_labels
from tests.scenarios.offline_service import RemoteProject, Served, served
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_unsettled import POINTS, almost_over, forget_result
from tests.service.serving import KEY


class Came(NamedTuple):
    """What a run came to, however it was asked for."""

    code: int
    outcomes: tuple[tuple[str, str, str], ...]


class Apply(Protocol):
    """Applies, with names that are decided about, by the word that says how."""

    def __call__(self, project: Project, /, **decided: list[str]) -> Came:
        """What came of it."""


def by_command(project: Project, /, **decided: list[str]) -> Came:
    """`rbsync apply --yes --json`."""
    flags = [
        part for word, names in decided.items() for one in names for part in (f"--{word}", one)
    ]
    ran = project.run("apply", "--yes", "--json", *flags)
    outcomes = ran.json["outcomes"] if ran.out.strip() and "outcomes" in ran.json else []
    return Came(ran.code, tuple((one["name"], one["action"], one["outcome"]) for one in outcomes))


def by_python(project: Project, /, **decided: list[str]) -> Came:
    """`rbsync.apply(rbsync.plan(…))`."""
    given: dict[str, Any] = dict(decided)
    try:
        report = rbsync.apply(rbsync.plan(project.folder / "rbsync.yaml", **given))
    except RbsyncError as error:
        return Came(error.exit_code, ())
    return Came(
        report.exit_code,
        tuple((one.name, one.action, one.result) for one in report.outcomes),
    )


@pytest.fixture(params=[by_command, by_python])
def apply(request: pytest.FixtureRequest) -> Apply:
    chosen: Apply = request.param
    return chosen


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "service") as one:
        yield one


@pytest.fixture
def remote(service: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RemoteProject:
    monkeypatch.setenv("RBSYNC_API_KEY", KEY)
    made = RemoteProject(tmp_path / "work", service.url)
    made.manifest(POINTS)
    assert made.apply().code == 0
    return made


def test_the_guard_refuses(project: Project, apply: Apply) -> None:
    for number in range(12):
        project.write(f"images/{number}.png", png(number))
    assert project.apply().code == 0
    project.manifest(
        "datapoints:\n"
        "  - {name: only, items: [https://example.org/a.png], storage: public}\n"
        "policy: {prune: true}\n"
    )
    assert apply(project) == Came(ExitCode.REFUSED, ())
    assert len(project.names()) == 12


def test_a_create_that_was_lost_is_settled_and_made(
    service: Served, remote: RemoteProject, apply: Apply
) -> None:
    service.delete("b")
    forget_result(remote, "b", almost_over())
    assert apply(remote) == Came(0, (("b", "create", "applied"),))
    assert sorted(remote.names()) == ["a", "b", "c"]


def test_a_create_that_arrived_is_settled_and_not_made_again(
    remote: RemoteProject, apply: Apply
) -> None:
    forget_result(remote, "b", almost_over())
    assert apply(remote) == Came(0, ())
    assert sorted(remote.names()) == ["a", "b", "c"]


@pytest.mark.parametrize("saved", [True, False], ids=["command", "Python"])
def test_a_plan_that_somebody_has_read_is_stale_once_the_state_moved(
    three: Project, saved: bool
) -> None:
    if saved:
        assert three.run("plan", "-o", "plan.json").code == 0
    plan = rbsync.plan(three.folder / "rbsync.yaml")
    assert three.apply("--target", "*/a.png").code == 0
    if saved:
        code = three.run("apply", "plan.json").code
    else:
        with pytest.raises(StaleError) as caught:
            rbsync.apply(plan)
        code = caught.value.exit_code
    assert code == ExitCode.STALE
    assert three.names() == ["images/a.png"]


def test_a_plan_that_was_saved_is_done_as_it_was_read(
    service: Served, remote: RemoteProject
) -> None:
    """What it left open is settled, and left to the next plan."""
    service.delete("b")
    forget_result(remote, "b", almost_over())
    assert remote.run("plan", "-o", "plan.json").code == ExitCode.INCOMPLETE
    assert remote.run("apply", "plan.json").code == ExitCode.UNSETTLED
    assert sorted(remote.names()) == ["a", "c"]
    assert remote.actions() == ["create b"]


def test_what_others_drew_is_blocked_left_or_overwritten_as_was_decided(
    three: Project, apply: Apply
) -> None:
    name, bus = "images/a.png", {**BOX, "category": [["object", "bus"]]}
    assert apply(three).code == ExitCode.DONE
    save_labels(three.folder / ".rbsync/project", name, [bus])
    three.write("labels/a.json", [BOX, BOX])
    assert apply(three) == (ExitCode.SOME_FAILED, ((name, "blocked", "skipped"),))
    assert three.tasks()[0]["labels"] == 1
    assert apply(three, theirs=["images/*"]).code == ExitCode.DONE
    assert apply(three) == (ExitCode.DONE, ())
    assert three.tasks()[0]["labels"] == 1
    assert apply(three, redo=[name]).code == ExitCode.DONE
    assert three.tasks()[0]["labels"] == 2
    save_labels(three.folder / ".rbsync/project", name, [bus])
    three.write("labels/a.json", [BOX, BOX, BOX])
    assert apply(three, ours=[name]) == (ExitCode.DONE, ((name, "update", "applied"),))
    assert three.tasks()[0]["labels"] == 3


def test_what_was_taken_back_is_held_until_it_is_asked_for(three: Project, apply: Apply) -> None:
    name = "images/a.png"
    assert apply(three).code == ExitCode.DONE
    three.write("labels/a.json", [BOX, BOX])
    assert apply(three).code == ExitCode.DONE
    assert three.run("undo", "--yes").code == ExitCode.DONE
    for _ in range(2):
        assert apply(three) == (ExitCode.DONE, ((name, "blocked", "skipped"),))
    assert apply(three, redo=[name]) == (ExitCode.DONE, ((name, "update", "applied"),))
    assert three.tasks()[0]["labels"] == 2

"""After a killed run, and after answers that say nothing: who waits, for what, and how long."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbsync.applier.cancellation import Cancellation
from rbsync.applier.pipeline import REFUSED_SECONDS
from rbsync.applier.recovery import LONGEST_RETRYING
from rbsync.backends.redbrick.backend import QUARANTINE_SECONDS
from rbsync.errors import ExitCode
from tests.scenarios.offline_service import RemoteProject, Served, served
from tests.scenarios.project import Ran
from tests.service.refused import sizes_refused
from tests.states import written_anew

POINTS = "datapoints:\n" + "".join(
    f"  - {{name: {name}, items: [https://example.org/{name}.png], storage: public}}\n"
    for name in "abc"
)
NO_CHANGES = "No changes. The project matches the manifest."
CREATED = "Apply complete: 1 created, 0 updated, 0 deleted, 0 failed."


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "service") as one:
        yield one


@pytest.fixture
def project(service: Served, tmp_path: Path) -> RemoteProject:
    """Three datapoints that were applied."""
    made = RemoteProject(tmp_path / "work", service.url)
    made.manifest(POINTS)
    assert made.apply().code == 0
    return made


def forget_result(project: RemoteProject, name: str, sent_at: float) -> None:
    """Makes the state one whose run was killed between a create and its result."""
    with written_anew(project.folder / ".rbsync/state.db") as state:
        state.execute(
            "INSERT INTO intent (name, operation, items, labels, settings, sent_at) SELECT name,"
            " 'create', items, labels, settings, ? FROM record WHERE name = ?",
            (sent_at, name),
        )
        state.execute("DELETE FROM record WHERE name = ?", (name,))


def almost_over() -> float:
    """When something was sent that may land for six seconds from now."""
    return time.time() - LONGEST_RETRYING - QUARANTINE_SECONDS + 6


def in_time(project: RemoteProject, *arguments: str) -> tuple[Ran, float]:
    began = time.monotonic()
    return project.run(*arguments), time.monotonic() - began


def test_a_plan_does_not_wait_and_says_what_is_not_known(
    service: Served, project: RemoteProject
) -> None:
    service.delete("b")
    forget_result(project, "b", time.time())
    ran, seconds = in_time(project, "plan", "--json")
    assert seconds < QUARANTINE_SECONDS / 2
    assert ran.code == ExitCode.INCOMPLETE
    (action,) = ran.json["actions"]
    assert (action["name"], action["action"], action["reason"]) == ("b", "blocked", "unsettled")
    assert action["message"].endswith("the project cannot tell yet; apply waits until it can")


def test_what_is_there_as_it_was_meant_needs_no_waiting(project: RemoteProject) -> None:
    forget_result(project, "b", time.time())
    ran, seconds = in_time(project, "plan")
    assert (ran.code, ran.last_line) == (0, NO_CHANGES)
    assert seconds < QUARANTINE_SECONDS / 2


def test_apply_says_what_it_waits_for_and_then_creates_it(
    service: Served, project: RemoteProject
) -> None:
    service.delete("b")
    forget_result(project, "b", almost_over())
    ran, seconds = in_time(project, "apply", "--yes")
    assert (ran.code, ran.last_line) == (0, CREATED)
    (line,) = [one for one in ran.err.splitlines() if one.startswith("Waiting")]
    assert line[len("Waiting n") :] == (
        " s: an earlier run ended before it knew what became of b, "
        "and a request of it may still arrive."
    )
    assert seconds < QUARANTINE_SECONDS
    assert sorted(project.names()) == ["a", "b", "c"]
    assert project.run("plan").last_line == NO_CHANGES


def test_the_wait_can_be_interrupted_and_leaves_all_as_it_was(
    service: Served, project: RemoteProject
) -> None:
    service.delete("b")
    forget_result(project, "b", time.time())
    running = project.start("apply", "--yes")
    assert running.stderr is not None
    lines: list[str] = []
    while not lines or not lines[-1].startswith("Waiting 30 s: "):
        lines.append(running.stderr.readline())
        assert lines[-1], lines
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=20)
    assert running.returncode == ExitCode.INTERRUPTED
    assert sorted(project.names()) == ["a", "c"]
    assert "1 not settled" in project.run("status").out


def test_what_cannot_be_looked_up_any_more_is_not_sent(tmp_path: Path) -> None:
    """The plan was made when the project could tell."""
    fault = {"kind": "genericTasks", "do": "errors", "message": "no search today"}
    faults = [{**fault, "nth": [3, 4, 5, 6]}]
    with served(tmp_path / "service", faults=faults) as service:
        project = RemoteProject(tmp_path / "work", service.url)
        project.manifest(POINTS)
        assert project.apply().code == 0
        service.delete("b")
        forget_result(project, "b", 1.0)
        assert project.run("plan", "-o", "plan.json").last_line.startswith("Plan: 1 to create")
        ran = project.run("apply", "plan.json")
        assert ran.code == ExitCode.UNSETTLED
        assert sorted(project.names()) == ["a", "c"]
        assert project.apply().last_line == CREATED


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"message": "no", "after": True}, id="a refusal that had its effect"),
        pytest.param({"message": "Task timed out"}, id="an error that passes"),
    ],
)
def test_a_refusal_is_looked_up_and_is_no_failure_if_it_is_there_in_the_end(
    tmp_path: Path, answer: dict[str, object]
) -> None:
    fault = {"kind": "createDatapoint", "nth": 2, "do": "errors", **answer}
    with served(tmp_path / "service", faults=[fault]) as service:
        project = RemoteProject(tmp_path / "work", service.url)
        project.manifest(POINTS)
        ran, seconds = in_time(project, "apply", "--yes")
        assert ran.last_line == "Apply complete: 3 created, 0 updated, 0 deleted, 0 failed."
        assert sorted(project.names()) == ["a", "b", "c"]
    assert seconds < QUARANTINE_SECONDS / 2


def many(count: int) -> str:
    return "datapoints:\n" + "".join(
        f"  - {{name: n{one}, items: [https://example.org/{one}.png], storage: public}}\n"
        for one in range(count)
    )


QUESTIONS = 12


def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of all pauses that are made from now on: what a run waits for, not how long."""
    asked: list[float] = []
    pause = Cancellation.pause

    def noted(self: Cancellation, seconds: float) -> bool:
        asked.append(seconds)
        return pause(self, seconds)

    monkeypatch.setattr(Cancellation, "pause", noted)
    return asked


@pytest.mark.parametrize(
    ("message", "kind"),
    [("Upload limit of your plan reached", "quota"), ("the label is too blue", "invalid")],
)
@pytest.mark.parametrize("count", sizes_refused(3, 30))
def test_a_refusal_is_told_in_the_words_of_the_service_and_sent_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str, kind: str, count: int
) -> None:
    """A run used to end with "nobody knows whether it was done", after four sends of each."""
    faults = [{"kind": "createDatapoint", "do": "errors", "message": message}]
    with served(tmp_path / "service", faults=faults) as service:
        project = RemoteProject(tmp_path / "work", service.url)
        project.manifest(many(count))
        asked = pauses(monkeypatch)
        ran = project.run("apply", "--yes", "--json")
        assert ran.code == ExitCode.SOME_FAILED
        # Nobody waits until a request cannot land any more: the service has answered.
        assert max(asked, default=0.0) <= 2 * REFUSED_SECONDS, asked
        assert project.names() == []
        # One create of each, one look at once, in case the name is taken, and one later, in case
        # the service did it after all.
        assert service.count("POST") <= 3 * count + QUESTIONS
        failures = [one["error"] for one in ran.json["outcomes"]]
        assert {one["class"] for one in failures} == {kind}
        assert all(message in one["message"] for one in failures)
        assert message in project.run("failures").err
        assert message in (project.folder / ".rbsync/report.json").read_text()
        assert message in project.run("state", "show", "n0").out
        # What is refused for itself waits for another content; for a plan that is full, people buy
        # another one, and nothing here tells of that.
        before = service.count("POST")
        again = project.apply()
        assert (service.count("POST") - before >= count) == (kind == "quota")
        assert message in again.out + again.err


def test_what_is_refused_thousands_of_times_is_not_asked_for_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rbsync.applier.cancellation.MOST_ALIKE", 40)
    message = "Upload limit of your plan reached"
    faults = [{"kind": "createDatapoint", "do": "errors", "message": message}]
    with served(tmp_path / "service", faults=faults) as service:
        project = RemoteProject(tmp_path / "work", service.url)
        project.manifest(many(400))
        ran = project.run("apply", "--yes", "--json")
        assert service.count("POST") < 200
        assert ran.code == ExitCode.SOME_FAILED
    outcomes = ran.json["outcomes"]
    assert len(outcomes) == 400
    left = [one for one in outcomes if one["outcome"] == "skipped"]
    assert len(left) > 200
    assert all(message in one["note"] for one in left)

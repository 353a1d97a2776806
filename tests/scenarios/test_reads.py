"""What only reads is tried again, up to four times, and no answer that came is thrown away."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from rbsync.applier import breaker
from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.errors import ExitCode
from tests.scenarios.offline_service import RemoteProject, Served, left_open, served
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX
from tests.scenarios.test_outages import free_port

pytestmark = pytest.mark.usefixtures("short_pauses")

NO_CHANGES = "No changes. The project matches the manifest."
COMMANDS = ["plan", "apply --yes", "refresh", "drift", "adopt", "ls"]
BUSY = {"do": "status", "status": 429, "retry_after": 0.05}


def urls(count: int) -> str:
    return "datapoints:\n" + "".join(
        f"  - {{name: {at:03}, items: [https://example.org/{at}.png], storage: public}}\n"
        for at in range(count)
    )


def project_of(url: str, folder: Path, count: int) -> RemoteProject:
    project = RemoteProject(folder, url)
    project.manifest(urls(count))
    return project


@pytest.mark.parametrize(
    "fault",
    [BUSY, BUSY | {"status": 503}, {"do": "close"}, {"do": "drop"}, {"do": "html"}, {"do": "cut"}],
    ids=["429", "503", "close", "drop", "html", "cut"],
)
def test_every_other_question_fails_and_no_command_does(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    """Of 120 tasks a listing has three pages."""
    reads = {"kind": ["project", "tasksPaged", "genericTasks", "task"], "every": 2}
    with served(tmp_path / "service", faults=[reads | fault]) as service:
        project = project_of(service.url, tmp_path / "data", 120)
        assert project.apply().code == 0
        for command in COMMANDS:
            ran = project.run(*command.split())
            assert (ran.code, ran.err) == (0, "120 datapoints.\n" if command == "ls" else "")


@pytest.mark.parametrize("kind", ["presignItems", "GET"])
def test_a_file_of_labels_is_fetched_again(tmp_path: Path, kind: str) -> None:
    with served(
        tmp_path / "service", "--type", "IMAGE_BBOX", faults=[{"kind": kind, "nth": 1, **BUSY}]
    ) as service:
        project = RemoteProject(tmp_path / "data", service.url)
        project.write("a.png", png(1))
        project.write("a.json", [BOX] * 1001)
        project.manifest("datapoints:\n  - {name: a, items: [a.png], labels: a.json}\n")
        assert project.apply().code == 0
        assert project.run("drift").code == 0
        assert fetched(service) == (2 if kind == "GET" else 1)


def test_four_attempts_are_the_end_for_who_does_not_wait(tmp_path: Path) -> None:
    fault = {"kind": "project", **BUSY}
    with served(tmp_path / "service", faults=[fault]) as service:
        project = project_of(service.url, tmp_path / "data", 1)
        ran = project.run("plan", "--give-up-after", "0")
        assert ran.code == ExitCode.INCOMPLETE
        assert ran.err.startswith("error: localhost: too many requests (HTTP 429)\n")
        assert service.count("POST") == 4


@pytest.mark.parametrize("command", ["refresh", "plan"])
def test_a_wait_is_ended_by_an_interrupt(tmp_path: Path, command: str) -> None:
    """A plan looks names up with several threads."""
    fault = {"kind": ["tasksPaged", "genericTasks"], **BUSY, "retry_after": 60}
    folder, port = tmp_path / "service", free_port()
    # An apply asks how many tasks there are, and is not what has to wait here.
    with served(folder, "--port", port) as service:
        project = project_of(service.url, tmp_path / "data", 3)
        assert project.apply().code == 0
        left_open(project)
    with served(folder, "--port", port, faults=[fault]) as service:
        asked = service.count("POST")
        running = project.start(command)
        while service.count("POST") < asked + 2:
            time.sleep(0.02)
        time.sleep(0.2)
        running.send_signal(signal.SIGINT)
        began = time.monotonic()
        running.communicate(timeout=30)
        assert running.returncode == ExitCode.INTERRUPTED
        assert time.monotonic() - began < 30


def test_many_lost_answers_are_looked_up_although_some_look_ups_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults: Any = RedbrickBackend.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "quarantine", 0.3)
    # Of answers of which every other one is lost, five in a row are lost now and then.
    monkeypatch.setattr(breaker, "FIRST_PROBE", 0.05)
    monkeypatch.setattr(breaker, "LONGEST_PROBE", 0.2)
    faults = [
        {"kind": "createDatapoint", "do": "drop", "chance": 0.5, "seed": 1},
        {"kind": ["genericTasks", "task", "tasksPaged"], "chance": 0.1, "seed": 2, **BUSY},
    ]
    with served(tmp_path / "service", faults=faults) as service:
        project = project_of(service.url, tmp_path / "data", 100)
        done = project.apply()
        assert done.last_line == "Apply complete: 100 created, 0 updated, 0 deleted, 0 failed."
        # By our own command, for the script of faults plays for the client of this test as well.
        assert len(project.run("ls").out.splitlines()) == 100
        assert project.run("plan").last_line == NO_CHANGES


def test_names_that_answer_are_settled_and_the_others_wait(tmp_path: Path) -> None:
    """Of three look-ups one gets no answer, four times; the next command gets all."""
    broken = {"kind": "task", "do": "errors", "message": "no", "nth": [3, 4, 5, 6, 7, 8, 9, 10]}
    with served(tmp_path / "service", faults=[broken]) as service:
        project = project_of(service.url, tmp_path / "data", 3)
        assert project.apply().code == 0
        left_open(project)
        document = project.run("plan", "--json").json
        assert document["summary"]["keep"] == 2
        (action,) = document["actions"]
        assert (action["action"], action["reason"]) == ("blocked", "unsettled")


def test_a_file_of_labels_is_fetched_only_to_count_what_is_shown(tmp_path: Path) -> None:
    with served(tmp_path / "service", "--type", "IMAGE_BBOX") as service:
        project = RemoteProject(tmp_path / "data", service.url)
        project.write("labels.json", [BOX] * 1001)
        project.manifest(
            "defaults: {storage: public}\ndatapoints:\n"
            "  - {name: a, items: [https://example.org/a.png], labels: labels.json}\n"
            "  - {name: b, items: [https://example.org/b.png], labels: labels.json}\n"
        )
        assert project.apply().code == 0
        gets = fetched(service)
        assert project.run("refresh").last_line == (
            "State refreshed: 0 added, 0 corrected, 0 removed, 2 unchanged."
        )
        assert fetched(service) == gets
        assert project.run("ls", "b").out == "b  (1 item, 1,001 labels)\n"
        assert fetched(service) == gets + 1
        assert [one["labels"] for one in project.tasks()] == [1001, 1001]


def fetched(service: Served) -> int:
    """How many files were fetched."""
    return service.count("GET")

"""A minute's outage is no end: the service is killed in the middle of a run, and started again.

`RBSYNC_OUTAGE=60 .venv/bin/pytest -n0 tests/scenarios/test_outages.py` is the full size.
"""

from __future__ import annotations

import json
import logging
import os
import random
import re
import shutil
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pytest
import requests

from rbsync.applier import breaker, retrying
from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.errors import ExitCode
from tests.scenarios.offline_service import RemoteProject, Served, served
from tests.scenarios.pictures import png
from tests.scenarios.started import Started
from tests.service.serving import serving

SECONDS = float(os.environ.get("RBSYNC_OUTAGE", "7"))
MOST_REQUESTS = 30
_MET = re.compile(r" (?:POST|PUT|GET) \S+: (?!HTTP 2)")


@pytest.fixture(autouse=True)
def short_quarantine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within this process: what a killed run left open is looked up at once by the next one."""
    defaults: Any = RedbrickBackend.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "quarantine", 0.3)


# Below the ports that systems give to who asks for any: a connection of another test may be given
# one of these as its own, and the service could not come back to it.
PORTS = range(20_000, 32_000)


def free_port() -> str:
    # Not by the numbers that a seed gives to several processes of tests.
    for port in random.SystemRandom().sample(PORTS, 100):
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            return str(port)
    raise AssertionError("no port is free")


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def by_url(number: int) -> str:
    points = "".join(
        f"  - {{name: '{n:04}', items: [https://example.org/{n}.png], storage: public}}\n"
        for n in range(number)
    )
    return f"datapoints:\n{points}"


def requests_that_met_it(log: str) -> int:
    return sum(bool(_MET.search(line)) for line in log.splitlines())


def begun(project: RemoteProject, *arguments: str) -> Started:
    return project.start("-vv", "apply", "--yes", *arguments)


def names_and_count(project: RemoteProject) -> tuple[int, int]:
    names = project.names()
    return len(names), len(set(names))


@pytest.mark.timeout(300)
def test_a_service_that_is_killed_amid_600_creates_is_waited_for(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "service"
    with served(folder, "--port", port) as service:
        project = RemoteProject(tmp_path / "work", service.url)
        project.manifest(by_url(600))
        running = begun(project)
        until(lambda: service.count("POST") > 200)
        service.stop()
        before = _read_until_told(running.stderr)
        time.sleep(SECONDS)
    with served(folder, "--port", port):
        out, err = running.communicate(timeout=200)
        err = before + err
        assert out.strip().splitlines()[-1] == (
            "Apply complete: 600 created, 0 updated, 0 deleted, 0 failed."
        ), err[-3000:]
        assert running.returncode == 0
        assert names_and_count(project) == (600, 600)
    assert requests_that_met_it(err) <= MOST_REQUESTS
    told = [line for line in err.splitlines() if line.startswith("The service ")]
    assert len(told) == 2, told
    assert re.fullmatch(
        r"The service does not answer \(localhost: .*\); waiting for it, up to 600 s\.", told[0]
    )
    assert re.fullmatch(r"The service answers again, after \d+ s\.", told[1])


@pytest.mark.timeout(300)
def test_files_that_are_being_uploaded_are_waited_for_too(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "service"
    with served(folder, "--port", port) as service:
        project = RemoteProject(tmp_path / "work", service.url)
        for number in range(150):
            project.write(f"images/{number:03}.png", png(number))
        project.manifest("datapoints:\n  - glob: images/*.png\n")
        running = begun(project, "--json-lines")
        until(lambda: service.count("PUT") > 40)
        service.stop()
        before = _read_until(running.stdout, lambda line: '"event": "outage"' in line)
        time.sleep(SECONDS)
    with served(folder, "--port", port):
        out, err = running.communicate(timeout=200)
        out = before + out
        assert running.returncode == 0, err[-3000:]
        assert names_and_count(project) == (150, 150)
    assert requests_that_met_it(err) <= MOST_REQUESTS
    events = [json.loads(line) for line in out.splitlines()]
    outages = [one for one in events if one.get("event") == "outage"]
    assert [one["is_over"] for one in outages] == [False, True]
    assert outages[0]["seconds"] == 600
    assert outages[1]["seconds"] >= SECONDS / 2


@pytest.mark.parametrize(
    ("kind", "status"), [("createDatapoint", 503), ("PUT", 502), ("POST", 504)]
)
@pytest.mark.timeout(300)
def test_a_service_that_answers_so_for_a_while_is_waited_for(
    tmp_path: Path,
    kind: str,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(breaker, "FIRST_PROBE", 0.5)
    rule = {"kind": kind, "nth": list(range(12, 18)), "do": "status", "status": status}
    with served(tmp_path / "service", faults=[rule]) as service:
        project = RemoteProject(tmp_path / "work", service.url)
        for number in range(40):
            project.write(f"images/{number:02}.png", png(number))
        project.manifest("datapoints:\n  - glob: images/*.png\n")
        caplog.set_level(logging.DEBUG)
        ran = project.run("apply", "--yes", "--jobs", "4")
        assert ran.code == 0, ran.err[-3000:]
        assert ran.last_line.startswith("Apply complete: 40 created")
        assert names_and_count(project) == (40, 40)
    assert requests_that_met_it(caplog.text) == 6


@pytest.mark.timeout(300)
def test_a_service_that_stays_away_ends_the_run_and_nothing_is_lost(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "service"
    with served(folder, "--port", port) as service:
        project = RemoteProject(tmp_path / "work", service.url)
        project.manifest(by_url(600))
        running = begun(project, "--give-up-after", "5")
        until(lambda: service.count("POST") > 200)
        service.stop()
        began = time.monotonic()
        out, err = running.communicate(timeout=100)
        assert 5 <= time.monotonic() - began < 60
    last = out.strip().splitlines()[-1]
    assert last.startswith("Apply stopped (the service did not answer for too long): "), err[-2000:]
    # Some creates were on their way when it was killed: nobody knows of them until it is back.
    assert running.returncode == (10 if "ambiguous while trying" in err else 1)
    report = json.loads((project.folder / ".rbsync/report.json").read_text())
    assert len(report["outcomes"]) == 600
    with served(folder, "--port", port):
        ran = project.apply()
        assert ran.code == 0, ran.err
        assert names_and_count(project) == (600, 600)


ASKING = {
    "plan": ["plan", "--refresh"],
    "apply": ["apply", "--yes"],
    "refresh": ["refresh"],
    "ls": ["ls"],
    "drift": ["drift"],
    "pull": ["pull"],
    "adopt": ["adopt"],
    "export": ["export", "labels", "labels.json"],
}


EACH = 15
"""Requests that a command of `ASKING` does not need."""


@pytest.fixture
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "FIRST_PROBE", 0.1)
    monkeypatch.setattr(breaker, "POLL", 0.05)
    monkeypatch.setattr(retrying, "BASE_SECONDS", 0.01)


def _until_it_is_gone(service: Served) -> None:
    with suppress(requests.ConnectionError):
        while True:
            service.task("0001")


@pytest.mark.usefixtures("in_a_hurry")
def test_whoever_asks_something_waits_and_says_so_once(tmp_path: Path) -> None:
    met = [EACH * at + nth for at in range(1, len(ASKING) + 1) for nth in range(4)]
    rule = {"kind": "POST", "nth": met, "do": "close"}
    with served(tmp_path / "service", faults=[rule]) as service:
        project = RemoteProject(tmp_path / "work", service.url)
        project.manifest(by_url(2))
        assert project.apply().code == 0
        for arguments in ASKING.values():
            _until_it_is_gone(service)
            ran = project.run(*arguments)
            assert ran.code == 0, (arguments, ran)
            assert ran.err.count("The service does not answer") == 1, (arguments, ran)
            assert ran.err.count("The service answers again") == 1, (arguments, ran)


@pytest.mark.skipif("RBSYNC_OUTAGE" not in os.environ, reason="the full size takes minutes")
@pytest.mark.timeout(300)
def test_many_who_ask_at_once_wait_for_a_service_that_is_gone(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "service"
    with served(folder, "--port", port) as service:
        first = RemoteProject(tmp_path / "first", service.url)
        first.manifest(by_url(2))
        assert first.apply().code == 0
    running: dict[str, Started] = {}
    for name, arguments in ASKING.items():
        shutil.copytree(first.folder, tmp_path / name)
        project = RemoteProject(tmp_path / name, service.url)
        running[name] = project.start("-vv", *arguments)
    told = {name: _read_until_told(one.stderr) for name, one in running.items()}
    time.sleep(max(0, SECONDS - 7))
    with served(folder, "--port", port):
        for name, one in running.items():
            out, err = one.communicate(timeout=100)
            err = told[name] + err
            assert one.returncode == 0, (name, out, err)
            assert err.count("The service does not answer") == 1, (name, err)
            assert err.count("The service answers again") == 1, (name, err)
            assert requests_that_met_it(err) <= MOST_REQUESTS, (name, err)


def _read_until_told(stream: IO[str]) -> str:
    return _read_until(stream, lambda line: line.startswith("The service does not answer"))


def _read_until(stream: IO[str], holds: Callable[[str], bool]) -> str:
    """What a command prints up to a line; as its pipe is read, it does not fill meanwhile."""
    read = ""
    for line in stream:
        read += line
        if holds(line):
            break
    return read


@pytest.mark.parametrize(("command", "code"), [("ls", 1), ("refresh", 1), ("plan --refresh", 9)])
@pytest.mark.usefixtures("in_a_hurry")
def test_who_asks_a_service_that_stays_away_is_told(
    tmp_path: Path, command: str, code: int
) -> None:
    project = RemoteProject(tmp_path / "work", f"http://localhost:{free_port()}")
    project.manifest(by_url(2))
    ran = project.run(*command.split(), "--give-up-after", "0.5")
    assert (ran.code, ran.err.count("The service does not answer")) == (code, 1), ran.err
    assert "nothing answers there" in ran.err.splitlines()[-2] + ran.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("kind", "fault", "command", "code"),
    [
        ("tasksPaged", {"do": "status", "status": 500}, "ls", ExitCode.ERROR),
        ("task", {"do": "status", "status": 502}, "apply --yes", ExitCode.INCOMPLETE),
    ],
)
@pytest.mark.usefixtures("in_a_hurry")
def test_a_question_that_alone_is_never_answered_is_not_waited_for(
    tmp_path: Path,
    kind: str,
    fault: dict[str, Any],
    command: str,
    code: ExitCode,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(breaker, "LONGEST_PROBE", 0.1)
    with serving(tmp_path / "cars") as service:
        project = RemoteProject(tmp_path / "work", service.url)
        project.manifest(by_url(12))
        assert project.apply().code == 0
    with serving(tmp_path / "cars", [{"kind": kind, **fault}]) as service:
        project.url = service.url
        project.manifest(by_url(12).replace(".png", ".jpg"))
        ran = project.run(*command.split(), "--give-up-after", "inf")
    assert ran.code == code, ran.err
    assert "the service failed" in ran.err
    assert code == 9 or "the service answers other questions" in ran.err


@pytest.mark.parametrize(
    ("command", "code"), [("plan --refresh", 9), ("apply --yes", 1), ("ls", 1)]
)
@pytest.mark.usefixtures("in_a_hurry")
def test_a_service_that_never_said_anything_but_500_is_not_waited_for(
    tmp_path: Path, command: str, code: int
) -> None:
    """A key that it does not know looks like this."""
    with serving(tmp_path / "cars", [{"kind": "POST", "do": "status", "status": 500}]) as service:
        project = RemoteProject(tmp_path / "work", service.url)
        project.manifest(by_url(2))
        ran = project.run(*command.split(), "--give-up-after", "inf")
    assert ran.code == code, ran.err
    assert "waiting for it" not in ran.err
    assert "(HTTP 500)" in ran.err
    assert "keys that it does not know" in ran.err


@pytest.mark.usefixtures("in_a_hurry")
def test_a_name_that_does_not_exist_is_not_waited_for(tmp_path: Path) -> None:
    project = RemoteProject(tmp_path / "work", "https://no-such-host.invalid")
    project.manifest(by_url(2))
    ran = project.run("ls", RBSYNC_URL=project.url)
    assert ran.code == 1
    assert "The service does not answer" not in ran.err
    assert "its name cannot be resolved" in ran.err


@pytest.mark.timeout(300)
def test_an_interrupt_ends_the_waiting_at_once(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "service"
    with served(folder, "--port", port) as service:
        project = RemoteProject(tmp_path / "work", service.url)
        project.manifest(by_url(400))
        running = begun(project, "--give-up-after", "inf")
        until(lambda: service.count("POST") > 150)
        service.stop()
        before = _read_until_told(running.stderr)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=20)
    assert running.returncode == 130
    assert "; waiting for it, for ever." in before + err
    with served(folder, "--port", port):
        assert project.apply().code == 0
        assert names_and_count(project) == (400, 400)

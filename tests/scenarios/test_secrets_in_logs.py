"""`-vv` as people run it, in a process of its own: each request is logged, and no secret of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.offline_service import RemoteProject, served
from tests.scenarios.project import Ran, ended
from tests.scenarios.test_redbrick import EVERYTHING, project_at, shows_no_secret, traces
from tests.service.serving import KEY

BEARER = "Bearer abcdefghijklmnop"
HEADER = re.compile(r"(?:api-?key|authorization)\W{1,4}(?:bearer\W+)?[\w-]{8,}", re.IGNORECASE)
PICTURES_AND_A_URL = EVERYTHING.split("  - frames")[0]
TOLD = f"who sent ApiKey: {KEY} and Authorization: {BEARER}?"
FAILURES: dict[str, list[dict[str, Any]]] = {
    "every request": [{"kind": "*", "do": "status", "status": 400, "message": TOLD}],
    "every connection": [{"kind": "*", "do": "close"}],
    "every change": [
        {"kind": "PUT", "do": "status", "status": 403, "message": TOLD},
        {"kind": "createDatapoint", "do": "status", "status": 400, "message": TOLD},
    ],
}


def run(project: RemoteProject, *arguments: str) -> Ran:
    """Runs a command to its end in a process, with all that it logs."""
    return ended(project.start(*arguments, "-vv"), timeout=60)


def ran_all(project: RemoteProject) -> list[Ran]:
    patience = ("--give-up-after", "2")
    apply = ("apply", "--yes", *patience)
    ran = [run(project, "plan", "-o", "p.json", *patience), run(project, *apply)]
    return [*ran, run(project, "status"), run(project, *apply, "--json")]


def logged(ran: Ran) -> set[tuple[str, str]]:
    """Method and result of each request that was logged."""
    line = re.compile(r"\d{4}-\d\d-\d\d \S+ (POST|PUT|GET) http://localhost:\S+: (.+)")
    return {(found[1], found[2]) for found in map(line.fullmatch, ran.err.splitlines()) if found}


def shows_none(project: RemoteProject, ran: list[Ran]) -> None:
    text = traces(project, *ran)
    shows_no_secret(text)
    assert BEARER not in text
    assert not HEADER.search(text)


def test_what_succeeds_is_logged_without_its_secrets(tmp_path: Path) -> None:
    with served(tmp_path / "service") as service:
        project = project_at(service, tmp_path / "data")
        ran = ran_all(project)
    assert [one.code for one in ran] == [0] * len(ran), ran
    plan, apply, *_ = ran
    assert logged(plan) == {("POST", "HTTP 200")}
    assert logged(apply) == {("POST", "HTTP 200"), ("PUT", "HTTP 200")}
    put = rf" PUT {service.url}/objects/\S+/a\.png\?…: HTTP 200\n"
    assert re.search(put, apply.err), "the query of a presigned address is left out"
    assert (project.folder / ".rbsync/report.json").exists()
    shows_none(project, ran)


@pytest.mark.parametrize("what", FAILURES)
def test_what_fails_is_logged_without_its_secrets(tmp_path: Path, what: str) -> None:
    with served(tmp_path / "service", faults=FAILURES[what]) as service:
        project = project_at(service, tmp_path / "data", PICTURES_AND_A_URL)
        ran = ran_all(project)
    apply = ran[1]
    if what == "every change":
        # So many refusals in a row are an outage, which is waited for and given up.
        assert (ran[0].code, apply.code) == (0, 1), ran
        assert {("POST", "HTTP 200"), ("PUT", "HTTP 403")} <= logged(apply)
        report = (project.folder / ".rbsync/report.json").read_text()
        assert "HTTP 403" in report
        assert "who sent" not in report or "who sent ApiKey: … and Authorization: …" in report
    elif what == "every request":
        assert (ran[0].code, apply.code) in ((1, 1), (9, 1)), ran
        assert logged(apply) == {("POST", "HTTP 400")}
    else:
        # A plan whose project does not answer is not complete.
        assert (ran[0].code, apply.code) == (9, 1), ran
        assert {method for method, _ in logged(apply)} == {"POST"}
    shows_none(project, ran)

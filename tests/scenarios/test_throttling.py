"""A service that wants fewer requests gets none at all for as long as it says."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from rbsync.backends.redbrick.backend import JOBS
from rbsync.errors import ExitCode
from tests.scenarios.offline_service import RemoteProject, served
from tests.scenarios.pictures import png

SECONDS = 2.0
SLOW_DOWN = {"do": "status", "status": 429, "retry_after": SECONDS, "times": 1}
_LINE = re.compile(r"(\S+ \S+) (?:POST|PUT) \S+ (\d+) ")


def during_the_pause(log: Path, after: float = 0.0) -> int:
    """How many requests were answered in the pause that follows the one that was one too many.

    ``after`` leaves out so many of its first seconds.
    """
    found = [one for one in map(_LINE.match, log.read_text().splitlines()) if one]
    moments = [(datetime.strptime(one[1], "%Y-%m-%d %H:%M:%S,%f"), one[2]) for one in found]
    (refused,) = [moment for moment, status in moments if status == "429"]
    return sum(after < (moment - refused).total_seconds() < SECONDS for moment, _ in moments)


def test_after_a_429_all_workers_wait_for_as_long_as_it_says(tmp_path: Path) -> None:
    rule = {"kind": "createDatapoint", "nth": 40, **SLOW_DOWN}
    points = "".join(
        f"  - {{name: {n}.png, items: [https://example.org/{n}.png], storage: public}}\n"
        for n in range(200)
    )
    with served(tmp_path / "service", faults=[rule]) as service:
        project = RemoteProject(tmp_path / "work", service.url)
        project.manifest(f"datapoints:\n{points}")
        ran = project.apply()
        assert ran.last_line == created(200), ran.err
    # Those that were on their way already cannot be held back, nor what follows an answer that was
    # read before the refusal. Without the pause there would be 160.
    assert during_the_pause(service.log) < 2 * JOBS
    assert during_the_pause(service.log, after=SECONDS / 2) == 0


def test_uploads_wait_too(tmp_path: Path) -> None:
    rule = {"kind": "itemsUploadPresign", "nth": 3, **SLOW_DOWN}
    with served(tmp_path / "service", faults=[rule]) as service:
        project = RemoteProject(tmp_path / "work", service.url)
        for number in range(120):
            project.write(f"images/{number}.png", png(number))
        project.manifest("datapoints:\n  - glob: images/*.png\n")
        assert project.apply().last_line == created(120)
    assert during_the_pause(service.log) < 2 * JOBS


def created(number: int) -> str:
    return f"Apply complete: {number} created, 0 updated, 0 deleted, 0 failed."


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_service_that_stumbles_is_asked_again(tmp_path: Path, status: int) -> None:
    rules = [
        {"kind": kind, "do": "status", "status": status, "times": 1}
        for kind in ("itemsUploadPresign", "PUT")
    ]
    with served(tmp_path / "service", faults=rules) as service:
        project = RemoteProject(tmp_path / "work", service.url)
        project.write("images/a.png", png(1))
        project.manifest("datapoints:\n  - glob: images/*.png\n")
        ran = project.apply()
    assert (ran.code, ran.last_line) == (0, created(1)), ran.err


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_that_is_ill_is_not_told_as_a_wrong_key(tmp_path: Path, status: int) -> None:
    rule = {"kind": "POST", "do": "status", "status": status}
    with served(tmp_path / "service", faults=[rule]) as service:
        project = RemoteProject(tmp_path / "work", service.url)
        project.manifest("datapoints: []\n")
        ran = project.run("plan", "--give-up-after", "0")
    assert ran.code == ExitCode.INCOMPLETE
    told, _, _ = ran.err.partition("hint:")
    assert f"HTTP {status}" in told
    assert "key" not in told

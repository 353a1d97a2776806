"""A watch through a service that is away, that throttles, and that does not take the key.

At the size of real life: ``RBSYNC_WATCH=full pytest -n0 -s tests/scenarios/test_watch_outages.py``.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.scenarios.offline_service import RemoteProject, served
from tests.scenarios.pictures import png
from tests.scenarios.test_outages import free_port
from tests.scenarios.watching import FULL, Running, watching
from tests.service.serving import KEY

COUNT = 500 if FULL else 12
THROTTLED = COUNT if FULL else 4
"""Files that are sent while every third request is refused, after each of which is a pause."""
AWAY = 60.0 if FULL else 0.5
SETTLED = ("--settle", "0.1")
IMAGES = 'datapoints:\n  - {glob: "images/**/*.png", allow_empty: true}\n'
pytestmark = pytest.mark.timeout(0 if FULL else 120)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data/images").mkdir(parents=True)
    return tmp_path / "data"


def drop(project: RemoteProject, numbers: range) -> None:
    for number in numbers:
        project.write(f"images/{number}.png", png(number))


def all_came_once(running: Running, count: int = COUNT) -> bool:
    counted = running.counted()
    return len(counted) == count and set(counted.values()) == {1}


def test_a_watch_waits_for_a_service_that_is_away_also_from_the_start(
    tmp_path: Path, data: Path
) -> None:
    port = free_port()
    project = RemoteProject(data, f"http://127.0.0.1:{port}")
    project.manifest(IMAGES)
    drop(project, range(COUNT // 3))
    begun = time.monotonic()
    with watching(project, *SETTLED, RBSYNC_API_KEY=KEY) as running:
        # Away during the first look.
        time.sleep(AWAY)
        with served(tmp_path / "service", "--port", port) as service:
            drop(project, range(COUNT // 3, 2 * COUNT // 3))
            running.until(lambda: len(running.counted()) > COUNT // 3)
            service.stop()
        drop(project, range(2 * COUNT // 3, COUNT))
        time.sleep(AWAY)
        looks = len(running.events("look"))
        seconds = time.monotonic() - begun
        with served(tmp_path / "service", "--port", port) as service:
            running.until(lambda: all_came_once(running))
            assert sorted(project.names()) == sorted(f"images/{n}.png" for n in range(COUNT))
    # A hot loop would look without a pause.
    assert looks <= 10 + 2 * seconds
    said = running.messages()
    # Each outage is told once, and its end; an outage amid a run has an event of its own.
    assert len(said) <= 4
    assert said[::2] == ["error"] * len(said[::2])
    assert said[1::2] == ["resumed"] * len(said[1::2])
    print(f"away twice for {AWAY:g} s: {COUNT} files, {looks} looks in {seconds:.0f} s; {said}")


def test_a_watch_goes_on_when_a_service_throttles_and_when_its_key_is_mended(
    tmp_path: Path, data: Path
) -> None:
    busy = {"kind": "*", "do": "status", "status": 429, "every": 3}
    key = tmp_path / "key"
    key.write_text("wrong")
    with served(tmp_path / "service", faults=[busy]) as service:
        project = RemoteProject(data, service.url)
        project.manifest(IMAGES)
        drop(project, range(THROTTLED))
        with watching(project, *SETTLED, RBSYNC_API_KEY_COMMAND=f"cat {key}") as running:
            running.until(lambda: "auth" in running.messages())
            time.sleep(AWAY)
            looks = len(running.events("look"))
            key.write_text(KEY)
            running.until(lambda: all_came_once(running, THROTTLED))
        requests = service.count("POST") + service.count("PUT")
    assert running.messages() == ["auth", "resumed"]
    print(f"wrong key for {AWAY:g} s: {looks} looks; {THROTTLED} files by {requests} requests")
    assert looks <= 5 + AWAY
    assert requests <= 12 * THROTTLED + 40

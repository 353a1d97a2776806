"""An update that was cut off between two of its requests is no conflict, whatever comes next.

``RBSYNC_CUT_OFF=all`` has a command die at each of its steps, without it at some of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.errors import ExitCode
from rbsync.model.datapoint import OWN_METADATA
from tests.applier.mortal import CrashError
from tests.properties.one_life import OneLife
from tests.properties.team_at_work import Clone, Declared, Place, drawing_of
from tests.scenarios.offline_service import RemoteProject
from tests.service.serving import serving

ALL_OF_IT = 40
"""More steps than an update of one datapoint has."""

EVERY = os.environ.get("RBSYNC_CUT_OFF") == "all"


class Desk:
    """One clone at a service, whose commands may die."""

    def __init__(self, place: Place, clone: Clone) -> None:
        self.place = place
        self.clone = clone

    def declare(self, name: str, **changes: int) -> None:
        self.clone.files = {name: Declared(name, **changes)}
        self.clone.write()

    def apply(self, step: int = 0, *, after: bool = False) -> int | None:
        """Applies; returns None when that died at a step."""
        life = OneLife(step, after=after, meanwhile=lambda: None)
        try:
            with life.lived(embedded=False):
                return self.clone.project.apply("--jobs", "1").code
        except CrashError:
            return None

    def content(self, name: str) -> tuple[object, ...]:
        """What the project has of it, but for ids, times and stamps."""
        found = self.place.tasks()[name]
        told = {
            key: one for key, one in found.task.metadata.items() if not key.startswith(OWN_METADATA)
        }
        return found.refs, drawing_of(found.labels), found.task.priority, told


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    defaults: Any = RedbrickBackend.__init__.__kwdefaults__
    # What a dead command has sent is answered by the time it is dead.
    monkeypatch.setitem(defaults, "quarantine", 0.001)
    with serving(tmp_path / "service", type="IMAGE_BBOX") as client:
        project = RemoteProject(tmp_path / "work", client.url)
        own = project.folder / ".rbsync"
        yield Desk(Place(tmp_path / "service", client), Clone(project, "", own / "state.db", own))


@pytest.mark.parametrize("name", ["a", "file"])
@pytest.mark.parametrize("after", [False, True])
def test_a_run_that_died_anywhere_is_gone_on_with(desk: Desk, name: str, after: bool) -> None:
    for step in range(1, ALL_OF_IT, 1 if EVERY else 3):
        desk.declare(name, drawing=2 * step, item=2 * step, settings=step % 2)
        assert desk.apply() == ExitCode.DONE
        desk.declare(name, drawing=2 * step + 1, item=2 * step + 1, settings=2 + step % 2)
        died = desk.apply(step, after=after) is None
        assert desk.apply() == ExitCode.DONE
        assert drawing_of(desk.place.tasks()[name].labels) == 2 * step + 1
        if not died:
            return
    pytest.fail("an update has more steps than are tried")


@pytest.mark.parametrize("name", ["a", "file"])
def test_two_that_died_with_other_contents_are_gone_on_with(desk: Desk, name: str) -> None:
    """What the first one left is still there when the second one dies before its request."""
    for step in range(1, ALL_OF_IT, 1 if EVERY else 3):
        desk.declare(name, drawing=3 * step, item=3 * step)
        assert desk.apply() == ExitCode.DONE
        desk.declare(name, drawing=3 * step + 1, item=3 * step + 1)
        died = desk.apply(step, after=True) is None
        for again in (1, 3, 5, 7):
            desk.declare(name, drawing=3 * step + 2, item=10_000 * again + step)
            desk.apply(again)
        desk.declare(name, drawing=20_000 + step, item=30_000 + step)
        assert desk.apply() == ExitCode.DONE
        assert drawing_of(desk.place.tasks()[name].labels) == 20_000 + step
        if not died:
            return
    pytest.fail("an update has more steps than are tried")


FIRST = {"drawing": 1, "item": 1, "settings": 1}


def put_back_by_hand(desk: Desk, name: str) -> int | None:
    """Somebody takes their change out of the files again."""
    desk.declare(name, **FIRST)
    return desk.apply()


def put_back_by_undo(desk: Desk, name: str) -> int | None:
    """Somebody takes back the run, once it has begun; only then is there anything of it."""
    (last,) = desk.clone.project.run("log", "--json", "-n", "1").json["runs"]
    if last["exit_code"] == ExitCode.DONE:
        return put_back_by_hand(desk, name)
    return desk.clone.project.run("undo", "--yes").code


@pytest.mark.parametrize("put_back", [put_back_by_hand, put_back_by_undo])
@pytest.mark.parametrize("name", ["a", "file"])
def test_a_change_that_died_anywhere_is_put_back(
    desk: Desk, name: str, put_back: Callable[[Desk, str], int | None]
) -> None:
    desk.declare(name, **FIRST)
    assert desk.apply() == ExitCode.DONE
    before = desk.content(name)
    for step in range(1, ALL_OF_IT) if EVERY else (8, 14, 19, ALL_OF_IT - 1):
        # Another content each time: what was taken back is held.
        desk.declare(name, drawing=1 + step, item=1 + step, settings=2 + step % 8)
        died = desk.apply(step, after=True) is None
        assert put_back(desk, name) in (ExitCode.DONE, ExitCode.ERROR)
        assert desk.content(name) == before
        desk.declare(name, **FIRST)
        assert desk.apply() == ExitCode.DONE
        assert desk.content(name) == before
        assert desk.clone.project.plan()["actions"] == []
        if not died:
            return
    pytest.fail("an update has more steps than are tried")

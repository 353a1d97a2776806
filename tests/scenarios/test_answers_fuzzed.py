"""Every answer of the service with one place of it changed: told or survived, never a traceback.

By hand, at many places: ``RBSYNC_FUZZ=2000 pytest -n0 tests/scenarios/test_answers_fuzzed.py``.
"""

from __future__ import annotations

import json
import os
import random
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from rbsync.applier import pipeline, retrying
from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.service.faults.player import Player
from rbsync.service.faults.script import known_kinds, parse_faults
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX
from tests.service.serving import serving

SOURCE = """\
datapoints:
  - {name: a, storage: public, items: [http://example.org/a.png], labels: a.json, priority: 0.5}
  - {name: b, items: [b.png], metadata: {k: v}}
"""
COMMANDS = ("apply --yes", "plan --refresh", "ls", "drift", "status", "refresh", "apply --yes")
pytestmark = pytest.mark.timeout(7200)
SEVERAL = int(os.environ.get("RBSYNC_FUZZ", "3"))
LARGE = 1 << 20
Place = tuple[str, str]


class Recording(Player):
    """Notes every place of every answer, by the kind of its request; alters one when it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[Place, None] = {}

    async def play(self, request: Request, kinds: Any, run: Any) -> Any:
        answer = await super().play(request, kinds, run)
        body = bytes(getattr(answer, "body", b""))
        if body.startswith(b"{"):
            for kind in sorted(kinds & known_kinds() - {"POST", "*"}):
                for at in _paths(json.loads(body)):
                    self.places.setdefault((kind, at))
        return answer


def _paths(value: Any, path: str = "") -> Iterator[str]:
    for key, member in value.items() if isinstance(value, dict) else ():
        here = f"{path}{key}"
        yield here
        if isinstance(member, list) and member:
            yield f"{here}.0"
            yield from _paths(member[0], f"{here}.0.")
        yield from _paths(member, f"{here}.")


CHANGES: list[dict[str, Any]] = [
    {"remove": True},
    *({"to": one} for one in (None, 7, -1.5, True, "odd", "", [], {"odd": 1}, [None, None])),
    {"to": "x" * LARGE},
    {"to": 10**400},
]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has nobody wait for a service that is odd and not ill."""
    monkeypatch.setenv("RBSYNC_GIVE_UP_AFTER", "0")
    monkeypatch.setattr(retrying, "BASE_SECONDS", 0.0)
    monkeypatch.setattr(pipeline, "REFUSED_SECONDS", 0.01)
    defaults = RedbrickBackend.__init__.__kwdefaults__ or {}
    monkeypatch.setitem(defaults, "quarantine", 0.05)


def lived_through(
    folder: Path, change: dict[str, Any] | None, place: Place = ("", "")
) -> Recording:
    """Runs each command with one place of the answers altered, then heals the service."""
    player = Recording()
    if change is not None:
        kind, at = place
        player._turns = Player(
            parse_faults([{"kind": kind, "do": "alter", "at": at, **change}])
        )._turns
    with serving(folder / "cars", player=player) as service:
        project = RemoteProject(folder / "here", service.url)
        project.write("a.json", [BOX])
        project.write("b.png", png(1))
        project.manifest(SOURCE)
        told = f"{place}: {str(change)[:80]}"
        for command in COMMANDS:
            ran = project.run(*command.split())
            assert "Traceback" not in ran.err, (told, command, ran.err)
            assert "Traceback" not in ran.out, (told, command, ran.out)
            turns, player._turns = player._turns, []
            made = service.names()
            player._turns = turns
            assert len(made) == len(set(made)), (told, command, made)
            if " 2 created" in ran.out:
                assert sorted(made) == ["a", "b"], (told, command)
        player._turns = []
        ran = project.run("apply", "--yes")
        assert "Traceback" not in ran.err, (told, ran.err)
        assert sorted(service.names()) == ["a", "b"], (told, ran)
    return player


def test_no_change_of_an_answer_is_a_mistake_in_the_program(tmp_path: Path) -> None:
    places = list(lived_through(tmp_path / "first", None).places)
    assert len(places) > 80
    draw = random.Random(11)
    cases = [(place, change) for place in places for change in CHANGES]
    wrong = []
    for number, (place, change) in enumerate(draw.sample(cases, min(SEVERAL, len(cases)))):
        try:
            lived_through(tmp_path / str(number), change, place)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            wrong.append(f"{place} {str(change)[:60]}: {error!r} at {where}"[:2000])
            print(wrong[-1], flush=True)
    assert not wrong, "\n\n".join(wrong)

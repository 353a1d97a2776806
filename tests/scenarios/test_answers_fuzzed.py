"""Every answer of the service with one place of it changed: told or survived, never a traceback.

By hand, at many places: ``RBSYNC_FUZZ=2000 pytest -n0 -s tests/scenarios/test_answers_fuzzed.py``;
``RBSYNC_FUZZ=2000:2500`` goes on where that ended, and ``RBSYNC_FUZZ=all`` leaves out none.
"""

from __future__ import annotations

import copy
import json
import os
import random
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse

from rbsync.applier import pipeline, retrying
from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.service.app import make_app
from rbsync.service.configuration import LOOPBACK, ServiceSettings
from rbsync.service.faults.player import Player
from rbsync.service.faults.script import known_kinds
from rbsync.service.server import listen, make_server
from rbsync.service.service import open_service
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX
from tests.service.serving import KEY, ORG, PROJECT, NearClient

SOURCE = """\
datapoints:
  - {name: a, storage: public, items: [http://example.org/a.png], labels: a.json, priority: 0.5}
  - {name: b, items: [b.png], metadata: {k: v}}
"""
COMMANDS = ("apply --yes", "plan --refresh", "ls", "drift", "status", "refresh", "apply --yes")
READERS = ("explain a", "pull", "export labels l.json", "doctor")
"""What reads the service too; only where many places are tried."""
pytestmark = pytest.mark.timeout(7200)
SEVERAL = os.environ.get("RBSYNC_FUZZ", "3")
LARGE = 1 << 20
Place = tuple[str, str]
REMOVED, DOUBLED = object(), object()


class Altering(Player):
    """Notes every place of every answer, by the kind of its request, and changes one of them."""

    def __init__(self, place: Place | None, change: object) -> None:
        super().__init__()
        self.places: dict[Place, None] = {}
        self._place, self._change = place, change

    def heal(self) -> None:
        self._place = None

    async def play(self, request: Request, kinds: Any, run: Any) -> Any:
        answer = await super().play(request, kinds, run)
        body = bytes(getattr(answer, "body", b""))
        if not body.startswith(b"{"):
            return answer
        for kind in sorted(kinds & known_kinds() - {"POST", "*"}):
            for at in _paths(json.loads(body)):
                self.places.setdefault((kind, at))
        if self._place is None or self._place[0] not in kinds:
            return answer
        value = json.loads(body)
        _alter(value, self._place[1].split("."), self._change)
        return JSONResponse(value, answer.status_code)


def _paths(value: Any, path: str = "") -> Iterator[str]:
    for key, member in value.items() if isinstance(value, dict) else ():
        here = f"{path}{key}"
        yield here
        if isinstance(member, list) and member:
            yield f"{here}.0"
            yield from _paths(member[0], f"{here}.0.")
        yield from _paths(member, f"{here}.")


def _alter(value: Any, path: list[str], change: object) -> None:
    """Changes the place in an answer, where this one has it."""
    key: Any = int(path[0]) if isinstance(value, list) else path[0]
    if not (0 <= key < len(value) if isinstance(value, list) else key in value):
        return
    if len(path) > 1:
        if isinstance(value[key], dict | list):
            _alter(value[key], path[1:], change)
    elif change is REMOVED:
        del value[key]
    elif change is DOUBLED:
        found = value[key]
        value[key] = found * 2 if isinstance(found, str | list) else [found, found]
    else:
        value[key] = copy.deepcopy(change)


CHANGES: dict[str, object] = {
    "removed": REMOVED,
    "doubled": DOUBLED,
    "large text": "x" * LARGE,
    "large number": 10**400,
    **{
        json.dumps(one): one
        for one in (None, 7, -1.5, True, "odd", "", [], {"odd": 1}, [None, None])
    },
}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has nobody wait for a service that is odd and not ill."""
    monkeypatch.setenv("RBSYNC_GIVE_UP_AFTER", "0")
    monkeypatch.setattr(retrying, "BASE_SECONDS", 0.0)
    monkeypatch.setattr(pipeline, "REFUSED_SECONDS", 0.01)
    defaults = RedbrickBackend.__init__.__kwdefaults__ or {}
    monkeypatch.setitem(defaults, "quarantine", 0.05)


class Switch:
    """A server that runs on while the service behind it is another one each time."""

    def __init__(self) -> None:
        self._app: Any = None
        sockets = listen(LOOPBACK, 0)
        self.server = make_server(self)
        self.url = f"http://localhost:{sockets[0].getsockname()[1]}"
        self.thread = threading.Thread(target=self.server.run, args=(sockets,), daemon=True)
        self.thread.start()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    @contextmanager
    def serving(self, folder: Path, player: Player) -> Iterator[NearClient]:
        service = open_service(
            ServiceSettings(path=str(folder), api_key=KEY, org_id=ORG, project_id=PROJECT)
        )
        self._app = make_app(service, player)
        client = NearClient(service, self.url, player)
        try:
            yield client
        finally:
            client.session.close()
            service.close()


@pytest.fixture
def switch() -> Iterator[Switch]:
    made = Switch()
    yield made
    made.server.should_exit = True
    made.thread.join(20)


def lived_through(
    switch: Switch, folder: Path, place: Place | None, change: str, commands: tuple[str, ...]
) -> dict[Place, None]:
    """Runs each command with one place of the answers altered, then heals the service."""
    player = Altering(place, CHANGES.get(change))
    with switch.serving(folder / "cars", player) as service:
        held = service.service.project
        project = RemoteProject(folder / "here", service.url)
        project.write("a.json", [BOX])
        project.write("b.png", png(1))
        project.manifest(SOURCE)
        told = f"{place}: {change}"
        for command in commands:
            ran = project.run(*command.split())
            assert "Traceback" not in ran.err, (told, command, ran.err)
            assert "Traceback" not in ran.out, (told, command, ran.out)
            made = [one.task.name for one in held.tasks()]
            assert len(made) == len(set(made)), (told, command, made)
            if " 2 created" in ran.out:
                assert sorted(made) == ["a", "b"], (told, command)
        player.heal()
        ran = project.run("apply", "--yes")
        assert "Traceback" not in ran.err, (told, ran.err)
        if "waits until its content changes" in ran.out + ran.err:
            # It was refused for what the odd answer had said, and is told so with the way out.
            ran = project.run("retry", "--yes")
        assert sorted(one.task.name for one in held.tasks()) == ["a", "b"], (told, ran)
    return player.places


def wanted(cases: list[Any]) -> list[Any]:
    """Those of the cases, in an order that is the same each time, that are to be tried."""
    every = random.Random(11).sample(cases, len(cases))
    if SEVERAL == "all":
        return every
    start, _, end = SEVERAL.rpartition(":")
    return every[int(start or 0) : int(end)]


def test_no_change_of_an_answer_is_a_mistake_in_the_program(switch: Switch, tmp_path: Path) -> None:
    first = lived_through(switch, tmp_path / "first", None, "", (*COMMANDS, *READERS))
    assert len(first) > 80
    some = wanted([(place, change) for place in first for change in CHANGES])
    commands = COMMANDS if len(some) < 10 else (*COMMANDS, *READERS)
    wrong = []
    for number, (place, change) in enumerate(some):
        try:
            lived_through(switch, tmp_path / str(number), place, change, commands)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            wrong.append(f"{place} {change}: {error!r} at {where}"[:2000])
            print(wrong[-1], flush=True)
        if number % 100 == 99:
            print(f"{number + 1} of {len(some)}, {len(wrong)} wrong", flush=True)
    assert not wrong, "\n\n".join(wrong)

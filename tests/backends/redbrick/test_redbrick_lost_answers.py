"""Creates whose answers are lost or odd are neither doubled nor reported as failed."""

from __future__ import annotations

import random
import socket
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from rbsync.applier.content import LocalContent
from rbsync.applier.run import Options, apply
from rbsync.applier.stop import Stop
from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.errors import Location
from rbsync.files.roots import Roots
from rbsync.model.datapoint import Datapoint, Item, Settings
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.plan import Basis, Create, Plan
from rbsync.stores.sqlite import SqliteStore
from tests.backends.redbrick.wire import KEY, ORG, PROJECT, Request, Wire, data, reply, task
from tests.builders import OWNER

COUNT = 200
LOST = [
    None,
    reply("<html>", "502 Bad Gateway"),
    reply("<html>Sign in"),
    reply('{"errors": [{"message": "Internal error"}], "data": null}'),
    reply('{"data": {"createDatapoint": null}}'),
    reply("", "504 Timeout"),
    reply('{"data": {"creat')[:-8],  # and then nothing, on an open connection
]


class Project:
    """A project behind a service that loses every other answer, before or after its effect."""

    def __init__(self, wire: Wire) -> None:
        self.tasks: dict[str, dict[str, Any]] = {}
        self.made: Counter[str] = Counter()
        self._draw = random.Random(7)
        self._lock = threading.Lock()
        wire.answers |= {
            "createDatapointSDK": self._create,
            "tasksListSDK": self._search,
            "tasksPagedSDK": self._list,
            "taskSDK": lambda request, _: data(task=self._by_id(request.variables["taskId"])),
        }

    def _create(self, request: Request, _: socket.socket) -> bytes | None:
        with self._lock:
            fault = self._draw.random()
            lost = self._draw.choice(LOST)
            if fault < 0.15:
                return lost
            name = request.variables["name"]
            if name in self.tasks:
                return data(createDatapoint=None)
            self.made[name] += 1
            metadata = request.variables["metaData"]
            self.tasks[name] = task(f"id of {name}", name, metaData=metadata)
            if fault < 0.5:
                return lost
            return data(createDatapoint={"dpId": "d", "taskId": f"id of {name}"})

    def _by_id(self, task_id: str) -> dict[str, Any] | None:
        return self.tasks.get(task_id.removeprefix("id of "))

    def _search(self, request: Request, _: socket.socket) -> bytes:
        found = self.tasks.get(request.variables["taskSearch"].strip('"'))
        return data(genericTasks={"entries": [found] if found else [], "cursor": None})

    def _list(self, request: Request, _: socket.socket) -> bytes:
        with self._lock:
            every = list(self.tasks.values())
        return data(tasksPaged={"entries": every, "cursor": None, "count": len(every)})


def plan() -> Plan:
    item = Item.remote("https://example.org/a.png")
    settings = Settings("public")
    changes = []
    for at in range(COUNT):
        fingerprint = Fingerprint(f"xxh3:{at:032x}", "", "xxh3:" + "0" * 32)
        one = Datapoint(f"{at:03}", (item,), None, settings, fingerprint, Location("m"))
        changes.append(Create(one, "new", ""))
    return Plan(tuple(changes), 0, "", COUNT, Basis("", 0, ""))


def test_200_creates_with_answers_lost_at_random(wire: Wire, tmp_path: Path) -> None:
    project = Project(wire)
    backend = RedbrickBackend(wire.url, ORG, PROJECT, KEY, quarantine=0.2, seconds=0.5)
    store = SqliteStore(str(tmp_path / "state.db"))
    with store.writer(OWNER, timeout=5) as writer:
        outcomes = list(
            apply(
                plan(),
                backend=backend,
                writer=writer,
                records={},
                content=LocalContent(Roots(str(tmp_path), ()), "xxh3"),
                stop=Stop(),
                options=Options(jobs=4),
                rescue=lambda records, removed: None,
            )
        )
        records = writer.records()
    backend.close()
    assert Counter(project.made.values()) == {1: COUNT}
    assert {one.result for one in outcomes} == {"applied"}, [
        one.failure for one in outcomes if one.failure
    ]
    assert {name: one.task_id for name, one in records.items()} == {
        name: f"id of {name}" for name in project.tasks
    }

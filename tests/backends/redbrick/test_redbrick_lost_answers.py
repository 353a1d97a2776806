"""Creates whose answers are lost or odd are neither doubled nor reported as failed."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rbsync.applier.cancellation import Cancellation
from rbsync.applier.content import LocalContent
from rbsync.applier.recovery import settle_all
from rbsync.applier.run import Options, apply
from rbsync.applier.run_report import conclude
from rbsync.backends.base import Capabilities, Task
from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.errors import ExitCode, Location
from rbsync.files.roots import Roots
from rbsync.model.datapoint import Datapoint, Item, Settings
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Failure, Outcome
from rbsync.model.plan import Basis, Create, Plan
from rbsync.model.record import Intent, Record
from rbsync.stores.sqlite import SqliteStore
from tests.backends.redbrick.wire import KEY, ORG, PROJECT, Request, Wire, data, reply, task
from tests.builders import OWNER, PRINT

Records = dict[str, Record]
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


def run(wire: Wire, made: Plan, folder: Path, **options: Any) -> tuple[list[Outcome], Records]:
    """Settles what is open, and applies the plan unless that has made it so."""
    backend = RedbrickBackend(wire.url, ORG, PROJECT, KEY, seconds=0.5, **options)
    store = SqliteStore(str(folder / "state.db"))
    with store.writer(OWNER, timeout=5) as writer:
        settled = settle_all(backend, writer.records(), clock=time.time, pause=lambda _: True)
        writer.commit([one for one in settled.values() if one])
        left = [one for one in made.actions if not settled and one.name not in writer.records()]
        outcomes = list(
            apply(
                replace(made, actions=tuple(left)),
                backend=backend,
                writer=writer,
                content=LocalContent(Roots(str(folder), ()), "xxh3"),
                stop=Cancellation(),
                options=Options(jobs=4),
                set_aside=lambda records, removed: None,
            )
        )
        records = writer.records()
    backend.close()
    return outcomes, records


def test_200_creates_with_answers_lost_at_random(wire: Wire, tmp_path: Path) -> None:
    project = Project(wire)
    outcomes, records = run(wire, plan(), tmp_path, quarantine=0.2)
    assert Counter(project.made.values()) == {1: COUNT}
    assert {one.result for one in outcomes} == {"applied"}, [
        one.failure for one in outcomes if one.failure
    ]
    assert {name: one.task_id for name, one in records.items()} == {
        name: f"id of {name}" for name in project.tasks
    }


def video() -> Plan:
    settings = Settings("redbrick")
    item = Item.remote(f"{ORG}/images/1/clip.mp4")
    one = Datapoint("vid", (item,), None, settings, PRINT, Location("m"))
    return Plan((Create(one, "new", ""),), 0, "", 1, Basis("", 0, ""))


def test_a_video_that_is_taken_in_slowly_is_announced_once_and_settled_by_a_later_run(
    wire: Wire, tmp_path: Path
) -> None:
    project = Project(wire)
    outcomes, records = run(wire, video(), tmp_path, quarantine=0.1)
    said = "the service agreed to take in the video, and does not show it yet"
    assert [(one.result, one.failure, one.note) for one in outcomes] == [("accepted", None, said)]
    assert conclude(video(), outcomes, Cancellation()).exit_code == ExitCode.DONE
    assert records["vid"].is_accepted
    outcomes, again = run(wire, video(), tmp_path, quarantine=0.1)
    assert (outcomes, again) == ([], records)
    metadata = {"rbsync_fingerprint": ";".join(PRINT)}
    project.tasks["vid"] = task("id of vid", "vid", metaData=json.dumps(metadata))
    outcomes, again = run(wire, video(), tmp_path, quarantine=0.1)
    assert (outcomes, again) == ([], {"vid": Record("vid", PRINT, "id of vid")})
    assert len(wire.of("itemListUploadSuccessSDK")) == 1


def test_a_video_that_never_came_is_planned_again_after_a_day() -> None:
    intent = Intent("vid", "create", PRINT, sent_at=1000.0)
    failure = Failure("ambiguous", "take in", "")
    record = Record("vid", failure=failure, attempted=PRINT, pending=intent)

    class Empty:
        capabilities = Capabilities()

        def find(self, names: Sequence[str], **_: object) -> dict[str, Task]:
            return {}

    for seconds, settled in ((86_000, {}), (87_000, {"vid": record._replace(pending=None)})):
        found = settle_all(
            Empty(),  # type: ignore[arg-type]  # only what is asked for
            {"vid": record},
            clock=lambda: 1000.0 + seconds,  # noqa: B023
            pause=lambda _: True,
        )
        assert found == settled

"""The group commit: one after the other, one commit for those who wait, and each his own answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from rbsync.backends.base import Created, LabelText
from rbsync.backends.local import LocalBackend
from rbsync.errors import BackendError
from rbsync.service.configuration import ServiceSettings
from rbsync.service.service import Service, open_service
from tests.conformance.backends import draft
from tests.service.serving import KEY

HUGE = LabelText(
    '[{"category": [["object", "car"]], "taskclassify": true, "ocrvalue": "%s"}]' % ("x" * 2**21), 1
)


@pytest.fixture
def service(folder: Path) -> Iterator[Service]:
    made = open_service(ServiceSettings(path=str(folder), api_key=KEY))
    yield made
    made.close()


def together(service: Service, works: Sequence[Callable[[], Any]]) -> list[Any]:
    """The answers or errors of what waits at the same moment."""

    async def ask() -> list[Any]:
        asked = [service.group_commit.do(work) for work in works]
        return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(ask())


def create(service: Service, name: str, labels: LabelText | None = None) -> Callable[[], Any]:
    return lambda: service.project.create([draft(name, labels=labels)])[0]


def test_those_who_wait_share_a_commit(service: Service, folder: Path) -> None:
    """What the first of them did, others see only when the last one has done his."""
    seen: list[int] = []

    def look() -> None:
        other = LocalBackend(folder)
        seen.append(len(list(other.list())))
        other.close()

    together(service, [create(service, "a"), look, create(service, "b"), look])
    look()
    assert seen == [0, 0, 2]


def test_an_error_is_for_the_one_who_made_it(service: Service, folder: Path) -> None:
    def fail() -> None:
        raise ValueError("mine")

    first, second, third = together(service, [create(service, "a"), fail, create(service, "b")])
    assert isinstance(first, Created)
    assert isinstance(second, ValueError)
    assert isinstance(third, Created)
    assert sorted(one.task.name for one in service.project.tasks()) == ["a", "b"]


def test_what_has_no_room_keeps_no_others_out(small_disk: Path) -> None:
    service = open_service(ServiceSettings(path=str(small_disk / "project"), api_key=KEY))
    works = [create(service, "a"), create(service, "b", HUGE), create(service, "c")]
    first, second, third = together(service, works)
    assert isinstance(second, BackendError)
    assert second.kind == "quota"
    names = {one.task.name: one.task.task_id for one in service.project.tasks()}
    assert names == {"a": first.task_id, "c": third.task_id}
    service.close()


class SlowDisk:
    """Commits of a service's database that wait until they may go on, and how many there were."""

    def __init__(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commits = 0
        self.goes_on = threading.Event()
        commit = service.group_commit._database.commit

        def slowly() -> None:
            self.commits += 1
            self.goes_on.wait()
            commit()

        monkeypatch.setattr(service.group_commit._database, "commit", slowly)

    async def is_waited_for(self) -> None:
        """Returns when a commit has begun."""
        while not self.commits:
            await asyncio.sleep(0.001)


def test_the_loop_goes_on_while_the_disk_is_waited_for(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes meanwhile waits together for the next commit."""
    disk = SlowDisk(service, monkeypatch)

    async def ask() -> None:
        first = asyncio.ensure_future(service.group_commit.do(create(service, "first")))
        await disk.is_waited_for()
        others = [
            asyncio.ensure_future(service.group_commit.do(create(service, f"{n}")))
            for n in range(9)
        ]
        for _ in range(10):
            await asyncio.sleep(0.005)
        assert not any(one.done() for one in (first, *others))
        disk.goes_on.set()
        await asyncio.gather(first, *others)

    asyncio.run(ask())
    # A group commits once more when it ends, which finds nothing left to do.
    assert disk.commits == 2 * 2
    assert service.project.counts().tasks == 10


def test_one_who_gives_up_while_the_disk_is_waited_for_breaks_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    disk = SlowDisk(service, monkeypatch)

    async def give_up() -> None:
        asked = asyncio.ensure_future(service.group_commit.do(create(service, "a")))
        await disk.is_waited_for()
        asked.cancel()
        await asyncio.sleep(0)
        disk.goes_on.set()

    asyncio.run(give_up())
    assert isinstance(together(service, [create(service, "b")])[0], Created)
    other = LocalBackend(folder)
    assert "b" in [one.name for one in other.list()]
    other.close()

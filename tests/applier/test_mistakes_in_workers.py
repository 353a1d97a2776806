"""A mistake in the program, in a worker: shown as it is, and nothing that was done is lost."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from rbsync.applier.workers import Workers
from rbsync.backends.base import Created, Draft, Rejected
from rbsync.errors import ExitCode, StoreError
from rbsync.stores.base import Writer
from tests.applier.failing_store import FailingWriter
from tests.applier.faulty import Fault, Faulty
from tests.applier.site import Site, by_url, pruning, stamps

MANY = [by_url(f"{number:03}") for number in range(200)]


def broken(site: Site, method: str, nth: int, **more: object) -> Faulty:
    """A backend with a mistake that shows in the n-th call of a method."""
    counted = iter(range(1, 10_000))

    def choose(called: str, _: Sequence[str]) -> Fault | None:
        if called != method:
            return Fault(seconds=0.01)
        return Fault(ZeroDivisionError("of the test")) if next(counted) == nth else None

    return Faulty(site.project, choose, batch=10)


@pytest.mark.parametrize("method", ["create", "upload", "delete", "update"])
def test_it_is_raised_after_all_that_was_running_is_recorded(site: Site, method: str) -> None:
    site.run([by_url("old-a"), by_url("old-b")])
    desired = [by_url("old-a", 2), *MANY, *(site.file(f"file-{number}") for number in range(20))]
    backend = broken(site, method, 2 if method in ("create", "upload") else 1)
    run = site.run(desired, backend, rules=pruning(), error=ZeroDivisionError)
    assert isinstance(run.error, ZeroDivisionError)
    assert "faulty.py" in "".join(traceback.format_exception(run.error))
    records = site.store.records()
    unknown = {name for name, one in records.items() if one.pending}
    assert {name for name, one in records.items() if one.applied} | unknown >= set(site.tasks())
    assert {one.name for one in run.outcomes if one.result == "applied"} <= set(site.tasks())
    assert len(unknown) <= 10
    if method != "delete":
        assert backend.called("delete") == []
    assert site.run(desired, rules=pruning()).exit_code == ExitCode.DONE
    assert site.stamps() == stamps(desired)


def test_it_outranks_a_state_that_cannot_be_written(site: Site) -> None:
    """The state's failure has its recovery file; the mistake would otherwise never be seen."""

    def wrap(writer: Writer) -> Writer:
        return FailingWriter(writer, "commit", 1)

    error: Any = (ZeroDivisionError, StoreError)
    run = site.run(MANY, broken(site, "create", 2), jobs=1, wrap=wrap, error=error)
    assert isinstance(run.error, ZeroDivisionError)


def test_further_ones_are_told_beside_the_first(site: Site) -> None:
    faults = Fault(ZeroDivisionError("of the test"), seconds=0.1)
    backend = Faulty(site.project, lambda *_: faults, batch=1)
    run = site.run(MANY[:4], backend, jobs=4, error=ZeroDivisionError)
    notes = getattr(run.error, "__notes__", [])
    assert len(notes) == len(backend.called("create")) - 1
    assert all("ZeroDivisionError: of the test" in one for one in notes)


def test_an_answer_of_the_wrong_length_is_such_a_mistake(site: Site) -> None:
    class Short(Faulty):
        def create(self, drafts: Sequence[Draft]) -> list[Created | Rejected]:
            return super().create(drafts)[1:]

    run = site.run(MANY[:3], Short(site.project), error=ValueError)
    assert isinstance(run.error, ValueError)
    assert site.run(MANY[:3]).exit_code == ExitCode.DONE
    assert site.stamps() == stamps(MANY[:3])


def test_one_who_stops_asking_loses_nothing(site: Site) -> None:
    """The caller's own error in the middle of the outcomes, as of a closed output."""

    def seen(_: object) -> None:
        raise BrokenPipeError

    run = site.run(MANY, seen=seen, error=BrokenPipeError)
    assert isinstance(run.error, BrokenPipeError)
    backend = Faulty(site.project)
    assert site.run(MANY, backend).exit_code == ExitCode.DONE
    assert site.stamps() == stamps(MANY)


def test_workers_begin_nothing_after_they_were_closed() -> None:
    workers = Workers(1)
    done: list[int] = []
    for number in range(3):
        workers.start(partial(int, number), done.append)
    for step in workers.finished(5):
        step()
        workers.close()
        break
    workers.start(lambda: done.append(99), lambda _: None)
    assert 99 not in done
    assert workers.unfinished == 3


def test_waiting_for_workers_ends_in_time() -> None:
    workers = Workers(2)
    assert list(workers.finished(0.01)) == []
    workers.close()

"""A state that cannot be written any more: nothing more is sent, and what is known is kept."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from rbsync.applier.recovery_file import LOOKED_UP, RecoveryFile
from rbsync.backends.base import NamedTask
from rbsync.errors import ExitCode, StoreError
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Failure
from rbsync.model.record import Intent, Record
from rbsync.stores.base import Writer
from rbsync.stores.memory import MemoryStore
from tests.applier.failing_store import FailingWriter
from tests.applier.faulty import Fault, Faulty, always
from tests.applier.site import Site, by_url, pending, pruning, sqlite_site, stamps
from tests.builders import OWNER
from tests.disks import fill

MANY = [by_url(f"{number:03}") for number in range(300)]


def take_in(site: Site) -> int:
    with site.store.writer(OWNER, timeout=0) as writer:
        return site.recovery_file.recover(writer)


@pytest.mark.parametrize("jobs", [1, 4])
@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("method", ["intend", "commit"])
def test_nothing_more_is_sent_and_no_result_is_lost(
    site: Site, method: Literal["intend", "commit"], at: int, jobs: int
) -> None:
    writers: list[FailingWriter] = []

    def wrap(writer: Writer) -> Writer:
        writers.append(FailingWriter(writer, method, at))
        return writers[0]

    backend = Faulty(site.project, always(create=Fault(seconds=0.01)), batch=10)
    run = site.run(MANY, backend, wrap=wrap, jobs=jobs, error=StoreError)
    assert "the disk is full" in str(run.error)
    assert len(site.tasks()) <= 50 * (at + 5)
    recorded = {name for name, one in site.store.records().items() if one.applied}
    assert {one.name for one in run.outcomes if one.result == "applied"} == recorded
    if os.path.exists(site.recovery_file.path):
        with pytest.raises(StoreError, match="could not write its results"):
            site.recovery_file.check()
        take_in(site)
    site.recovery_file.check()
    recorded = {name for name, one in site.store.records().items() if one.applied}
    assert recorded == set(site.tasks())
    again = Faulty(site.project)
    assert site.run(MANY, again).exit_code == ExitCode.DONE
    assert sum(len(one) for one in again.called("create")) == 300 - len(recorded)


def test_after_the_state_failed_no_create_is_begun(site: Site) -> None:
    writers: list[FailingWriter] = []
    late: list[Sequence[str]] = []

    def wrap(writer: Writer) -> Writer:
        writers.append(FailingWriter(writer, "intend", 3))
        return writers[0]

    def watch(method: str, about: Sequence[str]) -> None:
        if writers[0].failed:
            late.append(about)

    backend = Faulty(site.project, watch=watch)
    run = site.run(MANY, backend, wrap=wrap, jobs=1, error=StoreError, rules=pruning())
    assert isinstance(run.error, StoreError)
    assert len(late) <= 1
    assert backend.called("delete") == []


def test_a_state_that_recovers_in_time_has_all_that_is_known(site: Site) -> None:
    def wrap(writer: Writer) -> Writer:
        return FailingWriter(writer, "intend", 3, times=1)

    run = site.run(MANY, Faulty(site.project), wrap=wrap, error=StoreError)
    assert isinstance(run.error, StoreError)
    assert not os.path.exists(site.recovery_file.path)
    assert set(site.tasks()) == {name for name, one in site.store.records().items() if one.applied}


def test_deletes_that_could_not_be_recorded_are_taken_in(site: Site) -> None:
    site.run(MANY[:70])

    def wrap(writer: Writer) -> Writer:
        return FailingWriter(writer, "commit", 1)

    rules = pruning(max_delete=1.0)
    run = site.run([], rules=rules, wrap=wrap, error=StoreError)
    assert isinstance(run.error, StoreError)
    assert len(site.tasks()) == 20
    assert take_in(site) == 50
    assert set(site.store.records()) == set(site.tasks())


def test_one_who_was_overtaken_sends_nothing_more(site: Site) -> None:
    """Old epoch: the lock was broken open and somebody else has the state."""
    overtaken: list[int] = []
    # Both workers may see the second create, or the first of them that looks sees the third.
    once = threading.Lock()

    def watch(method: str, about: Sequence[str]) -> None:
        if len(backend.called("create")) >= 2 and once.acquire(blocking=False):
            site.store.unlock()
            with site.store.writer(OWNER, timeout=0) as other:
                overtaken.append(other.header().epoch)
                # It may have taken a while: who writes all the time is seldom met at rest.
                before.append(len(site.tasks()))

    before: list[int] = []
    backend = Faulty(site.project, watch=watch, batch=10)
    run = site.run(MANY, backend, jobs=2, error=StoreError)
    assert run.error is not None
    assert overtaken
    assert len(site.tasks()) <= before[0] + 80
    if os.path.exists(site.recovery_file.path):
        take_in(site)
    assert site.run(MANY).exit_code == ExitCode.DONE
    assert site.stamps() == stamps(MANY)


def test_a_disk_that_is_full_loses_nothing(
    small_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """State and recovery file are on it; what they cannot hold is printed."""
    site = sqlite_site(tmp_path / "roomy")
    site.store = sqlite_site(small_disk).store
    site.recovery_file = RecoveryFile(str(small_disk / "errored.jsonl"))
    filler = small_disk / "filler"

    def watch(method: str, about: Sequence[str]) -> None:
        if len(backend.called("create")) >= 2 and not filler.exists():
            fill(filler)

    backend = Faulty(site.project, watch=watch, batch=10)
    run = site.run(MANY, backend, error=StoreError)
    assert isinstance(run.error, StoreError)
    assert len(site.tasks()) < 300
    filler.unlink()
    said = capsys.readouterr().err
    lines = [line for line in said.splitlines() if line.startswith("{")]
    if lines:
        assert "Save these lines under that name" in said
        with open(site.recovery_file.path, "a") as file:
            file.writelines(line + "\n" for line in lines)
    if os.path.exists(site.recovery_file.path):
        take_in(site)
    assert set(site.tasks()) == {name for name, one in site.store.records().items() if one.applied}
    assert site.run(MANY).exit_code == ExitCode.DONE
    assert site.stamps() == stamps(MANY)


PRINT = Fingerprint("xxh3:1", "", "xxh3:2")
OTHER = Fingerprint("xxh3:3", "xxh3:4", "xxh3:2")


@pytest.mark.parametrize("is_there", [True, False])
def test_what_a_run_sent_after_it_was_taken_for_lost_is_looked_up(
    site: Site, is_there: bool
) -> None:
    """It stood still before it sent it; another one took over, looked in vain, and gave it up."""
    first = site.file("a", b"one")
    assert site.run([first]).exit_code == ExitCode.DONE
    (sent,) = site.store.records().values()
    with site.store.writer(OWNER, timeout=0) as writer:
        writer.commit(removed=["a"])
    if not is_there:
        # A later run that wanted it no more.
        site.project.delete([NamedTask("a", sent.task_id)])
    site.recovery_file.keep([sent], [])
    assert take_in(site) == 1
    changed = site.file("a", b"two")
    again = site.run([changed])
    assert (again.exit_code, [one.action for one in again.outcomes]) == (
        ExitCode.DONE,
        ["update" if is_there else "create"],
    )
    assert site.stamps() == stamps([changed])


@pytest.fixture
def recovery_file(tmp_path: Path) -> RecoveryFile:
    return RecoveryFile(str(tmp_path / "errored.jsonl"))


def recovered(recovery_file: RecoveryFile, *present: Record) -> dict[str, Record]:
    store = MemoryStore()
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit(present)
        recovery_file.recover(writer)
    assert not os.path.exists(recovery_file.path)
    return store.records()


def creating(name: str, print_: Fingerprint = PRINT) -> Record:
    return Record(name, pending=Intent(name, "create", print_, 1.0))


def test_results_come_back_as_they_were(recovery_file: RecoveryFile) -> None:
    failure = Failure("quota", "create", "full\nof ü", 2, 413, "hint")
    results = [Record("ü\n", PRINT, "t"), Record("b", None, "", failure, OTHER)]
    recovery_file.keep(results, ["gone"])
    deleting = Record("gone", PRINT, "t", pending=Intent("gone", "delete", None, 1.0))
    found = recovered(recovery_file, creating("ü\n"), creating("b", OTHER), deleting)
    assert found == {one.name: one for one in results}


def test_the_last_of_several_results_of_a_name_stands(recovery_file: RecoveryFile) -> None:
    recovery_file.keep([Record("a", OTHER, "1")], [])
    recovery_file.keep([Record("a", PRINT, "2")], [])
    assert recovered(recovery_file, creating("a")) == {"a": Record("a", PRINT, "2")}


def test_what_a_later_run_knows_better_stays(recovery_file: RecoveryFile) -> None:
    """It was settled meanwhile, and then changed: the old result would be a false claim."""
    newer = Record("a", OTHER, "t2")
    busy = creating("b", OTHER)
    recovery_file.keep(
        [Record("a", PRINT, "t1"), Record("b", PRINT, "t1"), Record("c", PRINT, "1")], []
    )
    recovery_file.keep([], ["d"])
    kept = Record("d", PRINT, "t")
    found = recovered(recovery_file, newer, busy, kept)
    # Of this one nothing is known here: the next apply looks for it.
    assert found.pop("c").pending == Intent("c", "create", PRINT, LOOKED_UP)
    assert found == {"a": newer, "b": busy, "d": kept}


def test_what_is_to_be_looked_up_is_so_after_a_second_recovery(
    recovery_file: RecoveryFile,
) -> None:
    """The first one was killed before it removed the file."""
    recovery_file.keep([Record("c", PRINT, "1")], [])
    waiting = Record("c", pending=Intent("c", "create", PRINT, LOOKED_UP))
    store = MemoryStore()
    with store.writer(OWNER, timeout=0) as writer:
        writer.intend([Intent("c", "create", PRINT, LOOKED_UP)])
        recovery_file.recover(writer)
    assert store.records() == {"c": waiting}


def test_a_failure_without_an_intent_is_taken_in(recovery_file: RecoveryFile) -> None:
    failure = Failure("changed", "upload", "it changed")
    told = [Record("a", PRINT, "t", failure, OTHER), Record("b", None, "", failure, OTHER)]
    recovery_file.keep(told, [])
    assert recovered(recovery_file, Record("a", PRINT, "t")) == {one.name: one for one in told}


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"name": "a"}', "7"])
def test_a_line_that_is_no_result_changes_nothing(recovery_file: RecoveryFile, line: str) -> None:
    recovery_file.keep([Record("a", PRINT, "t")], [])
    with open(recovery_file.path, "a") as file:
        file.write(line + "\n")
    store = MemoryStore()
    with store.writer(OWNER, timeout=0) as writer:
        writer.intend([Intent("a", "create", PRINT, 1.0)])
        with pytest.raises(StoreError, match=r"errored.jsonl:2: this line is no result"):
            recovery_file.recover(writer)
    assert pending(store.records()) == {"a"}
    assert os.path.exists(recovery_file.path)


def test_without_results_there_is_nothing_to_take_in(recovery_file: RecoveryFile) -> None:
    recovery_file.check()
    store = MemoryStore()
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("a", PRINT, "task")])
        serial = writer.header().serial
        assert recovery_file.recover(writer) == 0
        assert writer.header().serial == serial
    assert store.records() == {"a": Record("a", PRINT, "task")}


def test_where_there_is_no_place_for_a_file_results_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    RecoveryFile(str(tmp_path / "missing" / "errored.jsonl")).keep([Record("a", PRINT, "t")], ["b"])
    first, *lines = capsys.readouterr().err.splitlines()
    assert "cannot be written (No such file or directory)" in first
    assert json.loads(lines[0])["name"] == "a"
    assert json.loads(lines[1]) == {"format_version": 1, "removed": "b"}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"format_version": 2, "removed": "a"}, "format_version: Input should be 1"),
        ({"removed": 3}, "removed: Input should be a valid string"),
        ({"name": "a"}, "applied: Field required"),
        (
            {"name": "a", "applied": None, "task_id": 7, "failure": None, "attempted": None}
            | {"pending": None},
            "task_id: Input should be a valid string",
        ),
        (
            {"name": "a", "applied": ["x"], "task_id": "", "failure": None, "attempted": None}
            | {"pending": None},
            "applied.1: Field required",
        ),
        ([1], "Input should be an object"),
    ],
)
def test_a_line_of_another_shape_is_told_with_its_place(
    tmp_path: Path, line: Any, why: str
) -> None:
    file = tmp_path / "errored.jsonl"
    file.write_text(json.dumps(line) + "\n")
    with MemoryStore().writer(OWNER, timeout=5) as writer, pytest.raises(StoreError) as caught:
        RecoveryFile(str(file)).recover(writer)
    assert str(caught.value) == f"{file}:1: this line is no result: {why}"
    assert file.exists()


def test_half_a_line_is_not_left_on_a_full_disk(
    small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recovery_file = RecoveryFile(str(small_disk / "errored.jsonl"))
    recovery_file.keep([Record("a", PRINT, "t")], [])
    many = [Record(f"{number}" * 50, PRINT, "t") for number in range(9000)]
    recovery_file.keep(many, [])
    assert len(capsys.readouterr().err.splitlines()) == 9001
    assert recovered(recovery_file, creating("a")) == {"a": Record("a", PRINT, "t")}
    recovery_file.keep(many, [])
    recovery_file.check()

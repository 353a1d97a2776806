"""The records that a complete listing leaves."""

from __future__ import annotations

from rbsync.backends.base import Task
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Failure
from rbsync.model.record import Intent, Record
from rbsync.sync.listed import as_listed, is_managed, is_task_of, known_fingerprints
from tests.builders import OTHER, PRINT

FAILURE = Failure("transient", "upload", "no answer")


def listed(record: Record | None, task: Task | None) -> Record | None:
    """What is left of one name."""
    return as_listed({"a": record} if record else {}, {"a": task} if task else {}).get("a")


def test_a_task_with_a_stamp_gets_a_record() -> None:
    assert listed(None, Task("a", "t", PRINT)) == Record("a", PRINT, "t")


def test_a_task_of_others_gets_none() -> None:
    assert listed(None, Task("a", "t")) is None


def test_a_record_whose_task_is_gone_is_removed_but_its_failure_stays() -> None:
    assert listed(Record("a", PRINT, "t"), None) is None
    failed = Record("a", PRINT, "t", FAILURE)
    assert listed(failed, None) == Record("a", failure=FAILURE)


def test_what_is_pending_stays_as_it_is() -> None:
    record = Record("a", pending=Intent("a", "create", PRINT, 1.0))
    assert listed(record, None) == record
    assert listed(record, Task("a", "t", OTHER)) == record


def test_the_record_of_a_task_without_a_stamp_stays_for_the_same_task_only() -> None:
    record = Record("a", PRINT, "t")
    assert listed(record, Task("a", "t")) == record
    assert listed(record, Task("a", "another")) is None


def test_another_stamp_corrects_the_record() -> None:
    assert listed(Record("a", PRINT, "t"), Task("a", "t", OTHER)) == Record("a", OTHER, "t")


def test_what_is_ours_and_what_it_may_be() -> None:
    pending = Record("a", PRINT, "t", pending=Intent("a", "update", OTHER, 1.0))
    assert is_managed(pending)
    assert not is_managed(Record("a", failure=FAILURE))
    assert not is_managed(None)
    assert is_task_of(Record("a", PRINT, ""), Task("a", "t"))
    assert not is_task_of(Record("a", PRINT, "t"), Task("a", "another"))
    known: list[Fingerprint] = known_fingerprints(pending)
    assert known == [PRINT, OTHER]

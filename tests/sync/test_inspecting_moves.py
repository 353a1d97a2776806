"""What would be moved is looked at before it is planned to be (rbsync.sync.inspecting_moves)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rbsync.backends.base import TaskContent
from rbsync.backends.local.backend import LocalBackend
from rbsync.errors import BackendError
from rbsync.model.plan import Basis, Blocked, Move, Plan
from rbsync.model.record import Record
from rbsync.reasons import MOVED, UNKNOWN
from rbsync.sync.inspecting_moves import moves_inspected
from tests.planner.test_moves import declared, recorded


def a_plan() -> Plan:
    new, old = declared("b", "1"), recorded("a", "1")
    assert old.applied is not None
    move = Move(new, "a", old.task_id, old.applied, MOVED, "the same items")
    return Plan((move,), 0, "digest", 1, Basis("", 0, ""))


def nobody(_: str) -> bool:
    return False


def test_a_task_that_is_gone_is_created_under_its_new_name(tmp_path: Path) -> None:
    backend = LocalBackend(tmp_path)
    made = moves_inspected(backend, a_plan(), {"a": recorded("a", "1")}, nobody)
    assert [one.reason for one in made.actions] == ["new"]
    assert made.forgotten == ("a",)


def test_what_was_begun_is_not_asked_about_again(tmp_path: Path) -> None:
    begun = {"a": recorded("a", "1"), "b": Record("b", old_name="a")}
    assert moves_inspected(LocalBackend(tmp_path), a_plan(), begun, nobody) == a_plan()


def test_what_cannot_be_looked_at_is_not_moved(tmp_path: Path) -> None:
    class Silent(LocalBackend):
        def look(self, task_ids: Sequence[str]) -> dict[str, TaskContent]:
            raise BackendError("no answer", kind="transient")

    made = moves_inspected(Silent(tmp_path), a_plan(), {"a": recorded("a", "1")}, nobody)
    (blocked,) = made.actions
    assert isinstance(blocked, Blocked)
    assert blocked.reason == UNKNOWN

"""Storages that the organization lacks are told when a plan is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from rbsync.backends.base import Backend
from rbsync.errors import UserError
from rbsync.model.plan import Blocked, Create, Plan
from rbsync.sync.planning import make_plan
from rbsync.sync.storage_check import CODE, check_storages, unknown_storages
from rbsync.sync.workspace import Workspace
from tests.applier.faulty import Faulty
from tests.sync.conftest import Open

KNOWN, OTHER = "7a1c5f0e-3a52-4b57-9f39-6f1f0d9a3a11", "8b1c5f0e-3a52-4b57-9f39-6f1f0d9a3a11"


class WithBuckets(Faulty):
    """The embedded project, with the storages of an organization."""

    def storages(self) -> Mapping[str, str] | None:
        return {KNOWN: "scans"}


def plan_with(workspace: Workspace, storage: str) -> Plan:
    """The plan, with its first datapoint in a storage."""
    plan = make_plan(workspace)
    first, *others = plan.actions
    assert isinstance(first, Create)
    settings = first.datapoint.settings._replace(storage=storage)
    moved = Create(first.datapoint._replace(settings=settings), first.reason, first.message)
    return replace(plan, actions=(moved, *others))


def test_a_storage_that_is_there_and_those_of_everybody_are_fine(opened: Open) -> None:
    with opened() as workspace:
        backend: Backend = WithBuckets(workspace.backend)
        for storage in (KNOWN, "public", "redbrick"):
            plan = plan_with(workspace, storage)
            assert check_storages(backend, plan, keep_going=False) is plan


def test_one_that_is_not_there_ends_the_plan_with_its_place(opened: Open) -> None:
    with opened() as workspace:
        plan = plan_with(workspace, OTHER)
        with pytest.raises(UserError) as caught:
            check_storages(WithBuckets(workspace.backend), plan, keep_going=False)
    (problem,) = caught.value.problems
    assert (problem.code, problem.location is not None) == (CODE, True)
    assert problem.hint == f"it has public, redbrick, {KNOWN} (scans)"


def test_or_it_blocks_what_uses_it(opened: Open) -> None:
    with opened() as workspace:
        plan = plan_with(workspace, OTHER)
        checked = check_storages(WithBuckets(workspace.backend), plan, keep_going=True)
    assert [one.name for one in checked.actions if isinstance(one, Blocked)] == ["a.png"]
    assert len(checked.actions) == 3


def test_a_backend_that_knows_no_storages_takes_all(opened: Open) -> None:
    with opened() as workspace:
        assert unknown_storages(workspace.backend, {OTHER}) == {}

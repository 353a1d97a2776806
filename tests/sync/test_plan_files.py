"""Which of the plans that were written down may be applied as they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rbsync.errors import RefusedError, StaleError
from rbsync.model.plan import Create, Delete
from rbsync.sync.plan_files import accepted
from rbsync.sync.planning import make_plan
from rbsync.trust.own_plans import digest_of
from tests.scenarios.project import Project
from tests.sync.conftest import MANIFEST, Open


def test_a_plan_of_the_expected_digest_is_taken_as_it_is(opened: Open) -> None:
    with opened() as workspace:
        plan = make_plan(workspace)
        assert accepted(workspace, plan, b"plan", digest_of(b"plan")) is plan
        with pytest.raises(RefusedError, match="is not the expected one"):
            accepted(workspace, plan, b"plan", digest_of(b"another"))


def test_a_strangers_plan_does_no_more_than_one_made_now(opened: Open) -> None:
    with opened() as workspace:
        plan = make_plan(workspace)
        part = replace(plan, actions=plan.actions[:1])
        assert accepted(workspace, part, b"a stranger's", "").actions == plan.actions[:1]
        more = replace(plan, actions=(*plan.actions, Delete("x", "t", "orphan", "gone")))
        with pytest.raises(RefusedError, match="do not call for: delete x"):
            accepted(workspace, more, b"a stranger's", "")
        first = plan.actions[0]
        assert isinstance(first, Create)
        elsewhere = first.datapoint._replace(items=())
        other = replace(plan, actions=(Create(elsewhere, first.reason, first.message),))
        with pytest.raises(RefusedError, match=r"create a\.png"):
            accepted(workspace, other, b"a stranger's", "")


def test_a_strangers_plan_of_another_manifest_is_stale(folder: Project, opened: Open) -> None:
    with opened() as workspace:
        plan = make_plan(workspace)
    folder.manifest(MANIFEST + "policy: {prune: true}\n")
    with opened() as workspace, pytest.raises(StaleError):
        accepted(workspace, plan, b"a stranger's", "")

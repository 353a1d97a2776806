"""A plan is the dataset against the state, narrowed as the options say."""

from __future__ import annotations

import pytest

from rbsync.backends.base import Project as Kind
from rbsync.errors import RbsyncError, UserError
from rbsync.model.record import Header
from rbsync.sync.planning import (
    PlanOptions,
    check_project,
    check_target,
    expand,
    make_plan,
    policy_of,
)
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import MANIFEST, Open


def test_the_first_plan_creates_all_and_says_what_it_was_made_against(opened: Open) -> None:
    with opened() as workspace:
        plan = make_plan(workspace)
        assert [one.name for one in plan.actions] == ["a.png", "b.png", "c.png"]
        assert plan.dataset == expand(workspace).digest
        assert plan.basis.manifest == workspace.manifest.digest
        assert (plan.basis.lineage, plan.basis.serial) == ("", 0)


def test_a_target_and_given_names_narrow_a_plan(opened: Open) -> None:
    with opened() as workspace:
        some = make_plan(workspace, PlanOptions(target="[ab]*"))
        one = make_plan(workspace, PlanOptions(only=frozenset({"c.png", "gone"})))
    assert [one.name for one in some.actions] == ["a.png", "b.png"]
    assert [one.name for one in one.actions] == ["c.png"]


def test_wrong_labels_end_a_plan_unless_it_keeps_going(folder: Project, opened: Open) -> None:
    folder.write("b.json", [{**BOX, "category": [["object", "boat"]]}])
    with opened() as workspace:
        with pytest.raises(UserError, match="boat"):
            make_plan(workspace)
        plan = make_plan(workspace, PlanOptions(keep_going=True))
    kinds = [type(one).__name__ for one in plan.actions]
    assert sorted(kinds) == ["Blocked", "Create", "Create"]


def test_options_go_before_the_policy_of_the_manifest(folder: Project, opened: Open) -> None:
    folder.manifest(MANIFEST + "policy: {prune: true}\n")
    with opened() as workspace:
        assert policy_of(workspace, PlanOptions()).prune
        assert not policy_of(workspace, PlanOptions(prune=False)).prune


def test_a_project_of_another_type_or_of_another_state_is_refused(opened: Open) -> None:
    with opened() as workspace, pytest.raises(UserError, match="IMAGE_MULTI, not IMAGE_BBOX"):
        check_project(workspace, Kind("local:1", "p", "IMAGE_MULTI"))
    for project in (None, Kind("local:2", "p", "")):
        with pytest.raises(RbsyncError, match="the state belongs to the project local:1"):
            check_target(Header("l", 1, 1, "local:1"), project)
    check_target(Header("l", 1, 1, ""), None)

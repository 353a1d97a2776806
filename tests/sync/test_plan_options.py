"""The options of a plan go before what the manifest says."""

from __future__ import annotations

from rbsync.sync.plan_options import PlanOptions, by_policy, policy_of
from tests.scenarios.project import Project
from tests.sync.conftest import MANIFEST, Open


def test_options_go_before_the_policy_of_the_manifest(folder: Project, opened: Open) -> None:
    folder.manifest(MANIFEST + "policy: {prune: true}\n")
    with opened() as workspace:
        assert policy_of(workspace, PlanOptions()).prune
        assert not policy_of(workspace, PlanOptions(prune=False)).prune


def test_reading_the_whole_project_is_left_to_the_policy_unless_an_option_says(
    folder: Project, opened: Open
) -> None:
    folder.manifest(MANIFEST + "policy: {refresh: always}\n")
    with opened() as workspace:
        assert by_policy(PlanOptions(), workspace).refresh
        assert by_policy(PlanOptions(refresh=False), workspace).refresh is False


def test_a_plan_of_a_part_or_of_what_was_taken_back_is_not_remembered() -> None:
    assert PlanOptions().may_recall
    assert not PlanOptions(target="a*").may_recall
    assert not PlanOptions(redo=("a.png",)).may_recall

"""What has changed is compared with the state, narrowed as the options say."""

from __future__ import annotations

import pytest

from rbsync.errors import UserError
from rbsync.sync.plan_making import decisions_by
from rbsync.sync.plan_options import PlanOptions
from rbsync.sync.planning import make_plan
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import Open


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


def test_an_option_decides_a_conflict_before_the_manifest_does() -> None:
    assert decisions_by(PlanOptions(), "theirs").otherwise == "theirs"
    assert decisions_by(PlanOptions(on_conflict="block"), "theirs").otherwise == "block"

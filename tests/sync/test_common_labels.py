"""What both sides of a conflict began with, of each kind of labels."""

from __future__ import annotations

import numpy as np
import pytest

from rbsync.label_changes.label_content import LabelContent
from rbsync.model.plan import Blocked
from rbsync.sync.common_labels import common_labels
from rbsync.sync.label_news import contested_labels
from rbsync.sync.label_sides import NOTHING
from rbsync.sync.plan_options import PlanOptions
from rbsync.sync.planning import make_plan
from tests.pictures.kinds import nifti, scan
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_refresh import relabel
from tests.scenarios.test_versions import commit, git
from tests.sync.conftest import MOVED_BOX, Open

FARTHER_BOX = {**BOX, "bbox2d": {"xnorm": 0.1, "ynorm": 0.5, "wnorm": 0.3, "hnorm": 0.4}}


def found(opened: Open) -> LabelContent | None:
    """What is found of the one conflict of a plan."""
    with opened() as workspace:
        plan = make_plan(workspace, PlanOptions())
        assert [type(one) for one in plan.actions] == [Blocked]
        (action,) = contested_labels(plan)
        return common_labels(workspace, action)


@pytest.fixture
def contested(committed: Project) -> Project:
    """As `committed`; its box was moved at the project and, elsewhere, in its file."""
    assert committed.apply().code == 0
    relabel(committed, "a.png", MOVED_BOX)
    committed.write("a.json", [FARTHER_BOX])
    return committed


def test_boxes_are_those_of_the_commit_that_was_applied(contested: Project, opened: Open) -> None:
    commit(contested)
    contested.write("a.json", [{**FARTHER_BOX, "attributes": [{"name": "x", "value": True}]}])
    left = found(opened)
    assert left is not None
    assert [one["bbox2d"] for one in left.objects] == [BOX["bbox2d"]]


def test_a_commit_that_cannot_be_read_hides_no_older_one(contested: Project, opened: Open) -> None:
    contested.write("a.json", "[")
    git(contested, "commit", "-q", "-a", "-m", "broken")
    contested.write("a.json", [FARTHER_BOX])
    assert found(opened) is not None


def test_labels_that_were_never_committed_are_not_known(folder: Project, opened: Open) -> None:
    folder.write("a.json", [BOX])
    assert folder.apply().code == 0
    relabel(folder, "a.png", MOVED_BOX)
    folder.write("a.json", [FARTHER_BOX])
    assert found(opened) is None


def test_where_no_labels_were_left_that_is_known_without_git(folder: Project, opened: Open) -> None:
    assert folder.apply().code == 0
    relabel(folder, "a.png", MOVED_BOX)
    folder.write("a.json", [FARTHER_BOX])
    assert found(opened) == NOTHING


def test_segmentations_are_found_too(committed: Project, opened: Open) -> None:
    grey, labels = scan()
    later = labels.copy()
    later[1:3, 2, 1] = 1
    committed.write("scan.nii", nifti(grey, np.eye(4)))
    committed.write("spot.nii", nifti(labels, np.eye(4)))
    committed.manifest(
        "datapoints:\n  - name: scan\n    series: [{items: scan.nii, segmentations: spot.nii,"
        " segment_map: {1: spot}}]\n"
    )
    commit(committed)
    assert committed.apply().code == 0
    relabel(committed, "scan")
    committed.write("spot.nii", nifti(later, np.eye(4)))
    left = found(opened)
    assert left is not None
    assert (left.volumes[0].voxels == labels).all()

"""A manifest's dataset is checked against the project where the manifest does not say enough."""

from __future__ import annotations

import pytest

from rbsync.backends.base import Project as Kind
from rbsync.errors import UserError
from rbsync.sync.declared_dataset import expand
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import Open

UNTYPED = """\
datapoints:
  - glob: "*.png"
    labels: "{stem}.json?"
"""


def test_labels_are_checked_against_the_taxonomy_of_the_project(
    folder: Project, opened: Open
) -> None:
    folder.manifest(UNTYPED)
    folder.write("b.json", [BOX])
    with opened() as workspace:
        dataset = expand(workspace, Kind("l", "p", "IMAGE_BBOX", ("car",)))
        assert len(dataset.datapoints) == 3
        with pytest.raises(UserError, match="car"):
            expand(workspace, Kind("l", "p", "IMAGE_BBOX", ("boat",)))

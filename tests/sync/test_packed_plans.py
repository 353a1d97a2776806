"""A plan of whole folders is the plan that is made of their files one by one."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest

from rbsync.manifest.load import load_manifest
from rbsync.model.packed import Datapoints
from rbsync.model.plan import Actions, Plan
from rbsync.sources.matching import Matching
from rbsync.sync.plan_options import PlanOptions
from rbsync.sync.planning import make_plan
from rbsync.sync.workspace import open_workspace
from tests.scenarios.pictures import png
from tests.scenarios.project import Project

PLAIN = "  - {glob: 'images/**/*.png'}\n"
ODD = {
    "nothing": (PLAIN, ""),
    "a broken file": (PLAIN, "images/b/3.png"),
    "names of templates": ("  - {glob: 'images/{site}/*.png', name: '{stem}-{site}'}\n", ""),
    "one name twice": ("  - {glob: 'images/**/*.png', name: '{stem}'}\n", ""),
    "names that look alike": (PLAIN, "images/a/1.PNG"),
    "two sources of one folder": (PLAIN + "  - {glob: 'images/a/*', name: 'x/{file}'}\n", ""),
    "an entry of the folder": (PLAIN + "  - {name: x, items: [images/a/1.png]}\n", ""),
    "another suffix": ("  - {glob: 'images/**/*'}\n", "images/a/1.jpg"),
}


def made(project: Project) -> Plan:
    manifest = load_manifest(str(project.folder / "rbsync.yaml"))
    with open_workspace(manifest) as workspace:
        return make_plan(workspace, PlanOptions(keep_going=True))


@pytest.mark.parametrize("odd", sorted(ODD))
def test_a_plan_of_folders_is_that_of_their_files(odd: str, tmp_path: Path) -> None:
    sources, more = ODD[odd]
    project = Project(tmp_path / "data")
    project.manifest(f"project: {{type: IMAGE_BBOX}}\ndatapoints:\n{sources}")
    for number, path in enumerate(("a/1.png", "a/2.png", "b/1.png", "b/deep/1.png")):
        project.write(f"images/{path}", png(number))
    if more:
        project.write(more, png(9) if more != "images/b/3.png" else png(9)[:-9])
    packed = made(project)
    with mock.patch.object(Matching, "is_plain", False):
        apart = made(project)
    assert isinstance(apart.actions, tuple)
    assert packed == apart
    if odd in ("nothing", "names of templates"):
        assert isinstance(packed.actions, Actions)
        assert isinstance(packed.actions.new, Datapoints)
        assert packed.summary == apart.summary

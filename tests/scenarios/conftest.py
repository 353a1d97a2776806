from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty folder with a manifest of all its PNGs and the labels beside them."""
    made = Project(tmp_path / "data")
    made.manifest(
        "project: {type: IMAGE_BBOX, taxonomy: [car, bus]}\n"
        "datapoints:\n"
        '  - glob: "images/**/*.png"\n'
        '    labels: "labels/{stem}.json?"\n'
    )
    return made


@pytest.fixture
def three(project: Project) -> Project:
    """A project of three pictures, the first of them with a label."""
    for number, name in enumerate("abc"):
        project.write(f"images/{name}.png", png(number))
    project.write("labels/a.json", [BOX])
    return project

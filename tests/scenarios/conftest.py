from __future__ import annotations

from pathlib import Path

import pytest

from rbsync.applier import retrying
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within this process, what failed is tried again at once; how long to wait is tested apart."""
    monkeypatch.setattr(retrying, "BASE_SECONDS", 0.01)


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

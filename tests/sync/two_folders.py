"""A project at a service, and the folders of two people who pull from it."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np

from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.project import Project

NO_CHANGES = "No changes. The project matches the manifest."
OBJECTS = "datapoints:\n  - {glob: images/*.png, labels: 'labels/{stem}.json?'}\n"
HEAD = "project: {type: IMAGE_MULTI, taxonomy: [car, bus]}\n"
MASKS = "masks:\n  - {glob: masks/*.png, image: 'images/{stem}.png', class_map: class_map.json%s}\n"
AFFINE = np.diag([0.5, 0.5, 2.0, 1.0])


def clone(project: RemoteProject, name: str) -> RemoteProject:
    """The colleague's folder, with a state of its own."""
    copy = project.folder.parent / name
    shutil.copytree(project.folder, copy, ignore=shutil.ignore_patterns(".rbsync"))
    return RemoteProject(copy, project.url)


def pulled(project: Project, *names: str) -> dict[str, Any]:
    ran = project.run("pull", "--json", *names)
    document: dict[str, Any] = ran.json
    return document

"""What cannot be looked into is not gone: nothing is taken from datapoints that had files there."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import pytest
from PIL import Image

from rbsync.model.plan import Action, Blocked
from rbsync.sync.applying import ApplyOptions, apply_plan
from rbsync.sync.plan_options import PlanOptions
from rbsync.sync.planning import make_plan
from tests.dicoms import dicom
from tests.files.folder import shared_folder, without_privileges
from tests.masks.pictures import painted
from tests.masks.pictures import png as picture
from tests.scenarios.pictures import CLASSES, ONE, photo
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import Open

HEAD = "project: {type: IMAGE_MULTI, taxonomy: [car, bus]}\n"
SOURCES = {
    "series": "datapoints:\n  - {name: study, series: [{items: 'of/**/*.dcm'}]}\n",
    "one mask for each class": "masks:\n  - {per_class: 'of/{category}/{case}.png',"
    " image: 'images/{case}.png', name: '{case}'}\n",
    "labels, and an item": "datapoints:\n  - {glob: 'images/*.png', labels: 'of/car/{stem}.json'}\n"
    "  - {name: by hand, items: [of/bus/1.dcm]}\n",
    "a folder of masks": "masks:\n  - {folder: masks, images: of}\n",
}


@pytest.fixture
def folder() -> Iterator[Project]:
    with shared_folder() as shared:
        yield filled(Project(shared.root / "data"))


def of_one_class(column: int) -> bytes:
    """A mask of which one pixel is of the class."""
    drawn = Image.new("L", (4, 3))
    drawn.putpixel((column, 0), 255)
    data = io.BytesIO()
    drawn.save(data, "PNG")
    return data.getvalue()


def filled(made: Project) -> Project:
    mask = picture(painted(ONE, CLASSES))
    for number, name in enumerate(("of/car", "of/bus")):
        made.write(f"{name}/{number}.dcm", dicom(number))
        for case in "12":
            made.write(f"{name}/{case}.png", of_one_class(number))
    for name in ("1", "2"):
        made.write(f"images/{name}.png", photo(int(name), (4, 3)))
        made.write(f"masks/{name}.png", mask)
        made.write(f"of/car/{name}.json", [BOX])
    # For one that matches nothing all is looked through.
    made.write(".rbsyncignore", "nothing*\n")
    made.write("masks/class_map.json", CLASSES)
    made.write("masks/datapoint_map.json", {f"{x}.png": f"/else/bus/{x}.png" for x in "12"})
    return made


def actions(opened: Open) -> Sequence[Action]:
    """The actions of a plan by somebody who may not read everything."""
    with opened() as workspace, without_privileges():
        return make_plan(workspace, PlanOptions(keep_going=True, prune=True)).actions


@pytest.mark.parametrize("mode", [0, 0o111, 0o444])
@pytest.mark.parametrize("kind", SOURCES)
def test_a_datapoint_of_several_folders_of_which_one_cannot_be_read(
    folder: Project, opened: Open, kind: str, mode: int
) -> None:
    folder.manifest(HEAD + SOURCES[kind])
    if kind == "a folder of masks":
        for name in ("of/car", "of/bus"):
            for number in (1, 2):
                folder.write(f"{name}/{number}.png", photo(number, (4, 3)))
    with opened() as workspace:
        apply_plan(workspace, make_plan(workspace), ApplyOptions())
    for one in (folder.folder, *folder.folder.rglob("*")):
        one.chmod(0o777)
    for name in ("of/car", "of/bus"):
        (folder.folder / name).chmod(mode)
        found = actions(opened)
        assert found
        assert all(isinstance(one, Blocked) for one in found), found
        (folder.folder / name).chmod(0o777)
    assert not actions(opened)

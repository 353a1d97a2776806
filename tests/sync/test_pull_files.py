"""Masks and volumes are drawn anew where labels changed, and stay as they are elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from rbsync.backends.base import StoredMap, Task, TaskContent
from rbsync.files.roots import Roots
from rbsync.sync.pull_files import NotPulledError, files_of
from tests.masks.pictures import painted
from tests.masks.pictures import png as mask_png
from tests.scenarios.offline_service import RemoteProject, Served, served
from tests.scenarios.pictures import CLASSES, ONE, index_of, photo
from tests.scenarios.project import BOX
from tests.sync.two_folders import AFFINE, HEAD, MASKS, NO_CHANGES, clone, pulled


def masked(tmp_path: Path, url: str, more: str = "") -> RemoteProject:
    made = RemoteProject(tmp_path / "masked", url)
    for number, name in enumerate("xy"):
        made.write(f"images/{name}.png", photo(number))
    made.manifest(HEAD + MASKS % more)
    return made


@pytest.mark.parametrize("encoding", ["pixel", "nifti"])
def test_a_mask_is_drawn_anew_where_its_labels_changed(
    service: Served, tmp_path: Path, encoding: str
) -> None:
    mine = masked(
        tmp_path, service.url, f", encoding: {encoding}, ignore_colors: [[0,0,0],[9,9,9]]"
    )
    mine.write("class_map.json", {name: list(colour) for name, colour in CLASSES.items()})
    before = painted(ONE, CLASSES)
    before[0, 3] = (9, 9, 9)  # a background of the maker's own
    for name in "xy":
        mine.write(f"masks/{name}.png", mask_png(before))
    assert mine.apply().code == 0, mine.apply().err
    theirs = clone(mine, "theirs")
    after = before.copy()
    after[2, 0] = CLASSES["bus"]
    after[1, 3] = (0, 0, 0)
    theirs.write("masks/x.png", mask_png(after))
    assert theirs.apply().code == 0

    document = pulled(mine)
    assert document["files"] == ["masks/x.png"]
    assert (np.array(Image.open(mine.folder / "masks/x.png").convert("RGB")) == after).all()
    assert mine.run("plan").last_line == NO_CHANGES


def test_a_mask_of_values_keeps_its_palette_and_its_border(service: Served, tmp_path: Path) -> None:
    mine = masked(tmp_path, service.url, ", format: indexed")
    mine.write("class_map.json", {"car": 1, "bus": 2})
    for name in "xy":
        numbers = ONE.astype(np.uint8)
        numbers[0, 3] = 255
        indexed(mine.folder / f"masks/{name}.png", numbers)
    assert mine.apply().code == 0
    theirs = clone(mine, "theirs")
    numbers[2, 0] = 2
    indexed(theirs.folder / "masks/x.png", numbers)
    assert theirs.apply().code == 0
    assert pulled(mine)["files"] == ["masks/x.png"]
    drawn = Image.open(mine.folder / "masks/x.png")
    assert drawn.mode == "P"
    assert drawn.getpalette()[3:6] == [200, 0, 0]  # type: ignore[index]
    assert (np.array(drawn) == numbers).all()
    assert mine.run("plan").last_line == NO_CHANGES


def indexed(path: Path, numbers: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    image = Image.fromarray(numbers).convert("L")
    image = Image.frombytes("P", image.size, image.tobytes())
    image.putpalette([0, 0, 0, 200, 0, 0, 0, 200, 0] + [7] * (253 * 3))
    image.save(path)


def binary(*rows: str) -> bytes:
    return mask_png((index_of(*rows) * 255).astype(np.uint8))


def test_of_one_file_a_class_only_that_of_the_class_is_written(
    service: Served, tmp_path: Path
) -> None:
    mine = RemoteProject(tmp_path / "mine", service.url)
    mine.write("images/x.png", photo(1))
    mine.manifest(
        HEAD + "masks:\n  - per_class: 'masks/{stem}_{category}.png'\n"
        "    image: 'images/{stem}.png'\n    name: '{stem}'\n"
    )
    for name, rows in {"car": ("cc..", "....", "...."), "bus": ("....", "...c", "...c")}.items():
        mine.write(f"masks/x_{name}.png", binary(*rows))
    assert mine.apply().code == 0
    theirs = clone(mine, "theirs")
    theirs.write("masks/x_car.png", binary("ccc.", "....", "...."))
    assert theirs.apply().code == 0
    assert pulled(mine)["files"] == ["masks/x_car.png"]
    assert mine.run("plan").last_line == NO_CHANGES


def test_what_a_mask_cannot_hold_stays_and_is_told(service: Served, tmp_path: Path) -> None:
    mine = masked(tmp_path, service.url, ", encoding: pixel")
    mine.write("class_map.json", {name: list(colour) for name, colour in CLASSES.items()})
    for name in "xy":
        mine.write(f"masks/{name}.png", mask_png(painted(ONE, CLASSES)))
    assert mine.apply().code == 0
    before = (mine.folder / "masks/x.png").read_bytes()
    service.relabel("x", BOX)
    document = pulled(mine)
    assert document["theirs"] == [
        {"name": "x", "why": "a mask cannot hold labels that are no segmentation"}
    ]
    assert (mine.folder / "masks/x.png").read_bytes() == before
    for _ in range(3):
        assert mine.apply().last_line == NO_CHANGES
    assert [one["labels"] for one in mine.tasks()] == [1, 2]


def nifti(path: Path, voxels: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image: Any = nibabel.Nifti1Image(voxels, AFFINE)
    image.header["descrip"] = b"of the maker"
    nibabel.save(image, path)


@pytest.mark.parametrize("suffix", ["nii.gz", "nii"])
def test_a_segmentation_is_written_on_its_own_grid(tmp_path: Path, suffix: str) -> None:
    with served(tmp_path / "service", "--type", "DICOM_SEGMENTATION") as service:
        mine = RemoteProject(tmp_path / "mine", service.url)
        nifti(mine.folder / "ct.nii.gz", np.zeros((6, 5, 4), np.int16))
        voxels = np.zeros((6, 5, 4), np.uint8)
        voxels[1:3, 1:3, 1] = 1
        voxels[4, 4, 3] = 7
        nifti(mine.folder / f"seg.{suffix}", voxels)
        mine.manifest(
            "project: {type: DICOM_SEGMENTATION, taxonomy: [liver, tumour]}\n"
            "datapoints:\n  - name: s\n    series:\n      - items: ct.nii.gz\n"
            f"        segmentations: seg.{suffix}\n        segment_map: {{1: liver, 7: tumour}}\n"
        )
        done = mine.apply()
        assert done.code == 0, done.err
        theirs = clone(mine, "theirs")
        voxels[1, 1, 1] = 7
        voxels[5, 0, 0] = 1
        nifti(theirs.folder / f"seg.{suffix}", voxels)
        assert theirs.apply().code == 0

        assert pulled(mine)["files"] == [f"seg.{suffix}"]
        image: Any = nibabel.load(mine.folder / f"seg.{suffix}")
        assert (np.asarray(image.dataobj) == voxels).all()
        assert np.allclose(image.affine, AFFINE)
        assert bytes(image.header["descrip"]).startswith(b"of the maker")
        assert mine.run("plan").last_line == NO_CHANGES


def test_a_json_file_holds_labels_and_no_label_map() -> None:
    labels = json.dumps([{"category": [["object", "car"]], "dicom": {"instanceid": 1}}])
    task = Task("a", "task-1", labels=1)
    found = TaskContent(task, labels, (), ("redbrick",), (StoredMap(0, lambda: b""),))
    with pytest.raises(NotPulledError, match="a label map, which a JSON file cannot hold"):
        files_of(found, None, "a.json", Roots("."), "xxh3")

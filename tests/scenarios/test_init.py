"""`rbsync init` in folders as people have them: what it writes is planned as it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dicoms import dicom
from tests.scenarios.pictures import photo
from tests.scenarios.project import BOX, Project


def mask() -> bytes:
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (4, 3), (255, 0, 0)).save(file, "PNG")
    return file.getvalue()


def classes(project: Project, path: str = "class_map.json") -> None:
    project.write(path, {"cat": [255, 0, 0]})


def images(project: Project, folder: str, names: str, end: str = "png") -> None:
    for number, name in enumerate(names):
        project.write(f"{folder}/{name}.{end}", photo(number))


def masked(project: Project) -> None:
    images(project, "images", "ab")
    for name in "ab":
        project.write(f"masks/{name}.png", mask())
    classes(project)


def masked_in_part(project: Project) -> None:
    masked(project)
    images(project, "images", "abc")


def masked_of_two_kinds(project: Project) -> None:
    masked(project)
    project.write("images/c.jpg", photo(9, format="JPEG"))
    project.write("masks/c.png", mask())


def masked_with_an_end(project: Project) -> None:
    images(project, "images", "ab")
    for name in "ab":
        project.write(f"masks/{name}_mask.png", mask())
    classes(project, "masks/class_map.json")


def masked_in_parts(project: Project) -> None:
    classes(project)
    for at, part in enumerate(["train", "val"]):
        for number, name in enumerate("ab"):
            project.write(f"{part}/images/{name}.png", photo(2 * at + number))
            project.write(f"{part}/masks/{name}.png", mask())


def masked_twice(project: Project) -> None:
    masked(project)
    for name in "ab":
        project.write(f"labels/{name}.png", mask())


def masks_beside_with_a_map(project: Project) -> None:
    images(project, "data", "ab")
    for name in "ab":
        project.write(f"data/{name}_mask.png", mask())
    classes(project)


def masks_without_a_map(project: Project) -> None:
    masked(project)
    (project.folder / "class_map.json").unlink()


def voc(project: Project) -> None:
    images(project, "VOC/JPEGImages", "ab", "png")
    for name in "ab":
        project.write(f"VOC/SegmentationClass/{name}.png", mask())


def masks_beside(project: Project) -> None:
    for number, name in enumerate(["a", "b", "a_mask", "b_mask"]):
        project.write(f"data/{name}.png", photo(number))


def series(project: Project) -> None:
    for number in range(3):
        project.write(f"p1/ct/{number}.dcm", dicom(number=number))
        project.write(f"p2/mr/IM{number}", dicom(number=number))


def frames(project: Project) -> None:
    for video in ("one", "two"):
        for number in range(3):
            project.write(f"videos/{video}/frame_{number}.png", photo(number))


def coco(project: Project) -> None:
    images(project, "train2017", "ab")
    project.write(
        "annotations/instances_train2017.json",
        {
            "images": [
                {"id": at, "file_name": f"{name}.png", "width": 4, "height": 3}
                for at, name in enumerate("ab")
            ],
            "categories": [{"id": 1, "name": "cat"}],
            "annotations": [
                {
                    "id": 1,
                    "image_id": 0,
                    "category_id": 1,
                    "segmentation": {"size": [3, 4], "counts": [0, 12]},
                }
            ],
        },
    )


def labels_apart(project: Project) -> None:
    images(project, "pictures", "ab")
    project.write("annots/a.json", [BOX])


def labelme_beside(project: Project) -> None:
    project.write("a.png", photo(1))
    shape = {"label": "car", "points": [[0, 0], [2, 2]], "shape_type": "rectangle"}
    size = {"imagePath": "a.png", "imageWidth": 4, "imageHeight": 3}
    project.write("a.json", {"shapes": [shape], **size})


def an_export(project: Project) -> None:
    project.write("class_map.json", {"car": [255, 0, 0], "bus": [0, 255, 0]})
    project.write("datapoint_map.json", {"t.png": "images/a.png"})
    project.write("t.png", mask())
    project.write("images/a.png", photo(1))


def labels_beside(project: Project) -> None:
    images(project, "set/one", "ab")
    project.write("set/one/a.json", [BOX])


def a_list(project: Project) -> None:
    images(project, "x", "ab")
    project.write("list.json", [{"name": "both", "items": ["x/a.png", "x/b.png"]}])


def bare_series(project: Project) -> None:
    for number in range(3):
        project.write(f"IM{number:04}", dicom(number))


CASES: dict[str, tuple[Callable[[Project], None], list[str], str]] = {
    "masks with a class map": (
        masked,
        ["images/a.png", "images/b.png"],
        'mask: "masks/{stem}.png?"',
    ),
    "some images without a mask": (
        masked_in_part,
        ["images/a.png", "images/b.png", "images/c.png"],
        "(3 when this was written), with its mask",
    ),
    "images of two kinds with masks": (
        masked_of_two_kinds,
        ["images/a.png", "images/b.png", "images/c.jpg"],
        'glob: "images/*.{png,jpg}"',
    ),
    "masks with an end": (
        masked_with_an_end,
        ["images/a.png", "images/b.png"],
        'mask: "masks/{stem}_mask.png?"',
    ),
    "two parts of a dataset": (
        masked_in_parts,
        [f"{part}/images/{name}.png" for part in ("train", "val") for name in "ab"],
        'mask: "val/masks/{stem}.png?"',
    ),
    "two folders of masks for the same images": (
        masked_twice,
        ["images/a.png", "images/b.png"],
        'mask: "labels/{stem}.png?"',
    ),
    "masks beside their images, with a class map": (
        masks_beside_with_a_map,
        ["data/a.png", "data/b.png"],
        'mask: "data/{stem}_mask.png?"',
    ),
    "masks without a class map": (
        masks_without_a_map,
        ["images/a.png", "images/b.png"],
        '- "masks/**"   # masks, by their names',
    ),
    "VOC": (
        voc,
        ["VOC/JPEGImages/a.png", "VOC/JPEGImages/b.png"],
        '- "VOC/SegmentationClass/**"   # masks',
    ),
    "masks beside their images": (
        masks_beside,
        ["data/a.png", "data/b.png"],
        '- "data/*_mask.png"   # masks beside',
    ),
    "DICOM": (series, ["p1/ct", "p2/mr"], 'series: [{items: "p1/ct/*.dcm"}]'),
    "DICOM without suffixes beside the manifest": (bare_series, ["scan"], 'items: "*"'),
    "frames": (frames, ["videos/one", "videos/two"], 'frames: "videos/*/"'),
    "COCO": (coco, ["a.png", "b.png"], 'images: "train2017/"'),
    "labels in a folder": (
        labels_apart,
        ["pictures/a.png", "pictures/b.png"],
        'labels: "annots/{stem}.json?"',
    ),
    "labels beside images": (
        labels_beside,
        ["set/one/a.png", "set/one/b.png"],
        'labels: "{dir}/{stem}.json?"',
    ),
    "labels of labelme": (
        labelme_beside,
        ["a.png"],
        'labels: {format: labelme, file: "{stem}.json?"}',
    ),
    "an export with its images": (an_export, ["t"], 'folder: "."'),
    "a list": (a_list, ["both"], 'items_list: "list.json"'),
}


@pytest.mark.parametrize(("make", "names", "line"), CASES.values(), ids=CASES)
def test_what_it_writes_is_planned_as_it_stands(
    tmp_path: Path, make: Callable[[Project], None], names: list[str], line: str
) -> None:
    project = Project(tmp_path / "data")
    make(project)
    assert project.run("init").code == 0
    text = (project.folder / "rbsync.yaml").read_text()
    assert line in text
    written: Any = yaml.safe_load(text)
    assert written["version"] == 1
    ran = project.run("plan", "--json")
    assert ran.code == 0, text + ran.err
    assert sorted(one["name"] for one in ran.json["actions"]) == names
    # Nothing that it writes is without effect.
    assert "warning" not in project.run("plan").err


def test_segmentations_of_scans_are_no_scans(tmp_path: Path) -> None:
    """nnU-Net's folders: the labels of scans are NIfTI files as well."""
    project = Project(tmp_path / "data")
    project.write("imagesTr/case_0000.nii.gz", b"\x1f\x8b")
    project.write("labelsTr/case.nii.gz", b"\x1f\x8b")
    project.run("init")
    text = (project.folder / "rbsync.yaml").read_text()
    assert '- "labelsTr/**"   # segmentations; a `series` takes them' in text

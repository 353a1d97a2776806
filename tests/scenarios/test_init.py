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


def masked_in_parts(images: str, masks: str) -> Callable[[Project], None]:
    """Two parts of a dataset, whose folders are named by patterns with a place for the part."""

    def make(project: Project) -> None:
        classes(project)
        for at, part in enumerate(["train", "val"]):
            for number, name in enumerate("ab"):
                project.write(f"{images.format(part)}/{name}.png", photo(2 * at + number))
                project.write(f"{masks.format(part)}/{name}.png", mask())

    return make


def masks_below_without_a_map(project: Project) -> None:
    masked_in_parts("images/{}", "masks/{}")(project)
    (project.folder / "class_map.json").unlink()


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


def an_export_of_a_part(project: Project) -> None:
    project.write("masks/class_map.json", {"car": [255, 0, 0], "bus": [0, 255, 0]})
    project.write("masks/datapoint_map.json", {"t.png": "images/a.png"})
    project.write("masks/t.png", mask())
    images(project, "images", "ab")
    project.write("images/c [1].png", photo(9))


def an_export_of_all(project: Project) -> None:
    an_export_of_a_part(project)
    for name in ("b", "c [1]"):
        (project.folder / f"images/{name}.png").unlink()
    project.write("images/[2].png", photo(8))
    project.write("masks/u.png", mask())
    both = {"t.png": "images/a.png", "u.png": "images/[2].png"}
    project.write("masks/datapoint_map.json", both)


def masks_of_another_suffix(project: Project) -> None:
    for number, name in enumerate("ab"):
        project.write(f"images/{name}.jpg", photo(number, format="JPEG"))
        project.write(f"masks/{name}.png", mask())


def yolo_of_poses(project: Project) -> None:
    images(project, "images", "a")
    project.write("labels/a.txt", "0 .5 .5 .4 .4 .5 .5 2 .4 .4 1\n")
    project.write("classes.txt", "person\n")


def voc_in_latin(project: Project) -> None:
    images(project, "images", "a")
    size = "<size><width>4</width><height>3</height></size>"
    text = f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<annotation>{size}<!-- \xfc -->'
    project.write("Annotations/a.xml", (text + "</annotation>").encode("latin-1"))


def a_list_of_excel(project: Project) -> None:
    images(project, "x", "ab")
    project.write("list.csv", "sep=;\nname;item\none;x/a.png\n".encode("utf-16"))


def labels_beside(project: Project) -> None:
    images(project, "set/one", "ab")
    project.write("set/one/a.json", [BOX])


def a_list(project: Project) -> None:
    images(project, "x", "ab")
    project.write("list.json", [{"name": "both", "items": ["x/a.png", "x/b.png"]}])


def bare_series(project: Project) -> None:
    for number in range(3):
        project.write(f"IM{number:04}", dicom(number))


YOLO = "0 0.5 0.5 0.2 0.2\n"
VOC = """<annotation><size><width>4</width><height>3</height></size><object><name>cat</name>
<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object></annotation>"""
LABEL_STUDIO = [{"id": 1, "data": {"image": "a.png"}, "annotations": []}]
CVAT = "<annotations><version>1.1</version><image id='0' name='a.png'/></annotations>"


def yolo_in_parts(project: Project) -> None:
    for at, part in enumerate(["train", "val"]):
        project.write(f"images/{part}/a.jpg", photo(at, format="JPEG"))
        project.write(f"images/{part}/b.jpg", photo(5 + at, format="JPEG"))
        project.write(f"labels/{part}/a.txt", "")
        project.write(f"labels/{part}/b.txt", YOLO)
    project.write("data.yaml", "train: images/train\nnames:\n  0: tabby cat\n  1: dog\n")


def yolo_of_roboflow(project: Project) -> None:
    for at, part in enumerate(["train", "valid"]):
        project.write(f"{part}/images/a.png", photo(at))
        project.write(f"{part}/labels/a.txt", YOLO)
    project.write("data.yaml", "nc: 1\nnames: ['cat']\n")


def yolo_beside(project: Project) -> None:
    images(project, "data", "ab")
    project.write("data/a.txt", YOLO)
    project.write("data/classes.txt", "cat\ndog\n")


def yolo_of_darknet(project: Project) -> None:
    images(project, "obj_train_data", "a")
    project.write("obj_train_data/a.txt", YOLO)
    project.write("obj.names", "cat\n")


def yolo_without_names(project: Project) -> None:
    images(project, "images", "ab")
    project.write("labels/a.txt", YOLO)


def voc_boxes(project: Project) -> None:
    images(project, "VOC2012/JPEGImages", "ab")
    project.write("VOC2012/Annotations/a.xml", VOC)


def cvat(project: Project) -> None:
    images(project, "images", "a")
    project.write("annotations.xml", CVAT)


def label_studio(project: Project) -> None:
    images(project, "images", "a")
    project.write("export.json", LABEL_STUDIO)


def coco_in_folders(project: Project) -> None:
    images(project, "images/cam1", "a")
    images(project, "images/cam2", "b")
    for name in ("instances", "keypoints"):
        project.write(
            f"annotations/{name}.json",
            {
                "images": [
                    {"id": 1, "file_name": "cam1/a.png", "width": 4, "height": 3},
                    {"id": 2, "file_name": "cam2/b.png", "width": 4, "height": 3},
                ],
                "categories": [{"id": 1, "name": "cat"}],
                "annotations": [
                    {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2]},
                ],
            },
        )


def labels_in_parts(project: Project) -> None:
    for at, part in enumerate(["one", "two"]):
        images(project, f"{part}/images", "a")
        project.write(f"{part}/images/b.png", photo(7 + at))
        project.write(f"{part}/annotations/a.json", [BOX])


def labels_in_the_first_folder(project: Project) -> None:
    project.write("a.png", photo(1))
    project.write("a.json", [BOX])
    project.write("more/a.png", photo(2))


def labels_below_the_first_folder(project: Project) -> None:
    project.write("a.png", photo(1))
    project.write("more/a.png", photo(2))
    project.write("more/a.json", [BOX])


def frames_with_masks(project: Project) -> None:
    for number in range(2):
        project.write(f"videos/one/frame_{number}.png", photo(number))
        project.write(f"videos/masks/frame_{number}.png", photo(number))


def coco_of_roboflow(project: Project) -> None:
    for number, part in enumerate(["train", "valid"]):
        project.write(f"{part}/{part}.png", photo(number))
        listed = {"id": 1, "file_name": f"{part}.png", "width": 4, "height": 3}
        project.write(
            f"{part}/_annotations.coco.json",
            {"images": [listed], "categories": [{"id": 1, "name": "cat"}], "annotations": []},
        )


def pictures_of_other_kinds(project: Project) -> None:
    images(project, "images", "a")
    project.write("images/b.tif", b"II*\0")
    project.write("images/c.tif", b"II*\0")


def sidecars(project: Project) -> None:
    images(project, "data", "ab")
    project.write("data/a.json", {"EchoTime": 3})


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
        masked_in_parts("{}/images", "{}/masks"),
        [f"{part}/images/{name}.png" for part in ("train", "val") for name in "ab"],
        'mask: "val/masks/{stem}.png?"',
    ),
    "two parts below images and masks": (
        masked_in_parts("images/{}", "masks/{}"),
        [f"images/{part}/{name}.png" for part in ("train", "val") for name in "ab"],
        'mask: "masks/val/{stem}.png?"',
    ),
    "two parts, and masks for them": (
        masked_in_parts("{}", "masks/{}"),
        [f"{part}/{name}.png" for part in ("train", "val") for name in "ab"],
        'mask: "masks/train/{stem}.png?"',
    ),
    "two parts below images and masks, without a class map": (
        masks_below_without_a_map,
        [f"images/{part}/{name}.png" for part in ("train", "val") for name in "ab"],
        '- "masks/**"   # masks, by their names; declare the images with `mask: masks/train/{stem}',
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
    "YOLO in parts": (
        yolo_in_parts,
        [f"images/{part}/{name}.jpg" for part in ("train", "val") for name in "ab"],
        'file: "labels/val/{stem}.txt?", classes: ["tabby cat", "dog"]}',
    ),
    "YOLO of Roboflow": (
        yolo_of_roboflow,
        ["train/images/a.png", "valid/images/a.png"],
        'labels: {format: yolo, file: "train/labels/{stem}.txt?", classes: ["cat"]}',
    ),
    "YOLO beside images": (
        yolo_beside,
        ["data/a.png", "data/b.png"],
        'file: "{dir}/{stem}.txt?", classes: "data/classes.txt"}',
    ),
    "YOLO of Darknet": (yolo_of_darknet, ["obj_train_data/a.png"], 'classes: "obj.names"}'),
    "YOLO without names": (
        yolo_without_names,
        ["images/a.png", "images/b.png"],
        "# Left out: 1 label file of YOLO in labels/: nothing here says the names",
    ),
    "boxes of VOC": (
        voc_boxes,
        ["VOC2012/JPEGImages/a.png", "VOC2012/JPEGImages/b.png"],
        'labels: {format: voc, file: "VOC2012/Annotations/{stem}.xml?"}',
    ),
    "CVAT": (cvat, ["images/a.png"], "# Left out: annotations.xml, of CVAT: export from CVAT as"),
    "Label Studio": (
        label_studio,
        ["images/a.png"],
        "# Left out: export.json, of Label Studio: export from",
    ),
    "COCO twice, of images in folders": (
        coco_in_folders,
        ["cam1/a.png", "cam2/b.png"],
        "# Left out: annotations/keypoints.json has labels of images that others are of.",
    ),
    "labels in parts": (
        labels_in_parts,
        [f"{part}/images/{name}.png" for part in ("one", "two") for name in "ab"],
        'labels: "two/annotations/{stem}.json?"',
    ),
    "labels in the first folder": (
        labels_in_the_first_folder,
        ["a.png", "more/a.png"],
        'labels: "{stem}.json?"',
    ),
    "labels below the first folder": (
        labels_below_the_first_folder,
        ["a.png", "more/a.png"],
        'labels: "{dir}/{stem}.json?"',
    ),
    "frames beside their masks": (frames_with_masks, ["videos/one"], '- frames: "videos/one/"'),
    "COCO of Roboflow": (coco_of_roboflow, ["train.png", "valid.png"], 'images: "valid/"'),
    "pictures of other kinds": (
        pictures_of_other_kinds,
        ["images/a.png"],
        "# Left out: 2 .tif files: convert them to png or jpg.",
    ),
    "sidecars of other programs": (sidecars, ["data/a.png", "data/b.png"], 'glob: "**/*.png"'),
    "an export of a part of the images": (
        an_export_of_a_part,
        ["images/b.png", "images/c [1].png", "t"],
        '- "images/a.png"   # has its mask there',
    ),
    "an export of all images": (an_export_of_all, ["t", "u"], 'folder: "masks"'),
    "masks of another suffix": (
        masks_of_another_suffix,
        ["images/a.jpg", "images/b.jpg"],
        "# Left out: masks/**: masks, by their names; declare the images with `mask: masks/{stem}",
    ),
    "VOC of another encoding": (voc_in_latin, ["images/a.png"], "labels: {format: voc, file:"),
    "a list of Excel": (a_list_of_excel, ["one"], 'items_list: "list.csv"'),
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
    assert ran.json["warnings"] == []


def test_poses_of_yolo_are_declared_with_their_points(tmp_path: Path) -> None:
    project = Project(tmp_path / "data")
    yolo_of_poses(project)
    assert project.run("init").code == 0
    assert "keypoints: [2, 3]}" in (project.folder / "rbsync.yaml").read_text()
    done = project.apply()
    assert (done.code, done.last_line[:27]) == (0, "Apply complete: 1 created, ")
    assert "2 keypoints of the label files are left out: labels have no place" in done.err


def test_segmentations_of_scans_are_no_scans(tmp_path: Path) -> None:
    """nnU-Net's folders: the labels of scans are NIfTI files as well."""
    project = Project(tmp_path / "data")
    project.write("imagesTr/case_0000.nii.gz", b"\x1f\x8b")
    project.write("labelsTr/case.nii.gz", b"\x1f\x8b")
    project.run("init")
    text = (project.folder / "rbsync.yaml").read_text()
    assert '- "labelsTr/**"   # segmentations; a `series` takes them' in text


@pytest.mark.parametrize(
    ("scan", "segmentation", "pattern"),
    [
        ("BraTS_1/BraTS_1_flair.nii.gz", "BraTS_1/BraTS_1_seg.nii.gz", "**/*_seg.nii.gz"),
        ("volume-0.nii", "segmentation-0.nii", "**/segmentation-*.nii"),
        ("a/ct.nrrd", "a/ct-label.nrrd", "**/*-label.nrrd"),
    ],
)
def test_segmentations_beside_scans_are_no_scans(
    tmp_path: Path, scan: str, segmentation: str, pattern: str
) -> None:
    project = Project(tmp_path / "data")
    project.write(scan, b"")
    project.write(segmentation, b"")
    project.run("init")
    text = (project.folder / "rbsync.yaml").read_text()
    assert f'- "{pattern}"   # segmentations; a `series` takes them' in text
    assert "(1 when" in text


def test_more_series_than_anybody_writes_down_are_one_source(tmp_path: Path) -> None:
    """As archives lay them out: a folder for each patient, study and series."""
    project = Project(tmp_path / "data")
    for number in range(51):
        for at in range(2):
            slice_of = dicom(at, more={(0x0020, 0x000E): (b"UI", f"1.2.{number}")})
            project.write(f"LIDC/{number:04}/1.2/{number % 3}.9/1-{at}.dcm", slice_of)
    project.write("LIDC/LICENSE", "text")
    project.run("init")
    text = (project.folder / "rbsync.yaml").read_text()
    assert '- frames: "LIDC/*/*/*/"\n    pattern: "*.dcm"' in text
    ran = project.run("plan")
    assert ran.last_line.startswith("Plan: 51 to create, "), ran.err
    assert "warning" not in ran.err


def test_what_is_known_of_the_project_is_written_down(tmp_path: Path) -> None:
    project = Project(tmp_path / "here")
    org, other = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
    project.write("a.png", photo(1))
    home = tmp_path / "home"
    (home / ".redbrickai").mkdir(parents=True)
    (home / ".redbrickai/credentials").write_text(
        f"[default]\nprofile = me\n[me]\ntype = session\norg = {other}\nurl = https://x.example\n"
    )
    said = {"HOME": str(home), "VIRTUAL_ENV": ""}
    for config, written in (
        ("", (other, "${RB_PROJECT_ID}")),
        (f"[org]\nid = {org}\n[project]\nid = {other.upper()}\n", (org, other)),
        ("[org]\nid = ${X}\n[project]\nid = a: b\n", ("${RB_ORG_ID}", "${RB_PROJECT_ID}")),
        ("no INI", (other, "${RB_PROJECT_ID}")),
    ):
        project.write(".redbrick/config", config)
        assert project.run("init", "--force", **said).code == 0
        text = (project.folder / "rbsync.yaml").read_text()
        backend = "".join(one[2:] for one in text.splitlines(True) if one.startswith("#   "))
        found = yaml.safe_load(backend.partition("type:")[0])
        assert found == {
            "kind": "redbrick",
            "org_id": written[0],
            "project_id": written[1],
            "url": "https://x.example",
        }
        assert project.run("plan", **said).code == 0

"""Hints of files that other tools and people made, followed until there is nothing left to do."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.dicoms import dicom
from tests.hints.following import follows
from tests.scenarios.pictures import ONE, photo
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_hints import CLASS_MAP, GLOB, SCAN, SERIES, Advice, follow_in
from tests.scenarios.test_labels_of_other_tools import LABELME

POSE = "0 .5 .5 .4 .4 .5 .5 2 .4 .4 1\n"
FLAT = "0 .5 .5 .6 .52 .55 .7 .4 .74 .3 .6\n"
LIST = "datapoints:\n  - items_list: "
RESULTS = [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2], "score": 0.9}]
COCO: dict[str, Any] = {
    "images": [{"id": 1, "file_name": "a.png", "width": 4, "height": 3}],
    "categories": [{"id": 1, "name": "car"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2]}],
}
SMALL = {**LABELME, "imageHeight": 3, "imageWidth": 4, "shapes": []}
SLICES = {f"ct/{at}.dcm": dicom(at) for at in range(3)}
SEG = dicom(9, more={(8, 0x16): (b"UI", "1.2.840.10008.5.1.4.1.1.66.4")})
SERIES_OF = 'datapoints:\n  - {name: s, series: [{items: "ct/*"}]}\n'


def labelled(more: str) -> str:
    return f"{GLOB}, labels: {{{more}}}}}\n"


def yolo(more: str = "") -> str:
    return labelled(f'format: yolo, file: "labels/{{stem}}.txt?", classes: [car]{more}')


def turned(orientation: int) -> bytes:
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    Image.new("RGB", (4, 3), (9, 9, 9)).save(file, "JPEG", exif=exif)
    return file.getvalue()


def png(pixels: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(file, "PNG")
    return file.getvalue()


COLOURS = {0: (0, 0, 0), 1: (255, 0, 0), 2: (0, 255, 0)}
MASK = png([[COLOURS[int(one)] for one in row] for row in ONE])
ODD = "datapoints:\n  - glob: images/*\n"


def odd(data: bytes) -> dict[str, bytes]:
    """A file that is no picture, by the name of one."""
    return {"images/odd.png": data}


GONE = {"images/odd.png": None}
ADVICE = {
    "a format that is not read": Advice(
        "labels of other tools, such as CVAT: export them from there as COCO or Pascal VOC",
        labelled('format: cvat, file: "labels/{stem}.json?"'),
        labelled('format: labelme, file: "labels/{stem}.json?"'),
        files={"labels/a.json": SMALL},
    ),
    "a box of YOLO by its corner": Advice(
        "a line is `CLASS x y width height`, where x and y are the centre, in fractions",
        yolo(),
        files={"labels/a.txt": "0 0.9 0.5 0.9 0.5\n"},
        mended={"labels/a.txt": "0 0.5 0.5 0.9 0.5\n"},
    ),
    "a shape of labelme out of its picture": Advice(
        "correct the shape, or the picture's size in the file",
        labelled('format: labelme, file: "labels/{stem}.json?"'),
        files={
            "labels/a.json": {
                **SMALL,
                "shapes": [{"label": "car", "points": [[0, 0], [2, 2], [99, 1]]}],
            }
        },
        mended={"labels/a.json": SMALL},
    ),
    "poses of two points": Advice(
        "write `keypoints: [2, 3]` to take the boxes; `[0, 2]` for polygons",
        yolo(),
        yolo().replace("[car]", "[car], keypoints: [0, 2]"),
        files={"labels/a.txt": POSE},
        mended={"labels/a.txt": "0 .5 .5 .2 .2\n"},
    ),
    "a shape of poses that is none": Advice(
        "write it as `kpt_shape` has it, such as [17, 3]",
        yolo(", keypoints: [3, 17]"),
        yolo(", keypoints: [17, 3]"),
        files={"labels/a.txt": ""},
    ),
    "files of labelme under another name": Advice(
        'write `labels: {format: labelme, file: "labels/{stem}.json?"}`',
        labelled('format: voc, file: "labels/{stem}.json?"'),
        labelled('format: labelme, file: "labels/{stem}.json?"'),
        files={"labels/a.json": SMALL},
    ),
    "LabelObjects under another name": Advice(
        'write `labels: "labels/{stem}.json?"`',
        labelled('format: labelme, file: "labels/{stem}.json?"'),
        GLOB + ', labels: "labels/{stem}.json?"}\n',
        files={"labels/a.json": [BOX]},
    ),
    "a size that labelme left out": Advice(
        "write the picture's `imageHeight` and `imageWidth`, in pixels",
        labelled('format: labelme, file: "labels/{stem}.json?"'),
        files={"labels/a.json": {**SMALL, "imageHeight": None}},
        mended={"labels/a.json": SMALL},
    ),
    "a file of another picture": Advice(
        "look whether the labels are of that picture; else correct the name in the file",
        labelled('format: labelme, file: "labels/{stem}.json?"'),
        files={"labels/a.json": {**SMALL, "imagePath": "x.png"}},
        mended={"labels/a.json": SMALL},
    ),
    "a description of a data set": Advice(
        "write its `names` here: `classes: [NAME, …]`",
        yolo().replace("[car]", "data.yaml"),
        yolo(),
        files={"labels/a.txt": "0 .5 .5 .2 .2\n", "data.yaml": "names: [car]\n"},
    ),
    "results of COCO": Advice(
        "results name no images: put them as `annotations` beside the `images` and",
        GLOB + ", labels: results.json}\n",
        "masks:\n  - {coco: results.json, images: images/}\n",
        files={"results.json": RESULTS},
        mended={"results.json": COCO},
    ),
    "an image of COCO that is no datapoint": Advice(
        "images are found by their file names; name those files too, or take the images out",
        labelled("format: coco, file: coco.json"),
        files={"coco.json": json.loads(json.dumps(COCO).replace("a.png", "x.png"))},
        mended={"coco.json": COCO},
    ),
    "JSON Lines that are called JSON": Advice(
        "a file of an object a line is JSON Lines: give it the suffix `.jsonl`",
        LIST + "l.json\n",
        LIST + "l.jsonl\n",
        files={"l.json": '{"items": ["images/a.png"]}\n{"items": ["images/b.png"]}\n'},
        mended={"l.jsonl": '{"items": ["images/a.png"]}\n{"items": ["images/b.png"]}\n'},
    ),
    "a list with tabs": Advice(
        "rename it to .csv: columns that tabs separate are read too",
        LIST + "l.tsv\n",
        LIST + "l.csv\n",
        files={"l.tsv": "name\titem\na\timages/a.png\n"},
        mended={"l.csv": "name\titem\na\timages/a.png\n"},
    ),
    "JSON Lines of another name": Advice(
        "rename it to .jsonl, which is the same",
        LIST + "l.ndjson\n",
        LIST + "l.jsonl\n",
        files={"l.ndjson": '{"items": ["images/a.png"]}\n'},
        mended={"l.jsonl": '{"items": ["images/a.png"]}\n'},
    ),
    "a workbook": Advice(
        "save the sheet as CSV (UTF-8), and name that file",
        LIST + "l.xlsx\n",
        LIST + "l.csv\n",
        files={"l.xlsx": b"PK\x03\x04"},
        mended={"l.csv": "name,item\na,images/a.png\n"},
    ),
    "no space after a colon": Advice(
        "write a space after the colon: `glob: images/*.png`",
        "datapoints:\n  - glob:images/*.png\n",
        "datapoints:\n  - glob: images/*.png\n",
    ),
    "no space after a dash": Advice(
        "write a space after the dash: `- glob: …`",
        "datapoints:\n  -glob: images/*.png\n",
        "datapoints:\n  - glob: images/*.png\n",
    ),
    "no dash": Advice(
        "begin each source with a dash: `- glob: …`",
        "datapoints:\n  glob: images/*.png\n",
        "datapoints:\n  - glob: images/*.png\n",
    ),
    "a space that is none": Advice(
        "YAML is indented with spaces, and U+00A0 is none: type them anew",
        "datapoints:\n \u00a0- glob: images/*.png\n",
        "datapoints:\n  - glob: images/*.png\n",
    ),
    "a quote at the end": Advice(
        "at its end belongs to the text: begin it with one too",
        'datapoints:\n  - glob: images/*.png"\n',
        'datapoints:\n  - glob: "images/*.png"\n',
    ),
    "a quote within quotes": Advice(
        "a quote within a value ends it: put quotes of the other kind around the value",
        "datapoints:\n  - {name: 'it's', items: [images/a.png]}\n",
        'datapoints:\n  - {name: "it\'s", items: [images/a.png]}\n',
    ),
    "a colour of six letters": Advice(
        'put quotes around it: "#a.png"',
        "datapoints:\n  - {name: a, items: [#a.png]}\n",
        'datapoints:\n  - {name: a, items: ["#a.png"]}\n',
        files={"#a.png": photo(5)},
    ),
    "a segmentation of DICOM": Advice(
        "convert a DICOM segmentation, for example: `segimage2itkimage --inputDICOM FILE",
        SERIES + "segmentations: seg.dcm, segment_map: {1: car}}]\n",
        SERIES + "segmentations: liver.nii, segment_map: {1: car}}]\n",
        kind="DICOM_SEGMENTATION",
        files={**SCAN, "seg.dcm": SEG},
    ),
    "a segmentation among slices": Advice(
        "leave it out: write `ct/seg.dcm` as a line into `.rbsyncignore`",
        SERIES_OF,
        kind="DICOM_SEGMENTATION",
        files={**SLICES, "ct/seg.dcm": SEG},
        mended={".rbsyncignore": "ct/seg.dcm\n"},
    ),
    "a mask of the unturned image": Advice(
        "take the orientation out of the image (`exiftool -Orientation= FILE`), or turn the mask",
        'masks:\n  - {glob: masks/c.png, image: "images/{stem}.jpg", class_map: map.json}\n',
        files={"map.json": CLASS_MAP, "masks/c.png": MASK, "images/c.jpg": turned(6)},
        mended={"images/c.jpg": turned(1)},
    ),
    "JPEG 2000 among images": Advice(
        "convert it to PNG, for example: `magick IN OUT.png`",
        ODD,
        files=odd(b"\0\0\0\x0cjP  \r\n\x87\n"),
        mended=GONE,
    ),
    "Windows Media among images": Advice(
        "convert it: `ffmpeg -i IN -c:v libx264 OUT.mp4`",
        ODD,
        files=odd(b"0&\xb2u\x8ef\xcf\x11"),
        mended=GONE,
    ),
    "MetaImage among images": Advice(
        "save it as NIfTI (.nii.gz) or NRRD, or its slices as PNG",
        ODD,
        files=odd(b"ObjectType = Image\n"),
        mended=GONE,
    ),
    "7-Zip among images": Advice(
        "unpack it and declare the files in it", ODD, files=odd(b"7z\xbc\xaf\x27\x1c"), mended=GONE
    ),
    "git-annex among images": Advice(
        "the file itself is not here: run `git annex get`",
        ODD,
        files=odd(b"/annex/objects/MD5E-s1--x.png\n"),
        mended=GONE,
    ),
    "DVC among images": Advice(
        "the file itself is not here: run `dvc pull`",
        ODD,
        files=odd(b"outs:\n- md5: 0123\n"),
        mended=GONE,
    ),
    "Git LFS among images": Advice(
        "the file itself is not here: run `git lfs pull`",
        ODD,
        files=odd(b"version https://git-lfs.github.com/spec/v1\n"),
        mended=GONE,
    ),
    "an answer of S3 among images": Advice(
        "leave it out; where an answer of a server was saved in its place, download it again",
        ODD,
        files=odd(b"<?xml version='1.0'?><Error/>"),
        mended=GONE,
    ),
    "a web page among images": Advice(
        "a web page was saved in place of the file: download it again, logged in",
        ODD,
        files=odd(b"<!DOCTYPE html>"),
        mended=GONE,
    ),
    "a text among images": Advice(
        "leave it out: with `exclude`, or with a line in `.rbsyncignore`",
        ODD,
        files=odd(b"to do: label"),
        mended=GONE,
    ),
    "an empty file among images": Advice("copy the file again", ODD, files=odd(b""), mended=GONE),
    "a PDF among images": Advice(
        "convert its pages to PNG, for example: `pdftoppm -png IN OUT`",
        ODD,
        files=odd(b"%PDF-1.7\n"),
        mended=GONE,
    ),
    "a word that YAML knows": Advice(
        "quote it if the word itself is meant",
        "datapoints:\n  - {name: null, items: [images/a.png]}\n",
        'datapoints:\n  - {name: "null", items: [images/a.png]}\n',
    ),
    "a list where a text belongs": Advice(
        'write one text, or put quotes around it: "[a]"',
        "datapoints:\n  - {name: [a], items: [images/a.png]}\n",
        "datapoints:\n  - {name: a, items: [images/a.png]}\n",
    ),
}


@pytest.mark.parametrize("kind", ADVICE)
def test_the_hint_is_followed_and_the_command_succeeds(project: Project, kind: str) -> None:
    follow_in(project, ADVICE[kind])


NEAR = {
    "labels of the next image": ('labels: "labels/{stem}.json"', "labels/image_004.json"),
    "a mask of the next image": (
        'mask: "masks/{stem}.png", class_map: map.json',
        "masks/image_004.png",
    ),
}


@pytest.mark.parametrize("kind", NEAR)
def test_nobody_is_led_to_what_belongs_to_another_image(project: Project, kind: str) -> None:
    """Who followed such a guess would have the labels of one image on another."""
    setting, near = NEAR[kind]
    for number in (3, 4):
        project.write(f"images/image_00{number}.png", photo(number))
    project.write(near, MASK if near.endswith("png") else [BOX])
    project.write("map.json", CLASS_MAP)
    project.manifest(
        "project: {type: IMAGE_MULTI, taxonomy: [car, bus]}\n"
        f"datapoints:\n  - {{glob: images/*.png, {setting}}}\n"
    )
    ran = project.run("plan")
    assert ran.code == 65
    missing = near.replace("004", "003")
    assert f"there is no file `{missing}`" in ran.err
    assert "did you mean" not in ran.err


def test_short_names_are_not_alike_by_their_suffix(project: Project) -> None:
    project.write("seg/b.nii", SCAN["liver.nii"])
    project.write("ct.nii", SCAN["ct.nii"])
    project.manifest(
        "project: {type: DICOM_SEGMENTATION, taxonomy: [car]}\n"
        + SERIES
        + "segmentations: {car: seg/a.nii}}]\n"
    )
    ran = project.run("plan")
    assert ran.code == 65
    assert "there is no file `seg/a.nii`" in ran.err
    assert "did you mean" not in ran.err


def boxes(project: Project) -> list[str]:
    assert project.run("export", "labels", "out.json", "--force").code == 0
    tasks = json.loads((project.folder / "out.json").read_text())
    return [key for task in tasks for label in task["labels"] for key in label if key != "category"]


@follows("to take the boxes; `[0, 2]` for polygons")
@pytest.mark.parametrize(("keypoints", "shape"), [("[2, 3]", "bbox2d"), ("[0, 2]", "polygon")])
def test_lines_that_seem_to_be_poses(project: Project, keypoints: str, shape: str) -> None:
    """They are refused until somebody says what they are, and then taken as that."""
    project.write("images/a.png", photo(1))
    project.write("labels/a.txt", POSE.replace(" 2 ", " 1 "))
    head = "project: {type: IMAGE_MULTI, taxonomy: [car]}\n"
    project.manifest(head + yolo())
    ran = project.run("plan")
    assert ran.code == 65
    assert (
        "labels/a.txt:1:1: these lines seem to be poses: a box and 2 points of 3 numbers each\n"
        "    write `keypoints: [2, 3]` to take the boxes; `[0, 2]` for polygons"
    ) in ran.err
    project.manifest(head + yolo(f", keypoints: {keypoints}"))
    done = project.apply()
    assert done.code == 0, done.err
    assert ("2 keypoints of the label files are left out" in done.err) == (shape == "bbox2d")
    assert shape in boxes(project)
    assert project.apply().last_line.startswith("No changes.")


@follows("for poses write `keypoints: [HOW MANY, 2]` into `labels`")
@pytest.mark.parametrize(("keypoints", "shape"), [("[3, 2]", "bbox2d"), ("[0, 2]", "polygon")])
def test_polygons_that_may_be_poses(project: Project, keypoints: str, shape: str) -> None:
    project.write("images/a.png", photo(1))
    project.write("labels/a.txt", FLAT)
    head = "project: {type: IMAGE_MULTI, taxonomy: [car]}\n"
    project.manifest(head + yolo())
    ran = project.run("plan")
    assert ran.code == 0, ran.err
    assert "the polygons of `labels/a.txt` may be poses" in ran.err
    project.manifest(head + yolo(f", keypoints: {keypoints}"))
    done = project.apply()
    assert "may be poses" not in done.err
    assert shape in boxes(project)


@follows("correct `keypoints`, or the line")
def test_poses_of_another_number_of_points(project: Project) -> None:
    project.write("images/a.png", photo(1))
    project.write("labels/a.txt", POSE)
    head = "project: {type: IMAGE_MULTI, taxonomy: [car]}\n"
    project.manifest(head + yolo(", keypoints: [17, 3]"))
    ran = project.run("plan")
    assert ran.code == 65
    assert "labels/a.txt:1:1: this line has 10 numbers, and not a box and 17 points" in ran.err
    project.manifest(head + yolo(", keypoints: [2, 3]"))
    assert project.apply().code == 0

"""Hints of files, labels and their spelling, followed until there is nothing left to do."""

from __future__ import annotations

import gzip
import io
import json
import unicodedata
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from tests.hints.following import follows
from tests.scenarios.pictures import ONE, photo
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_hints import (
    BINARY,
    CLASS_MAP,
    FOLDER,
    GLOB,
    MASKS,
    SCAN,
    SERIES,
    Advice,
    follow_in,
    nifti,
)
from tests.scenarios.test_hints_of_manifests import LABELLED, advice_of_labels
from tests.scenarios.test_masks_of_images import mask

EXPORTED = {"masks/class_map.json": CLASS_MAP, "masks/a.png": mask()}
TRACKED = {**BOX, "frameindex": 0, "trackid": "1", "keyframe": True, "end": True}
FRAMES = 'datapoints:\n  - {frames: videos/*/, labels: "labels/{file}.json"}\n'


def named(name: str) -> list[Any]:
    return [{**BOX, "category": [["object", name]]}]


def drawn(values: Any, mode: str = "") -> bytes:
    file = io.BytesIO()
    picture = Image.fromarray(np.asarray(values, np.uint8))
    (picture.convert(mode) if mode else picture).save(file, "PNG")
    return file.getvalue()


def shaded() -> bytes:
    """A picture of twelve colours, none of them of a class."""
    return drawn([[[20 * at, 100, 100] for at in range(row, row + 4)] for row in (0, 4, 8)])


def soft() -> bytes:
    """A binary mask with edges between black and white."""
    return drawn([[0, 60, 250, 255], [0, 70, 255, 255], [0, 0, 240, 255]], "RGB")


def aside() -> bytes:
    """A segmentation half a voxel beside its scan."""
    voxels, affine = np.zeros((4, 3, 2), np.uint8), np.eye(4)
    voxels[0, 0, 0], affine[0, 3] = 1, 0.5
    data: bytes = nibabel.Nifti1Image(voxels, affine).to_bytes()
    return data


def soft_in_alpha(outside: int) -> bytes:
    """A mask whose shape lies in the alpha channel, with soft edges."""
    pixels = np.full((*ONE.shape, 4), 255, np.uint8)
    pixels[ONE == 0, :3], pixels[ONE == 0, 3] = outside, 0
    pixels[0, 0, 3], pixels[0, 1, 3] = 100, 200
    return drawn(pixels)


ADVICE = {
    "another Unicode form": Advice(
        "is written with other code points there: copy it from there",
        "project: {type: IMAGE_MULTI, taxonomy: [Möwe]}\n" + LABELLED,
        files={"labels/a.json": named(unicodedata.normalize("NFD", "Möwe"))},
        mended={"labels/a.json": named("Möwe")},
    ),
    "a category that is misspelt": advice_of_labels('did you mean "car"', [BOX], named("cra")),
    "a folder of labels that is misspelt": Advice(
        "did you mean `labels/`?",
        LABELLED.replace("labels/", "lables/"),
        LABELLED,
        files={"labels/a.json": [BOX]},
    ),
    "a path of Windows": Advice(
        "write / between folders: `images/*.png`",
        "datapoints:\n  - glob: images\\*.png\n",
        "datapoints:\n  - glob: images/*.png\n",
    ),
    "another suffix than the content": Advice(
        "rename it to `images/c.png`",
        "datapoints:\n  - glob: images/*\n",
        files={"images/c.jpg": photo(9)},
        mended={"images/c.jpg": None, "images/c.png": photo(9)},
    ),
    "a background of another colour": Advice(
        "if it is background, write `ignore_colors: [[0, 0, 0], [9, 9, 9]]`",
        MASKS + "}\n",
        MASKS + ", ignore_colors: [[0, 0, 0], [9, 9, 9]]}\n",
        files={
            "map.json": {**json.loads(CLASS_MAP), "background": [9, 9, 9]},
            "masks/a.png": mask(),
        },
        mended={"map.json": CLASS_MAP},
    ),
    "a background of another number": Advice(
        "if it is background, write `ignore_values: ",
        MASKS + ", format: indexed}\n",
        MASKS + ", format: indexed, ignore_values: [0, 9]}\n",
        files={
            "map.json": {"car": 1, "bus": 2, "background": 9},
            "masks/a.png": drawn(np.where(ONE == 0, 9, ONE)),
        },
        mended={"map.json": {"car": 1, "bus": 2}},
    ),
    "a background of files of its own": Advice(
        'leave its files out, for example: `exclude: ["**/background.png"]`',
        BINARY + "}\n",
        BINARY + ', exclude: ["**/background.png"]}\n',
        files={
            "masks/a/car.png": drawn(255 * (ONE == 1)),
            "masks/a/background.png": drawn(255 * (ONE == 0)),
        },
    ),
    "a segmentation of another place": Advice(
        "where the files are right as they are, write `grid: trust` beside `segmentations`",
        SERIES + "segmentations: moved.nii, segment_map: {1: car}}]\n",
        SERIES + "segmentations: moved.nii, segment_map: {1: car}, grid: trust}]\n",
        kind="DICOM_SEGMENTATION",
        files={**SCAN, "moved.nii": aside()},
    ),
    "a picture that is cut off": Advice(
        "copy or export the file again",
        GLOB + "}\n",
        files={"images/c.png": photo(9)[:-40]},
        mended={"images/c.png": photo(9)},
    ),
    "a scan that is cut off": Advice(
        "copy or export the file again",
        "datapoints:\n  - {name: s, series: [{items: ct.nii.gz}]}\n",
        kind="DICOM_SEGMENTATION",
        files={"ct.nii.gz": gzip.compress(nifti())[:-9]},
        mended={"ct.nii.gz": gzip.compress(nifti())},
    ),
    "labels in a project without any": Advice(
        "this type holds no labels: leave them out",
        LABELLED,
        GLOB + "}\n",
        kind="IMAGE_ITEMS",
        files={"labels/a.json": [BOX]},
    ),
    "labels of a video without a frame": Advice(
        "labels of a video need it",
        FRAMES,
        kind="VIDEO_MULTI",
        files={"videos/v/1.png": photo(3), "labels/v.json": [BOX]},
        mended={"labels/v.json": [TRACKED]},
    ),
    "labels of an image with a frame": advice_of_labels(
        "only labels of a video have it", [BOX], [{**BOX, "frameindex": 0}]
    ),
    "a category twice": Advice(
        "remove one of them",
        "project: {type: IMAGE_MULTI, taxonomy: t.json}\n" + GLOB + "}\n",
        files={"t.json": ["car", "car"]},
        mended={"t.json": ["car"]},
    ),
    "a key twice": Advice("keep one of them", GLOB + ', name: "{path}"}\n', GLOB + "}\n"),
    "a star without quotes": Advice(
        "for text that begins with `*`, put quotes around it",
        "datapoints:\n  - name: a\n    items: [images/a.png]\n    metadata: {by: *me}\n",
        'datapoints:\n  - name: a\n    items: [images/a.png]\n    metadata: {by: "*me"}\n',
    ),
    "a tab": Advice(
        "YAML is indented with spaces; this line has a tab",
        'datapoints:\n  - glob: "images/*.png"\n\tname: "{stem}"\n',
        'datapoints:\n  - glob: "images/*.png"\n    name: "{stem}"\n',
    ),
    "a soft shape in alpha": Advice(
        "write `alpha: mask` and `threshold: 128` to take it from there",
        BINARY + "}\n",
        BINARY + ", alpha: mask, threshold: 128}\n",
        files={"masks/a/car.png": soft_in_alpha(255)},
    ),
    "a shape that is partly transparent": Advice(
        "`alpha: mask` and `threshold: 128` where the alpha channel has the shape",
        BINARY + "}\n",
        BINARY + ", alpha: mask, threshold: 128}\n",
        files={"masks/a/car.png": soft_in_alpha(0)},
    ),
    "a mask of very many colours": Advice(
        "so many colours mean smoothing or JPEG compression somewhere",
        MASKS + "}\n",
        files={"map.json": CLASS_MAP, "masks/a.png": shaded()},
        mended={"masks/a.png": mask()},
    ),
    "a soft mask of one class": Advice(
        "` splits them",
        MASKS + "}\n",
        MASKS + ", threshold: 150}\n",
        files={"map.json": {"car": [255, 255, 255]}, "masks/a.png": soft()},
    ),
    "an image that an export does not have": Advice(
        "datapoint_map.json says `c.png`; add it, or `images`",
        FOLDER + "}\n",
        files={**EXPORTED, "masks/datapoint_map.json": {"a.png": "c.png"}},
        mended={"images/c.png": photo(9)},
    ),
    "an image of an export that is there twice": Advice(
        "datapoint_map.json says `c.png`; write more of the path",
        FOLDER + "}\n",
        files={
            **EXPORTED,
            "masks/datapoint_map.json": {"a.png": "c.png"},
            "images/one/c.png": photo(8),
            "images/two/c.png": photo(9),
        },
        mended={"masks/datapoint_map.json": {"a.png": "two/c.png"}},
    ),
    "a command for the key": Advice(
        "it belongs in your own configuration, ",
        "backend: {kind: local, api_key_command: hunter2}\n" + GLOB + "}\n",
        GLOB + "}\n",
    ),
    "a folder that is misspelt": Advice(
        "did you mean `images/`?",
        'datapoints:\n  - glob: "imgaes/*.png"\n',
        'datapoints:\n  - glob: "images/*.png"\n',
    ),
    "quotes of a word processor": Advice(
        "is no quote of YAML, and belongs to the text: write \" or '",
        "datapoints:\n  - glob: “images/*.png”\n",
        'datapoints:\n  - glob: "images/*.png"\n',
    ),
    "a folder with brackets": Advice(
        "for a folder with brackets in its name write `images [[]1]/*.png`",
        'datapoints:\n  - glob: "images [1]/*.png"\n',
        'datapoints:\n  - glob: "images [[]1]/*.png"\n',
        files={"images [1]/c.png": photo(9)},
    ),
    "a file with brackets": Advice(
        "for a file with brackets in its name write `images/c [[]1].png`",
        'datapoints:\n  - glob: "images/c [1].png"\n',
        'datapoints:\n  - glob: "images/c [[]1].png"\n',
        files={"images/c [1].png": photo(9)},
    ),
}


@pytest.mark.parametrize("kind", ADVICE)
def test_the_hint_is_followed_and_the_command_succeeds(project: Project, kind: str) -> None:
    follow_in(project, ADVICE[kind])


@follows("`rbsync apply --keep-going` does the others")
def test_the_others_are_done(project: Project) -> None:
    project.write("images/a.png", photo(1))
    project.write("images/b.png", photo(2)[:-40])
    project.manifest('datapoints:\n  - glob: "images/*.png"\n')
    assert "`rbsync apply --keep-going` does the others" in project.run("apply", "--yes").err
    ran = project.run("apply", "--yes", "--keep-going")
    assert "1 created" in ran.last_line
    assert project.names() == ["images/a.png"]


@follows("save it as UTF-8", "save the file as UTF-8")
@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-16", "save it as UTF-8"), ("latin-1", "save the file as UTF-8")],
)
def test_a_manifest_in_another_encoding(project: Project, encoding: str, said: str) -> None:
    text = 'version: 1 # für uns\ndatapoints:\n  - {glob: "*.png", name: "{stem}"}\n'
    project.write("a.png", photo(1))
    project.write("rbsync.yaml", text.encode(encoding))
    assert said in project.run("plan").err
    project.write("rbsync.yaml", text)
    assert project.apply().code == 0

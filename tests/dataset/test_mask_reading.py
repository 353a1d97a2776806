"""Which masks are decoded: those that nobody has decoded yet, and no others."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rbsync.dataset.build import build
from rbsync.dataset.mask_inspection import inspect_mask
from rbsync.errors import UserError
from rbsync.manifest.load import load_manifest
from rbsync.model.datapoint import Dataset
from rbsync.sync.workspace import open_workspace
from tests.dataset.noting import Noting
from tests.masks.pictures import painted, png

CLASSES = {"car": [255, 0, 0], "bus": [0, 255, 0]}
MANIFEST = """\
version: 1
masks:
  - glob: masks/*.png
    image: "images/{stem}.png"
    class_map: class_map.json
"""


def picture(number: int) -> np.ndarray[Any, Any]:
    index = np.zeros((4, 5), np.uint8)
    index[0, number] = 1
    return index


class Folder:
    """A manifest's folder of three masks; ``decoded`` is what the last reading looked at."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.decoded: list[str] = []
        (path / "rbsync.yaml").write_text(MANIFEST)
        self.class_map(CLASSES)
        for number, name in enumerate("xyz"):
            self.write(f"images/{name}.png", png(np.full((4, 5, 3), number, np.uint8)))
            self.mask(name, picture(number))

    def write(self, name: str, data: bytes) -> None:
        file = self.path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)

    def mask(self, name: str, index: np.ndarray[Any, Any], **options: Any) -> None:
        colours = {one: (r, g, b) for one, (r, g, b) in CLASSES.items()}
        self.write(f"masks/{name}.png", png(painted(index, colours), **options))

    def class_map(self, classes: dict[str, list[int]]) -> None:
        self.write("class_map.json", json.dumps(classes).encode())

    def read(self) -> Dataset:
        self.decoded = []
        manifest = load_manifest(self.path / "rbsync.yaml")
        with open_workspace(manifest) as workspace:
            noting = Noting(workspace.inputs.executor, inspect_mask, self.decoded)
            inputs = replace(workspace.inputs, open_executor=lambda: noting)
            return build(manifest, inputs, project_type="", taxonomy=workspace.taxonomy)

    def labels(self) -> dict[str, str]:
        return {one.name: one.fingerprint.labels for one in self.read().datapoints}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_masks_are_decoded_once(folder: Folder) -> None:
    first = folder.read()
    assert sorted(folder.decoded) == [f"masks/{name}.png" for name in "xyz"]
    assert folder.read() == first
    assert folder.decoded == []


def test_one_changed_mask_is_the_only_one_that_is_decoded_again(folder: Folder) -> None:
    before = folder.labels()
    folder.mask("y", picture(4))
    after = folder.labels()
    assert folder.decoded == ["masks/y.png"]
    assert [name for name in before if before[name] != after[name]] == ["y"]


def test_other_bytes_of_the_same_picture_are_decoded_and_mean_the_same(folder: Folder) -> None:
    before = folder.labels()
    folder.mask("y", picture(1), compress_level=0)
    assert folder.labels() == before
    assert folder.decoded == ["masks/y.png"]


def test_another_class_map_means_looking_again(folder: Folder) -> None:
    before = folder.labels()
    folder.class_map({"lorry": CLASSES["car"], "bus": CLASSES["bus"]})
    after = folder.labels()
    assert sorted(folder.decoded) == [f"masks/{name}.png" for name in "xyz"]
    assert all(after[name] != before[name] for name in "xyz")


def test_equal_masks_are_decoded_once(folder: Folder) -> None:
    for name in "xyz":
        folder.mask(name, picture(0))
    assert len(set(folder.labels().values())) == 1
    assert len(folder.decoded) == 1


def test_what_is_wrong_is_told_again_and_decoded_again(folder: Folder) -> None:
    folder.write("masks/y.png", b"no picture")
    for _ in range(2):
        with pytest.raises(UserError, match="this is not a PNG file"):
            folder.read()
        assert "masks/y.png" in folder.decoded


def told(folder: Folder) -> list[str]:
    """What a reading says is wrong."""
    with pytest.raises(UserError) as caught:
        folder.read()
    return [one.message for one in caught.value.problems]


def test_equal_masks_that_are_wrong_are_each_told_by_their_own_name(folder: Folder) -> None:
    for name in "xz":
        folder.write(f"masks/{name}.png", b"no picture")
    assert told(folder) == [f"masks/{name}.png: this is not a PNG file" for name in "xz"]
    assert sorted(folder.decoded) == ["masks/x.png", "masks/y.png", "masks/z.png"]


def test_equal_images_that_are_wrong_are_each_told_by_their_own_name(folder: Folder) -> None:
    for name in "xz":
        folder.write(f"images/{name}.png", png(np.zeros((4, 5, 3), np.uint8))[:20])
    assert told(folder) == [
        f"images/{name}.png: this PNG file is broken: it is cut off: its chunk IHDR would end at "
        "byte 33, and the file has 20"
        for name in "xz"
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"no picture", "the file is of a kind that is not known; accepted are "),
        (bytes(128) + b"DICM", "the file is a DICOM file by its content, but its suffix is `.png`"),
        (png(np.zeros((4, 5, 3), np.uint8))[:20], "this PNG file is broken: it is cut off: "),
    ],
)
def test_an_image_that_is_wrong_is_one_problem(folder: Folder, data: bytes, said: str) -> None:
    folder.write("images/y.png", data)
    (problem,) = told(folder)
    assert problem.startswith(f"images/y.png: {said}")


def test_an_image_with_the_suffix_of_another_has_a_size_all_the_same(folder: Folder) -> None:
    jpeg = io.BytesIO()
    Image.new("RGB", (6, 4)).save(jpeg, "JPEG")
    folder.write("images/y.png", jpeg.getvalue())
    assert told(folder) == [
        "masks/y.png: the mask is 5 x 4 pixels, but its image is 6 x 4",
        "images/y.png: the file is a JPEG file by its content, but its suffix is `.png`",
    ]


def test_a_mask_with_nothing_in_it_is_remembered_too(folder: Folder) -> None:
    folder.mask("y", np.zeros((4, 5), np.uint8))
    assert folder.labels()["y"] == ""
    again = folder.read()
    assert folder.decoded == []
    assert [one.code for one in again.warnings] == ["empty-mask"]


def test_an_image_of_another_size_is_seen_without_decoding_its_mask(folder: Folder) -> None:
    folder.read()
    folder.write("images/z.png", png(np.zeros((4, 6, 3), np.uint8)))
    with pytest.raises(UserError, match="the mask is 5 x 4 pixels, but its image is 6 x 4"):
        folder.read()
    assert folder.decoded == []

"""COCO annotations from the command line: run-length codes there and back, and hostile files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from tests.scenarios.pictures import photo
from tests.scenarios.project import Project, ended

# pycocotools 2.0.11 has not yet the newest signature of __array__.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NO_CHANGES = "No changes. The project matches the manifest."
HEAD = "project: {type: IMAGE_SEGMENTATION, taxonomy: [car, bus]}\n"
PLACE = "rbsync.yaml:4:12: "
SQUARE = [[0, 0, 2, 0, 2, 2, 0, 2]]
SECONDS = 20.0
"""A generous bound on what takes a second."""


def annotation(number: int, image: int, category: int, shape: Any) -> dict[str, Any]:
    return {
        "id": number,
        "image_id": image,
        "category_id": category,
        "segmentation": shape,
        "iscrowd": int(isinstance(shape, dict)),
    }


def document(*annotations: dict[str, Any], width: Any = 4, height: Any = 3) -> dict[str, Any]:
    """Two images, 5 and 6, and the categories 8, car, and 9, bus."""
    size = {"width": width, "height": height}
    return {
        "images": [
            {"id": 5, "file_name": "x.png", **size},
            {"id": 6, "file_name": "y.png", **size},
        ],
        "categories": [{"id": 8, "name": "car"}, {"id": 9, "name": "bus"}],
        "annotations": list(annotations),
    }


def write(project: Project, content: dict[str, Any], keys: str = "images: images") -> None:
    project.write("coco.json", content)
    project.manifest(HEAD + f"masks:\n  - {{coco: coco.json, {keys}}}\n")


@pytest.fixture
def pictures(tmp_path: Path) -> Project:
    """Two images of 4 x 3."""
    made = Project(tmp_path / "data")
    for number, name in enumerate("xy"):
        made.write(f"images/{name}.png", photo(number))
    return made


def test_run_length_codes_there_and_back(pictures: Project) -> None:
    ring = np.array([[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0]], np.uint8)
    code = coco_mask.encode(np.asfortranarray(ring))
    compressed = {"size": code["size"], "counts": code["counts"].decode()}
    runs = {"size": [3, 4], "counts": [9, 3]}
    content = document(
        annotation(1, 5, 8, compressed), annotation(2, 5, 9, runs), annotation(3, 6, 8, SQUARE)
    )
    write(pictures, content)
    assert pictures.actions() == ["create x.png", "create y.png"]
    assert pictures.apply().last_line == (
        "Apply complete: 2 created, 0 updated, 0 deleted, 0 failed."
    )
    assert pictures.run("plan").last_line == NO_CHANGES
    assert pictures.run("export", "masks", "out").code == 0
    colours = json.loads((pictures.folder / "out/class_map.json").read_text())
    car, bus = colours["car"], colours["bus"]
    with Image.open(pictures.folder / "out/x.png.png") as mask:
        shown = np.asarray(mask)
    assert ((shown == car).all(axis=2) == ring).all()
    assert (shown[:, 3] == bus).all()
    assert pictures.run("export", "labels", "labels.json").code == 0
    made = json.loads((pictures.folder / "labels.json").read_text())
    assert made[0]["labels"][0]["pixel"] == {
        "imagesize": [4, 3],
        "regions": [[[0, 0], [3, 0], [3, 3], [0, 3]]],
        "holes": [[[1, 1], [1, 2], [2, 2], [2, 1]]],
    }


def test_a_changed_outline_is_noticed_whatever_its_category_is_called(pictures: Project) -> None:
    content = document(annotation(1, 5, 8, SQUARE), annotation(2, 6, 8, SQUARE))
    content["categories"][0]["name"] = "null"
    write(pictures, content)
    pictures.manifest((pictures.folder / "rbsync.yaml").read_text()[11:].replace("car", '"null"'))
    assert pictures.apply().code == 0
    content["annotations"][0]["segmentation"] = [[0, 0, 3, 0, 3, 3, 0, 3]]
    pictures.write("coco.json", content)
    assert pictures.actions() == ["update x.png labels"]


def test_other_codes_of_the_same_pixels_are_unchanged(pictures: Project) -> None:
    write(pictures, document(annotation(1, 5, 8, SQUARE)))
    assert pictures.apply().code == 0
    write(pictures, document(annotation(7, 5, 8, {"size": [3, 4], "counts": [0, 2, 1, 2, 7]})))
    assert pictures.run("plan").last_line == NO_CHANGES
    write(pictures, document(annotation(7, 5, 8, {"size": [3, 4], "counts": [0, 2, 1, 3, 6]})))
    assert pictures.actions() == ["update x.png labels"]


class TestDeclaredSizes:
    def test_are_those_of_the_images(self, pictures: Project) -> None:
        write(pictures, document(annotation(1, 5, 8, SQUARE), width=5))
        ran = pictures.run("plan")
        assert (ran.code, ran.err.splitlines()) == (
            65,
            [
                PLACE + "coco.json: it says that `images/x.png` is 5 x 3 pixels, but it is 4 x 3",
                "    take the image that was annotated, or scale the annotations to this one",
                "1 problem; nothing was sent.",
                "hint: `rbsync apply --keep-going` does the others",
            ],
        )

    @pytest.mark.parametrize("orientation", [5, 6, 7, 8])
    def test_of_a_turned_photograph_are_told_with_what_makes_the_labels_right(
        self, pictures: Project, orientation: int
    ) -> None:
        exif = Image.Exif()
        exif[274] = orientation
        turned = photo(3, (4, 3), format="JPEG", exif=exif)
        pictures.write("images/x.jpg", turned)
        content = document(annotation(1, 5, 8, SQUARE))
        content["images"] = [{**content["images"][0], "file_name": "x.jpg"}]
        write(pictures, content)
        ran = pictures.run("plan")
        assert ran.code == 65
        assert "take the orientation out of the picture (`exiftool -Orientation= FILE`)" in ran.err
        assert "correct its size" not in ran.err
        # As exiftool does: the pixels stay, and the mark goes.
        pictures.write("images/x.jpg", photo(3, (4, 3), format="JPEG"))
        assert pictures.apply().last_line.startswith("Apply complete: 1 created")
        assert pictures.run("export", "labels", "labels.json").code == 0
        (made,) = json.loads((pictures.folder / "labels.json").read_text())
        assert made["labels"][0]["pixel"]["imagesize"] == [4, 3]

    def test_of_one_image_stop_no_other(self, pictures: Project) -> None:
        pictures.write("images/y.png", photo(3, (3, 4)))
        write(pictures, document(annotation(1, 5, 8, SQUARE), annotation(2, 6, 8, SQUARE)))
        assert pictures.apply("--keep-going").last_line == (
            "Apply complete: 1 created, 0 updated, 0 deleted, 0 failed, 1 blocked."
        )
        assert pictures.names() == ["x.png"]

    def test_are_compared_again_when_the_image_changes(self, pictures: Project) -> None:
        write(pictures, document(annotation(1, 5, 8, SQUARE)))
        assert pictures.apply().code == 0
        pictures.write("images/x.png", photo(3, (8, 6)))
        assert "is 4 x 3 pixels, but it is 8 x 6" in pictures.run("plan").err

    def test_do_not_matter_where_there_are_no_labels(self, pictures: Project) -> None:
        write(pictures, document(width=5))
        assert pictures.apply().code == 0

    def test_are_believed_of_images_elsewhere(self, pictures: Project) -> None:
        keys = "images: https://example.org/, storage: public"
        write(pictures, document(annotation(1, 5, 8, SQUARE), width=500), keys)
        assert pictures.apply().code == 0

    def test_are_those_of_photographs_as_they_are_shown(self, pictures: Project) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        pictures.write("images/t.jpg", photo(1, (3, 4), format="JPEG", exif=exif))
        content = document(annotation(1, 5, 8, SQUARE))
        content["images"][0]["file_name"] = "t.jpg"
        write(pictures, content)
        assert pictures.apply().code == 0

    def test_of_an_image_that_is_damaged(self, pictures: Project) -> None:
        pictures.write("images/x.png", photo(1)[:20])
        write(pictures, document(annotation(1, 5, 8, SQUARE)))
        assert "images/x.png: this PNG file is broken: it is cut off" in pictures.run("plan").err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            document(annotation(1, 5, 8, [[0, 0, 1e300, 0, 2, 2]])),
            "annotation 1 has a segmentation that cannot be read: polygon 0 has the corner "
            "(1e+300, 0), far outside of its image, which is 4 x 3",
        ),
        (
            document(annotation(1, 5, 8, [[0, 0, float("inf"), 0, 2, 2]])),
            "annotation 1 has a segmentation that cannot be read: polygon 0 has the corner "
            "(inf, 0), far outside of its image, which is 4 x 3",
        ),
        (
            document(annotation(1, 5, 8, SQUARE), width=100_000, height=100_000),
            "annotation 1 is of an image of 100000 x 100000 = 10,000,000,000 pixels, more than "
            "the limit of 134,217,728; it was not drawn",
        ),
        (
            document(annotation(1, 5, 8, {"size": [3, 4], "counts": [5]})),
            "annotation 1 has a segmentation that cannot be read: its counts are 5 pixels "
            "together, its image's 12",
        ),
        (
            document(annotation(1, 5, 8, [[0, 0, 11_000, 11_000] * 1000]), width=11_000)
            | {"images": [{"id": 5, "file_name": "x.png", "width": 11_000, "height": 11_000}]},
            "annotation 1 has a segmentation that cannot be read: its outline is 22,002,000 "
            "pixels long, more than the limit of 4,194,304",
        ),
    ],
)
def test_what_would_end_the_process_is_told(
    pictures: Project, content: dict[str, Any], said: str
) -> None:
    write(pictures, content)
    ran = ended(pictures.start("plan"), SECONDS)
    assert ran.code == 65
    assert ran.err.splitlines()[0] == f"{PLACE}coco.json: {said} (image `x.png`)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "`coco.json` is no JSON text: maximum recursion depth exceeded"),
        ("{}", "coco.json: this is not a COCO annotation file: it has no list `images`"),
        (
            json.dumps({**document(), "images": []}),
            "`coco.json` lists no images",
        ),
        (
            json.dumps(document(annotation(1, 5, 8, SQUARE))).replace('"x.png"', '"\\ud800"'),
            'coco.json: image 5 has the file_name "\\ud800"',
        ),
        (
            json.dumps(document(annotation(1, 5, 8, SQUARE))).replace("3}", "1" * 5000 + "}"),
            "`coco.json` is no JSON text: Exceeds the limit (4300 digits)",
        ),
    ],
)
def test_a_text_that_is_no_coco_file(pictures: Project, text: str, said: str) -> None:
    write(pictures, document())
    pictures.write("coco.json", text)
    ran = pictures.run("plan")
    assert ran.code == 65
    assert ran.err.startswith(PLACE + said)


def test_a_larger_limit_is_asked_for_in_the_manifest(pictures: Project) -> None:
    write(pictures, document(annotation(1, 5, 8, SQUARE)), "images: images, max_pixels: 11")
    assert pictures.run("plan").err.splitlines()[:2] == [
        PLACE + "coco.json: annotation 1 is of an image of 4 x 3 = 12 pixels, more than the limit "
        "of 11; it was not drawn (image `x.png`)",
        "    correct the size of image 5; if it is meant to be that large, raise max_pixels",
    ]
    write(pictures, document(annotation(1, 5, 8, SQUARE)), "images: images, max_pixels: 12")
    assert pictures.apply().code == 0

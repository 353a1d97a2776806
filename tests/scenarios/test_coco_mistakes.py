"""Bad annotations hold back their images alone, and each is told with its file, image and id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.pictures import photo
from tests.scenarios.project import Project

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

GOOD: dict[str, Any] = {"category_id": 0, "segmentation": [[1, 1, 4, 1, 4, 3]]}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "two corners": ({"segmentation": [[1, 1, 2, 2]]}, "has a segmentation that cannot be read"),
    "a box without area": ({"segmentation": [], "bbox": [1, 1, 0, 2]}, "has the bbox [1, 1, 0, 2]"),
    "a box elsewhere": ({"segmentation": None, "bbox": [90, 1, 2, 2]}, "nothing lies in its image"),
    "a box of NaN": ({"segmentation": [], "bbox": [float("nan"), 1, 2, 2]}, "not [x, y, width"),
    "a box of text": ({"segmentation": [], "bbox": ["1", 1, 2, 2]}, "not [x, y, width, height]"),
    "no shape": ({"segmentation": None}, "has no segmentation"),
    "an unknown category": ({"category_id": 7}, "has the category_id 7, which is not listed"),
    "no category": ({"category_id": None}, "has the category_id null, which is not listed"),
    "run lengths that end early": (
        {"segmentation": {"size": [6, 8], "counts": [1, 2]}},
        "has a segmentation that cannot be read",
    ),
    "a category without taxonomy": ({"category_id": 2}, '"horse" is not in the taxonomy'),
}


def project_of(tmp_path: Path, *annotations: dict[str, Any], kind: str) -> Project:
    """An image for each annotation, numbered from 0; the annotations from 100."""
    project = Project(tmp_path / "data")
    for number in range(len(annotations)):
        project.write(f"images/{number}.png", photo(number, (8, 6)))
    project.write(
        "coco.json",
        {
            "images": [
                {"id": number, "file_name": f"{number}.png", "width": 8, "height": 6}
                for number in range(len(annotations))
            ],
            "categories": [{"id": 0, "name": "cat"}, {"id": 2, "name": "horse"}],
            "annotations": [
                {"id": 100 + number, "image_id": number, **GOOD, **one}
                for number, one in enumerate(annotations)
            ],
        },
    )
    project.manifest(
        f"project: {{type: {kind}, taxonomy: [cat]}}\n"
        "masks:\n"
        "  - {coco: coco.json, images: images/}\n"
    )
    return project


@pytest.mark.parametrize(("wrong", "said"), BAD.values(), ids=BAD)
def test_a_bad_annotation_holds_back_its_image_alone(
    tmp_path: Path, wrong: dict[str, Any], said: str
) -> None:
    project = project_of(tmp_path, {}, wrong, {}, wrong, kind="IMAGE_SEGMENTATION")
    ran = project.run("plan")
    assert ran.code == 65
    lines = [line for line in ran.err.splitlines() if line.startswith("rbsync.yaml")]
    assert len(lines) == 2, ran.err
    for line, number in zip(lines, (1, 3), strict=True):
        assert line.startswith("rbsync.yaml:4:12: coco.json: annotation ")
        assert f"annotation 10{number}" in line
        assert said in line
        assert f"`{number}.png`" in line
    done = project.apply("--keep-going")
    assert done.code == 3
    assert done.last_line == (
        "Apply complete: 2 created, 0 updated, 0 deleted, 0 failed, 2 blocked."
    )
    again = project.apply("--keep-going")
    assert again.code == 3
    assert "No changes" not in again.out


def test_an_annotation_of_no_image_is_told_and_the_images_are_done(tmp_path: Path) -> None:
    project = project_of(tmp_path, {}, {"image_id": 77}, kind="IMAGE_SEGMENTATION")
    ran = project.run("plan")
    assert ran.code == 65
    assert "coco.json: annotation 101 has the image_id 77, which is not listed" in ran.err
    done = project.apply("--keep-going")
    assert "2 created" in done.last_line
    again = project.run("plan", "--keep-going")
    assert again.last_line == "Nothing to do in what could be read; 1 part could not be."
    assert again.code == 9


def test_boxes_become_boxes_where_the_project_takes_them(tmp_path: Path) -> None:
    box = {"segmentation": [], "bbox": [2, 3, 4, 6]}
    project = project_of(tmp_path, box, {"segmentation": None, **box}, kind="IMAGE_BBOX")
    done = project.apply()
    assert done.last_line.startswith("Apply complete: 2 created"), done.err
    assert [one["labels"] for one in project.tasks()] == [1, 1]
    assert project.run("export", "labels", "out").code == 0
    text = "".join(file.read_text() for file in sorted((project.folder / "out").rglob("*.json")))
    assert '"xnorm":0.25' in text.replace(" ", "")
    # What is beyond the picture's lower edge is cut off.
    assert '"hnorm":0.5' in text.replace(" ", "")


def test_crowds_and_what_covers_no_pixel_are_counted(tmp_path: Path) -> None:
    thin = {"segmentation": [[1, 1, 1, 1, 1, 1]]}
    crowd = {"iscrowd": 1, "segmentation": {"size": [6, 8], "counts": [0, 48]}}
    project = project_of(tmp_path, thin, crowd, {}, kind="IMAGE_SEGMENTATION")
    ran = project.run("plan")
    assert ran.code == 0
    assert "annotations that cover no pixel became no labels; there are 1" in ran.err
    assert "annotations of crowds (iscrowd) become labels as all others do; there are 1" in ran.err

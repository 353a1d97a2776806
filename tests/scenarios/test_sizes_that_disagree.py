"""Pictures held against what labels say of their size, and frames against each other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.pictures import photo
from tests.scenarios.project import Project

HEAD = "project: {type: IMAGE_SEGMENTATION, taxonomy: [car]}\ndatapoints:\n"
GLOB = HEAD + '  - {glob: "images/*", name: "{stem}", labels: "labels/{stem}.json"}\n'
INVALID = 65


def label(width: int, height: int) -> dict[str, Any]:
    ring = [[0, 0], [2, 0], [2, 2], [0, 2]]
    pixel = {"imagesize": [width, height], "regions": [ring], "holes": []}
    return {"category": [["object", "car"]], "attributes": [], "pixel": pixel}


SIZES = {
    "of a thumbnail": ([label(8, 6)], "8 x 6 pixels, but it is 4 x 3", "scale the annotations"),
    "rows first": (
        [label(3, 4)],
        "3 x 4 pixels, but it is 4 x 3",
        "no EXIF orientation turns this",
    ),
    "one of two": ([label(4, 3), label(5, 3)], "5 x 3 pixels, but it is 4 x 3", "that was annot"),
}


@pytest.mark.parametrize("kind", SIZES)
def test_labels_of_another_size_are_refused_each_time(project: Project, kind: str) -> None:
    labels, said, hint = SIZES[kind]
    project.write("images/a.png", photo(1))
    project.write("labels/a.json", labels)
    project.manifest(GLOB)
    for _ in range(2):
        ran = project.run("plan")
        assert ran.code == INVALID
        assert f"rbsync.yaml:4:48: labels/a.json: it says that `images/a.png` is {said}" in ran.err
        assert hint in ran.err


def test_labels_in_the_manifest_are_held_against_the_picture(project: Project) -> None:
    project.write("images/a.png", photo(1))
    labels = str([label(9, 9)]).replace("'", '"')
    project.manifest(f"{HEAD}  - name: a\n    items: [images/a.png]\n    labels: {labels}\n")
    ran = project.run("plan")
    assert ran.code == INVALID
    assert "rbsync.yaml:6:13: the labels say that `images/a.png` is 9 x 9 pixels, but" in ran.err


def shot(orientation: int, size: tuple[int, int] = (4, 3), form: str = "JPEG") -> bytes:
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = orientation
    return photo(1, size, format=form, exif=exif)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_of_a_mask_of_the_unturned_image_exif_is_the_explanation(
    project: Project, orientation: int, form: str
) -> None:
    image = "images/a." + {"JPEG": "jpg", "PNG": "png"}[form]
    project.write(image, shot(orientation, form=form))
    project.write("masks/a.png", photo(0))
    project.write("map.json", {"car": [0, 99, 7]})
    project.manifest(
        "project: {type: IMAGE_SEGMENTATION, taxonomy: [car]}\nmasks:\n"
        '  - {glob: masks/*.png, image: "images/{stem}.*", class_map: map.json}\n'
    )
    ran = project.run("plan")
    assert ran.code == INVALID
    assert "masks/a.png: the mask is 4 x 3 pixels, but its image is 3 x 4" in ran.err
    assert "width and height are swapped: an EXIF orientation turns the image" in ran.err
    project.write(image, shot(1, form=form))
    assert project.apply().code == 0


def test_a_mask_of_rows_and_columns_is_no_matter_of_exif(project: Project) -> None:
    project.write("images/a.jpg", shot(3))
    project.write("masks/a.png", photo(0, (3, 4)))
    project.write("map.json", {"car": [0, 99, 7]})
    project.manifest(
        "project: {type: IMAGE_SEGMENTATION, taxonomy: [car]}\nmasks:\n"
        '  - {glob: masks/*.png, image: "images/{stem}.*", class_map: map.json}\n'
    )
    ran = project.run("plan")
    assert ran.code == INVALID
    assert "EXIF orientation turns" not in ran.err
    assert "make a mask of the image's size, as it is shown" in ran.err


FRAMES = {
    "a frame that EXIF turns": ("frames: v/", {"1.jpg": shot(1), "2.jpg": shot(6)}),
    "frames of a written entry": ("{name: v, items: [v/1.png, v/2.png]}", None),
    "pictures of a series": ("{name: v, series: [{items: 'v/*'}]}", None),
    "JPEG and PNG": ("frames: v/", {"1.jpg": shot(1), "2.png": photo(1, (3, 4))}),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_frames_of_other_sizes_than_the_first_are_told(project: Project, kind: str) -> None:
    source, given = FRAMES[kind]
    frames = given or {"1.png": photo(1), "2.png": photo(2, (3, 4))}
    for name, data in frames.items():
        project.write(f"v/{name}", data)
    project.manifest(f"datapoints:\n  - {source}\n")
    ran = project.run("plan")
    assert ran.code == 0, ran.err
    first, second = sorted(frames)
    said = f"the frames of `v` have 2 sizes: `v/{first}` is 4 x 3, `v/{second}` is 3 x 4"
    assert said in ran.err
    # A series of one size each may differ from another.
    project.manifest(
        f"datapoints:\n  - {{name: v, series: [{{items: v/{first}}}, {{items: v/{second}}}]}}\n"
    )
    assert "sizes" not in project.run("plan").err


def test_a_picture_that_exif_turns_is_held_as_it_is_shown(project: Project) -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    project.write("images/a.jpg", photo(1, format="JPEG", exif=exif))
    project.write("labels/a.json", [label(4, 3)])
    project.manifest(GLOB)
    ran = project.run("plan")
    assert ran.code == INVALID
    assert "4 x 3 pixels, but it is 3 x 4" in ran.err
    assert "an EXIF orientation turns the picture when it is shown" in ran.err
    project.write("labels/a.json", [label(3, 4)])
    assert project.run("plan").code == 0


def test_labels_of_the_right_size_pass_also_for_a_picture_that_is_elsewhere(
    project: Project,
) -> None:
    project.write("images/a.png", photo(1))
    project.write("labels/a.json", [label(4, 3)])
    project.manifest(
        GLOB + "  - {name: b, storage: public, items: ['https://example.org/b.png'],"
        " labels: labels/a.json}\n"
    )
    assert project.run("plan").code == 0


def test_frames_of_several_sizes_are_told(project: Project) -> None:
    for number in range(4):
        project.write(f"videos/a/{number}.png", photo(number))
        project.write(f"videos/b/{number}.jpg", photo(number, format="JPEG"))
    project.manifest("project: {type: VIDEO_BBOX}\ndatapoints:\n  - frames: videos/*/\n")
    assert "warning" not in project.run("plan").err
    project.write("videos/b/2.jpg", photo(7, (8, 3), format="JPEG"))
    for _ in range(2):
        ran = project.run("plan")
        assert ran.code == 0
        assert (
            "rbsync.yaml:4:13: the frames of `videos/b` have 2 sizes: `videos/b/0.jpg` is 4 x 3, "
            "`videos/b/2.jpg` is 8 x 3" in ran.err
        )

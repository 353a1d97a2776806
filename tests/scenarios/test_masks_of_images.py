"""Masks named beside the images that have them: `mask`, with `?` and `.*`, on every source."""

from __future__ import annotations

import io
import unicodedata
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.scenarios.pictures import CLASSES, ONE, photo
from tests.scenarios.project import BOX, Project, Ran

HEAD = "project: {type: IMAGE_SEGMENTATION, taxonomy: [car, bus]}\ndatapoints:\n"
GLOB = HEAD + '  - glob: "images/*.{png,jpg}"\n    name: "{stem}"\n'
MAP = "    class_map: classes.json\n"
INVALID = 65


def mask(index: Any = ONE) -> bytes:
    colours = np.array([(0, 0, 0), CLASSES["car"], CLASSES["bus"]], np.uint8)
    file = io.BytesIO()
    Image.fromarray(colours[index]).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def images(project: Project) -> Project:
    """Three images, of which two have a mask."""
    for number, name in enumerate(["a.png", "b.jpg", "c.png"]):
        project.write(f"images/{name}", photo(number, format=name[-3:].replace("jpg", "JPEG")))
    for name in "ab":
        project.write(f"masks/{name}.png", mask())
    project.write("classes.json", {name: list(colour) for name, colour in CLASSES.items()})
    return project


def planned(project: Project, manifest: str, warnings: int = 0) -> Ran:
    project.manifest(manifest)
    ran = project.run("plan")
    assert ran.code == 0, ran.err
    assert ran.err.count("warning") == warnings, ran.err
    return ran


def refused(project: Project, manifest: str, *said: str) -> None:
    project.manifest(manifest)
    ran = project.run("plan")
    assert ran.code == INVALID
    for text in said:
        assert text in ran.err, ran.err


def labelled(project: Project) -> dict[str, int]:
    """How many labels each datapoint has in the project, once the plan was applied."""
    assert project.apply().code == 0
    assert "No changes" in project.run("plan").out
    return {one["name"]: one["labels"] for one in project.run("ls", "--json").json["tasks"]}


TEMPLATES = ["masks/{stem}.png?", "masks/{stem}.*?", "./masks/{stem}.PNG?"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_an_image_has_the_mask_of_its_name_if_there_is_one(images: Project, template: str) -> None:
    planned(images, f'{GLOB}    mask: "{template}"\n{MAP}')
    assert labelled(images) == {"a": 2, "b": 2, "c": 0}


def test_a_mask_that_comes_later_is_an_update_of_labels(images: Project) -> None:
    planned(images, f'{GLOB}    mask: "masks/{{stem}}.png?"\n{MAP}')
    images.apply()
    images.write("masks/c.png", mask())
    assert images.actions() == ["update c labels"]


def test_folders_of_images_say_how_many_have_masks(images: Project) -> None:
    for number in range(40):
        images.write(f"images/{number:02}.png", photo(number + 9))
    ran = planned(
        images, f'{GLOB}    mask: "masks/{{stem}}.png?"\n{MAP}'.replace('{stem}"\n', '{path}"\n', 1)
    )
    assert ran.out.splitlines()[0].endswith(", 2 with labels")


def test_a_mask_that_must_be_there_is_told(images: Project) -> None:
    refused(images, f'{GLOB}    mask: "masks/{{stem}}.png"\n{MAP}', "no file `masks/c.png`")


def test_masks_that_none_has_are_told(images: Project) -> None:
    ran = planned(images, f'{GLOB}    mask: "mask/{{stem}}.png?"\n{MAP}', warnings=1)
    assert "rbsync.yaml:6:11: no mask matches `mask/{stem}.png?`, for any of 3" in ran.err
    assert "did you mean `masks/`?" in ran.err


def test_two_masks_of_one_image_are_told(images: Project) -> None:
    images.write("masks/a.bmp", mask())
    text = f'{GLOB}    mask: "masks/{{stem}}.*?"\n{MAP}'
    refused(images, text, "rbsync.yaml:6:11: `masks/a.*` stands for several files", "write the suf")
    (images.folder / "masks/a.bmp").unlink()
    planned(images, text)


def test_masks_of_pixel_values(images: Project) -> None:
    for name in "ab":
        Image.fromarray(ONE.astype(np.uint8)).convert("P").save(images.folder / f"masks/{name}.png")
    images.write("values.json", {"car": 1, "bus": 2})
    planned(
        images,
        f'{GLOB}    mask: "masks/{{stem}}.png?"\n    class_map: values.json\n'
        "    format: indexed\n    ignore_values: [0]\n",
    )
    assert labelled(images)["a"] == 2


def test_soft_masks_of_one_class_have_a_threshold(images: Project) -> None:
    for name in "ab":
        images.write(f"masks/{name}.png", mask((ONE == 1) * 1))
    images.write("classes.json", {"car": [255, 0, 0]})
    planned(images, f'{GLOB}    mask: "masks/{{stem}}.png?"\n{MAP}    threshold: 50\n')
    assert labelled(images)["b"] > 0


def test_an_entry_that_is_written_out_has_its_mask(images: Project) -> None:
    entry = "  - {name: NAME, items: [images/ITEM], mask: MASK, class_map: classes.json}\n"

    def text(name: str, item: str, file: str) -> str:
        return entry.replace("NAME", name).replace("ITEM", item).replace("MASK", file)

    both = text("a", "a.png", "masks/a.png") + text("c", "c.png", '"masks/c.png?"')
    planned(images, HEAD + both, warnings=1)
    assert labelled(images) == {"a": 2, "c": 0}


def test_one_frame_has_a_mask_and_a_video_has_none(images: Project) -> None:
    images.write("videos/a/1.png", photo(1))
    text = HEAD + f'  - frames: videos/*/\n    mask: "masks/{{stem}}.png?"\n{MAP}'
    planned(images, text)
    assert labelled(images) == {"videos/a": 2}
    images.write("videos/a/2.png", photo(2))
    refused(images, text, "`videos/a` has 2 items, and `masks/a.png` is the mask of one")


def test_labels_and_a_mask_of_one_image_are_told(images: Project) -> None:
    text = f'{GLOB}    mask: "masks/{{stem}}.png?"\n{MAP}    labels: "labels/{{stem}}.json?"\n'
    images.write("labels/c.json", [])
    planned(images, text)
    images.write("labels/a.json", [BOX])
    refused(images, text, "`a` has labels of two kinds, `labels/a.json` and the mask `masks/a.png`")


def test_a_size_that_differs_is_told(images: Project) -> None:
    images.write("images/b.jpg", photo(9, (5, 3), format="JPEG"))
    refused(images, f'{GLOB}    mask: "masks/{{stem}}.png?"\n{MAP}', "masks/b.png", "5 x 3")


IDLE = {
    "no class map": ('    mask: "masks/{stem}.png?"\n', "have no `class_map`"),
    "no masks": (MAP, "rbsync.yaml:6:16: `class_map` says how masks are read"),
    "a threshold alone": ("    threshold: 9\n", "`threshold` says how masks are read"),
    "an unknown field": ('    mask: "{sten}.png"\n' + MAP, "did you mean `{stem}`?"),
    "no such class map": ('    mask: "{stem}.png"\n    class_map: no.json\n', "no file `no.json`"),
}


@pytest.mark.parametrize("kind", IDLE)
def test_settings_that_are_not_whole_are_told(images: Project, kind: str) -> None:
    more, said = IDLE[kind]
    refused(images, GLOB + more, said)


MASKS = (
    "project: {type: IMAGE_SEGMENTATION, taxonomy: [car, bus]}\nmasks:\n"
    '  - {glob: "masks/*.png", image: "images/{stem}.*", class_map: classes.json}\n'
)


def test_the_one_image_of_a_mask_is_found_whatever_its_suffix(images: Project) -> None:
    images.write("images/a.json", [BOX])
    images.write("images/a.b.png", photo(5))
    planned(images, MASKS)
    assert labelled(images) == {"a": 2, "b": 2}


def test_the_one_image_is_found_in_another_form_of_unicode(images: Project) -> None:
    images.write(unicodedata.normalize("NFD", "images/é.JPG"), photo(5, format="JPEG"))
    images.write(unicodedata.normalize("NFC", "masks/é.png"), mask())
    planned(images, MASKS)
    assert labelled(images) == {"a": 2, "b": 2, "é": 2}


def test_two_images_of_a_mask_are_told(images: Project) -> None:
    images.write("images/a.jpg", photo(5, format="JPEG"))
    said = "rbsync.yaml:4:34: the mask `masks/a.png` has no image of its own: `images/a.*` stands"
    refused(images, MASKS, said, "`images/a.jpg`, `images/a.png`")


def test_no_image_of_a_mask_is_told(images: Project) -> None:
    (images.folder / "images/a.png").unlink()
    refused(images, MASKS, "there is no file `images/a.*`, the image of the mask `masks/a.png`")


def test_masks_of_classes_find_their_image_too(images: Project) -> None:
    images.write("by/a/car.png", mask((ONE == 1) * 1))
    images.write("by/a/bus.png", mask((ONE == 2) * 1))
    text = '  - {per_class: "by/{case}/{category}.png", image: "images/{case}.*", name: "{case}"}\n'
    planned(images, MASKS.partition("  - ")[0] + text)
    assert labelled(images)["a"] > 0


def test_masks_that_are_sent_as_images_too_are_told(images: Project) -> None:
    everything = f'{HEAD}  - glob: "**/*.png"\n' + MASKS.partition("\n")[2]
    ran = planned(images, everything, warnings=2)
    assert "`masks/a.png` is the mask of `a`, and `masks/a.png` is sent as an image" in ran.err
    assert 'leave masks out of the images: `exclude: ["masks/**"]`' in ran.err
    excluded = everything.replace("masks:", '    exclude: ["masks/**", images/a.png]\nmasks:')
    planned(images, excluded)


def test_masks_beside_images_that_are_sent_too_are_told(images: Project) -> None:
    images.write("data/x.png", photo(6))
    images.write("data/x_mask.png", mask())
    text = f'{HEAD}  - glob: "data/*.png"\n    mask: "data/{{stem}}_mask.png?"\n{MAP}'
    ran = planned(images, text, warnings=1)
    assert '`exclude: ["**/*_mask.png"]`' in ran.err
    planned(images, text + '    exclude: ["**/*_mask.png"]\n')
    assert labelled(images) == {"data/x.png": 2}

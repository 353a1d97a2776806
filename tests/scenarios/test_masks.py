"""Masks from both kinds of sources: planned, applied, changed, exported and taken in again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.masks.pictures import painted, png
from tests.masks.png.png_parts import header_only, idat, ihdr, png_chunk, put_together
from tests.scenarios.pictures import CLASSES, EMPTY, ONE, photo
from tests.scenarios.project import Project

EXAMPLE = Path(__file__).parents[2] / "examples/masks"
NO_CHANGES = "No changes. The project matches the manifest."
HEAD = "project: {type: IMAGE_SEGMENTATION, taxonomy: [car, bus]}\n"
GLOB = (
    HEAD + "masks:\n"
    "  - glob: masks/*.png\n"
    '    image: "images/{stem}.png"\n'
    "    class_map: class_map.json\n"
)
FOLDER = HEAD + "masks:\n  - {folder: exported, images: images/}\n"


@pytest.fixture
def masked(tmp_path: Path) -> Project:
    """Three images, each with a mask beside it."""
    made = Project(tmp_path / "data")
    made.write("class_map.json", {name: list(colour) for name, colour in CLASSES.items()})
    for number, name in enumerate("xyz"):
        made.write(f"images/{name}.png", photo(number))
        made.write(f"masks/{name}.png", png(painted(ONE, CLASSES)))
    made.manifest(GLOB)
    return made


def labels(project: Project) -> dict[str, Any]:
    """The labels of every datapoint that has some."""
    target = project.folder / "labels.json"
    assert project.run("export", "labels", "labels.json", "--force").code == 0
    return {one["name"]: one["labels"] for one in json.loads(target.read_text())}


def test_one_mask_an_image(masked: Project) -> None:
    done = masked.apply()
    assert done.last_line == "Apply complete: 3 created, 0 updated, 0 deleted, 0 failed."
    assert labels(masked)["x"] == [
        {
            "category": [["object", "car"]],
            "attributes": [],
            "pixel": {
                "imagesize": [4, 3],
                "regions": [[[0, 0], [2, 0], [2, 2], [0, 2]]],
                "holes": [],
            },
        },
        {
            "category": [["object", "bus"]],
            "attributes": [],
            "pixel": {
                "imagesize": [4, 3],
                "regions": [[[3, 1], [4, 1], [4, 3], [3, 3]]],
                "holes": [],
            },
        },
    ]
    assert masked.apply().last_line == NO_CHANGES


def test_one_pixel_is_an_update_of_that_ones_labels_and_no_image_is_sent(masked: Project) -> None:
    masked.apply()
    blobs = masked.folder / ".rbsync/project/blobs"
    before = {path: path.stat().st_mtime_ns for path in blobs.rglob("*") if path.is_file()}
    other = ONE.copy()
    other[2, 0] = 2
    masked.write("masks/y.png", png(painted(other, CLASSES)))
    assert masked.actions() == ["update y labels"]
    masked.apply()
    assert {p: p.stat().st_mtime_ns for p in blobs.rglob("*") if p.is_file()} == before
    assert len(labels(masked)["y"][1]["pixel"]["regions"]) == 2
    assert masked.run("plan").last_line == NO_CHANGES


def test_the_same_picture_in_other_bytes_and_colours_is_unchanged(masked: Project) -> None:
    masked.apply()
    other = {"bus": (7, 7, 7), "van": (1, 1, 1), "car": (200, 100, 0)}
    masked.write("class_map.json", {name: list(colour) for name, colour in other.items()})
    masked.manifest(GLOB.replace("[car, bus]", "[car, bus, van]"))
    index = np.select([ONE == 1, ONE == 2], [3, 1])
    for name in "xyz":
        masked.write(f"masks/{name}.png", png(painted(index, other), compress_level=0))
    assert masked.run("plan").last_line == NO_CHANGES


def test_a_mask_that_changes_after_the_plan_is_not_sent(masked: Project) -> None:
    masked.run("plan", "-o", "plan.json")
    masked.write("masks/y.png", png(painted(ONE[::-1].copy(), CLASSES)))
    done = masked.run("apply", "plan.json")
    assert done.code == 3
    assert "masks/y.png: the file is no longer the one that was planned" in done.out + done.err
    assert masked.names() == ["x", "z"]


def exported_folder(project: Project, keys: str = "{}") -> None:
    """An export as the service made them: RGBA, floats in the class map, keys without .png."""
    shown = painted(ONE, CLASSES)
    alpha = np.full((*shown.shape[:2], 1), 255, np.uint8)
    for name in "xyz":
        project.write(f"exported/{name}.png", png(np.concatenate([shown, alpha], axis=2)))
    floats = {name: [part / 255 * 0.999 for part in c] for name, c in CLASSES.items()}
    project.write("exported/class_map.json", floats)
    project.write(
        "exported/datapoint_map.json",
        {keys.format(name): f"items/8b7e/{name}.png" for name in "xyz"},
    )


def test_an_exported_folder_there_and_back(masked: Project) -> None:
    exported_folder(masked)
    masked.manifest(FOLDER)
    assert masked.apply().last_line == "Apply complete: 3 created, 0 updated, 0 deleted, 0 failed."
    assert masked.apply().last_line == NO_CHANGES
    assert masked.run("export", "masks", "again").code == 0
    again = masked.folder / "again"
    assert json.loads((again / "class_map.json").read_text()) == {
        "car": [255, 0, 0],
        "bus": [0, 255, 0],
    }
    assert json.loads((again / "datapoint_map.json").read_text())["x.png"] == "images/x.png"
    with Image.open(again / "x.png") as mask:
        assert (np.asarray(mask) == painted(ONE, CLASSES)).all()
    masked.manifest(FOLDER.replace("exported", "again"))
    assert masked.run("plan").last_line == NO_CHANGES


def test_a_class_that_is_black_is_exported_in_another_colour(masked: Project) -> None:
    """Black is what stands for no class there."""
    colours = {"car": (0, 0, 0), "bus": (0, 255, 0)}
    masked.write("class_map.json", {name: list(colour) for name, colour in colours.items()})
    for name in "xyz":
        shown = np.array([(9, 9, 9), *colours.values()], np.uint8)[ONE]
        masked.write(f"masks/{name}.png", png(shown))
    masked.manifest(GLOB + "    ignore_colors: [[9, 9, 9]]\n")
    masked.apply()
    assert masked.run("export", "masks", "again").code == 0
    class_map = json.loads((masked.folder / "again/class_map.json").read_text())
    assert (class_map["bus"], class_map["car"] != [0, 0, 0]) == ([0, 255, 0], True)
    masked.manifest(FOLDER.replace("exported", "again"))
    assert masked.run("plan").last_line == NO_CHANGES


def test_keys_with_png_and_public_images(masked: Project) -> None:
    exported_folder(masked, "{}.png")
    urls = {f"{name}.png": f"https://example.org/{name}.jpg" for name in "xyz"}
    masked.write("exported/datapoint_map.json", urls)
    masked.manifest(HEAD + "masks:\n  - {folder: exported, storage: public}\n")
    masked.apply()
    assert [task["items"] for task in masked.tasks()] == [[url] for url in urls.values()]


def test_an_export_writes_over_nothing(masked: Project) -> None:
    masked.apply()
    masked.write("out/mine.txt", "mine")
    refused = masked.run("export", "masks", "out")
    assert (refused.code, "out is there already" in refused.err) == (6, True)
    assert [path.name for path in (masked.folder / "out").iterdir()] == ["mine.txt"]
    assert masked.run("export", "masks", "out", "--force").code == 0
    assert (masked.folder / "out/mine.txt").read_text() == "mine"
    assert len(list((masked.folder / "out").glob("*.png"))) == 3


def test_exported_labels_are_an_items_list(masked: Project) -> None:
    masked.apply()
    made = labels(masked)
    masked.manifest(HEAD + "datapoints:\n  - items_list: labels.json\n")
    assert [one["name"] for one in masked.run("expand", "--json").json["datapoints"]] == list(made)


def test_a_mask_without_a_labelled_pixel_is_a_warning(masked: Project) -> None:
    masked.write("masks/y.png", png(painted(EMPTY, CLASSES)))
    ran = masked.run("plan")
    assert "masks/y.png: no pixel of this mask is labelled" in ran.err
    assert masked.apply().code == 0
    assert [task["labels"] for task in masked.tasks()] == [2, 0, 2]
    assert "masks/y.png: no pixel of this mask is labelled" in masked.run("plan").err


def test_indexed_and_binary_masks_say_the_same_as_coloured_ones(masked: Project) -> None:
    masked.apply()
    voc = np.select([ONE == 1, ONE == 2], [7, 3]).astype(np.uint8)
    voc[2, 0] = 255
    palette = Image.fromarray(voc, "P")
    palette.putpalette(list(range(256)) * 3)
    masked.write("voc/x.png", png(palette))
    masked.write("values.json", {"car": 7, "bus": 3})
    for place, name in enumerate(CLASSES, 1):
        masked.write(f"each/y/{name}.png", png((place == ONE).astype(np.uint8) * 255))
    masked.manifest(
        HEAD + "masks:\n"
        '  - {glob: "voc/*.png", image: "images/{stem}.png", class_map: values.json,'
        " format: indexed}\n"
        '  - {per_class: "each/{case}/{category}.png", image: "images/{case}.png",'
        ' name: "{case}"}\n'
        '  - {glob: "masks/z.png", image: "images/{stem}.png", class_map: class_map.json}\n'
    )
    assert masked.run("plan").last_line == NO_CHANGES


def test_coco_annotations(masked: Project) -> None:
    corners = [0, 0, 2, 0, 2, 2, 0, 2]
    annotation = {"id": 1, "image_id": 5, "category_id": 8, "segmentation": [corners]}
    document = {
        "images": [{"id": 5, "file_name": "x.png", "width": 4, "height": 3}],
        "categories": [{"id": 8, "name": "car"}],
        "annotations": [annotation],
    }
    masked.write("coco.json", document)
    masked.manifest(HEAD + "masks:\n  - {coco: coco.json, images: images}\n")
    assert masked.apply().code == 0
    made = labels(masked)["x.png"][0]["pixel"]
    assert made["regions"] == [[[0, 0], [2, 0], [2, 2], [0, 2]]]
    assert masked.run("plan").last_line == NO_CHANGES
    annotation["category_id"] = 9
    masked.write("coco.json", document)
    wrong = "annotation 1 has the category_id 9, which is not listed (image `x.png`)"
    assert masked.run("plan").err.splitlines()[0] == f"rbsync.yaml:4:12: coco.json: {wrong}"


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return photo(1, (3, 4), format="JPEG", exif=exif)


def test_the_orientation_of_a_photograph_counts(masked: Project) -> None:
    masked.write("images/t.jpg", turned())
    masked.write("turned/t.png", png(painted(ONE, CLASSES)))
    masked.manifest(GLOB.replace("masks/*.png", "turned/*.png").replace("{stem}.png", "{stem}.jpg"))
    assert masked.apply().code == 0


def mistake(project: Project, name: str, mask: bytes, extra: str = "") -> str:
    """A source of one mask that is wrong."""
    project.write(f"wrong/{name}.png", mask)
    project.write(f"images/{name}.png", photo(5))
    image = "" if "image:" in extra else ', image: "images/{stem}.png"'
    class_map = "" if "class_map:" in extra else ", class_map: class_map.json"
    return f"  - {{glob: wrong/{name}.png{image}{class_map}{extra}}}\n"


HINTS = {
    "colour": "add the colour to the class map or to ignore_colors, or repair the mask",
    "size": "make a mask of the image's size, as it is shown (EXIF orientation applied)",
    "shared": "give each category a colour of its own, in the class map and in the masks",
    "grey": "save the mask in colour, or give every category its grey: [v, v, v]",
    "deep": "save the mask with 8 bits a channel: colours would be rounded otherwise",
    "cut": "write or copy the file again",
    "bomb": "if the file is meant to be that large, raise max_pixels",
    "lost": "add the image, or correct its path",
    "foreign": 'did you mean "bus"?',
    "nomap": "add the file, or correct its path",
}
STRAY = (
    "undeclared colour (250, 5, 0) in 2 pixels, first at column 2, row 0; nearest is 'car' "
    "(255, 0, 0)"
)


def mistakes(project: Project) -> list[str]:
    """A manifest of mistakes, and the lines in which they are told."""
    good = painted(ONE, CLASSES)
    stray = good.copy()
    stray[0, 2:] = (250, 5, 0)
    project.write("shared.json", {"car": [9, 9, 9], "bus": [9, 9, 9]})
    project.write("more.json", {"car": [255, 0, 0], "buss": [0, 255, 0]})
    sources = [
        (mistake(project, "stray", png(stray)), 12, f"wrong/stray.png: {STRAY}", "colour"),
        (
            mistake(project, "small", png(good[:2])),
            12,
            "wrong/small.png: the mask is 4 x 2 pixels, but its image is 4 x 3",
            "size",
        ),
        (
            mistake(project, "shared", png(good), ", class_map: shared.json"),
            69,
            "shared.json: categories 'car' and 'bus' have one colour, (9, 9, 9)",
            "shared",
        ),
        (
            mistake(project, "grey", png(good[:, :, 0])),
            12,
            "wrong/grey.png: this PNG is grey, but the class map has colours: category 'car' is "
            "(255, 0, 0)",
            "grey",
        ),
        (
            mistake(project, "deep", header_only(4, 3, 16)),
            12,
            "wrong/deep.png: this PNG has 16 bits a channel; a mask has 8",
            "deep",
        ),
        (
            mistake(project, "cut", png(good)[:50]),
            12,
            "wrong/cut.png: this PNG is truncated or damaged: it ends at byte 50, within a chunk",
            "cut",
        ),
        (
            mistake(project, "bomb", header_only(100_000, 100_000)),
            12,
            "wrong/bomb.png: this PNG has 100000 x 100000 = 10,000,000,000 pixels, more than the "
            "limit of 134,217,728; it was not decoded",
            "bomb",
        ),
        (
            mistake(project, "lost", png(good), ", image: images/none.png"),
            62,
            "there is no file `images/none.png`, the image of the mask `wrong/lost.png`",
            "lost",
        ),
        (
            mistake(project, "foreign", png(good), ", class_map: more.json"),
            70,
            'more.json: the category "buss" is not in the taxonomy',
            "foreign",
        ),
        (
            mistake(project, "nifti", png(stray, compress_level=0), ", encoding: nifti"),
            12,
            f"wrong/nifti.png: {STRAY}",
            "colour",
        ),
        (
            mistake(project, "nomap", png(good), ", class_map: no.json"),
            68,
            "there is no file `no.json`",
            "nomap",
        ),
    ]
    project.manifest(HEAD + "masks:\n" + "".join(text for text, *_ in sources))
    said = []
    for line, (_, column, text, hint) in enumerate(sources, 4):
        said += [f"rbsync.yaml:{line}:{column}: {text}", f"    {HINTS[hint]}"]
    return [*said, f"{len(sources)} problems; nothing was sent."]


@pytest.mark.parametrize("command", [("plan",), ("validate",), ("apply", "--yes")])
def test_every_mistake_is_told_at_its_place_with_the_next_step(
    masked: Project, command: tuple[str, ...]
) -> None:
    expected = mistakes(masked)
    ran = masked.run(*command)
    assert (ran.code, ran.out) == (65, "")
    assert ran.err.splitlines() == expected


def test_of_equal_masks_that_are_wrong_each_is_explained_by_its_own_name(masked: Project) -> None:
    stray = painted(ONE, CLASSES)
    stray[0, 2] = (250, 5, 0)
    for name in "xy":
        masked.write(f"masks/{name}.png", png(stray))
    assert masked.run("plan").err.splitlines()[-2:] == [
        "2 problems; nothing was sent.",
        "hint: `rbsync apply --keep-going` does the others",
    ]
    for name in "xy":
        said = masked.run("explain", name).out.splitlines()[0]
        assert said.startswith(f"{name}: blocked (invalid): rbsync.yaml:4:11: masks/{name}.png: ")


def test_values_to_ignore_are_values_of_pixels(masked: Project) -> None:
    masked.write("values.json", {"car": 7, "bus": 3})
    masked.manifest(
        GLOB.replace("class_map.json", "values.json")
        + "    format: indexed\n    ignore_values: [999, -3]\n"
    )
    told = masked.run("plan").err.splitlines()
    assert [one for one in told if "rbsync.yaml:8:" in one] == [
        "rbsync.yaml:8:21: must be at most 255, found `999`",
        "rbsync.yaml:8:26: must be at least 0, found `-3`",
    ]


@pytest.mark.parametrize("side", [10_000, 14_000])
def test_an_image_of_any_size_is_held_against_its_mask(masked: Project, side: int) -> None:
    """Above 89 million pixels Pillow warns, above 178 million it raises."""
    masked.write("images/y.png", put_together(ihdr(side, side), idat()))
    assert masked.run("plan").err.splitlines()[:2] == [
        "rbsync.yaml:4:11: masks/y.png: the mask is 4 x 3 pixels, but its image is "
        f"{side} x {side}",
        "    make a mask of the image's size, as it is shown (EXIF orientation applied)",
    ]
    assert "Warning" not in masked.apply("--keep-going").err
    assert masked.names() == ["x", "z"]


def test_a_palette_that_lacks_a_colour(masked: Project) -> None:
    short = put_together(ihdr(4, 3, 8, 3), png_chunk(b"PLTE", bytes(3)), idat(*[b"\0\0\1\0"] * 3))
    masked.write("masks/y.png", short)
    assert masked.run("plan").err.splitlines()[0] == (
        "rbsync.yaml:4:11: masks/y.png: 3 pixels of this PNG, first at column 2, row 0 with the "
        "number 1, have no colour: its palette has 1 colour"
    )


def test_keep_going_sends_what_is_right(masked: Project) -> None:
    masked.write("masks/y.png", png(painted(ONE[:2], CLASSES)))
    ran = masked.apply("--keep-going")
    assert ran.last_line == "Apply complete: 2 created, 0 updated, 0 deleted, 0 failed, 1 blocked."
    assert masked.names() == ["x", "z"]


def test_a_project_that_takes_no_masks(masked: Project) -> None:
    masked.manifest(GLOB.replace("IMAGE_SEGMENTATION", "IMAGE_BBOX"))
    ran = masked.run("plan")
    assert ran.code == 65
    assert ran.err.splitlines() == [
        "rbsync.yaml:4:5: a project of type IMAGE_BBOX takes no masks",
        "    masks need IMAGE_SEGMENTATION, IMAGE_MULTI or DICOM_SEGMENTATION",
        "1 problem; nothing was sent.",
    ]


def test_a_folder_whose_maps_do_not_fit(masked: Project) -> None:
    exported_folder(masked)
    masked.write("images/more/y.png", photo(8))
    masked.write("images/less/y.png", photo(9))
    (masked.folder / "images/y.png").unlink()
    (masked.folder / "images/z.png").unlink()
    masked.write(
        "exported/datapoint_map.json",
        {"y": "items/y.png", "z": "items/8b7e/z.png", "gone": "items/8b7e/gone.png"},
    )
    masked.manifest(FOLDER)
    said = [line for line in masked.run("plan").err.splitlines() if line.startswith("rbsync.yaml")]
    where = "rbsync.yaml:4:14: "
    assert sorted(said) == sorted(
        [
            where + "`exported/datapoint_map.json` names the mask `gone`, which is not in the "
            "folder",
            where + "the mask `exported/x.png` has no image: `exported/datapoint_map.json` does "
            "not name it",
            where + "the mask `exported/y.png` has several images below `images`: "
            "`images/less/y.png`, `images/more/y.png`",
            where + "the mask `exported/z.png` has no image: there is no `z.png` below `images`",
        ]
    )


def test_plans_without_masks_import_neither_numpy_nor_pillow(masked: Project) -> None:
    masked.manifest('datapoints:\n  - glob: "images/*.png"\n')
    code = (
        "import sys; from rbsync.cli.main import main; main(['plan']); "
        "print(sorted({'numpy', 'PIL', 'multiprocessing.spawn'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=masked.folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_example(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "masks", ignore=shutil.ignore_patterns(".rbsync"))
    example = Project(tmp_path / "masks")
    assert example.apply().last_line == "Apply complete: 1 created, 0 updated, 0 deleted, 0 failed."
    assert [one["category"] for one in labels(example)["coffee"]] == [
        [["object", "cup"]],
        [["object", "coffee"]],
    ]

"""Masks as other programs leave them: soft, transparent, with background in the class map."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from tests.masks.pictures import png
from tests.scenarios.project import Project, Ran

HEAD = "project: {type: IMAGE_SEGMENTATION, taxonomy: [cat, dog]}\nmasks:\n"
PER_CLASS = (
    '  - {per_class: "masks/{case}/{category}.png", image: "images/{case}.png", name: "{case}"'
)
GLOB = '  - {glob: masks/*.png, image: "images/{stem}.png", class_map: map.json'
SIDE = 64
INVALID = 65


def disc(scale: int = 1) -> Image.Image:
    image = Image.new("L", (SIDE * scale, SIDE * scale))
    ImageDraw.Draw(image).ellipse([16 * scale, 20 * scale, 44 * scale, 48 * scale], fill=255)
    return image


def jpeg(image: Image.Image) -> Image.Image:
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=60)
    return Image.open(packed)


SOFT = {
    "JPEG": jpeg(disc()),
    "colour JPEG": jpeg(disc().convert("RGB")),
    "smooth edges": disc(4).resize((SIDE, SIDE), Image.Resampling.LANCZOS),
    "blurred": disc().filter(ImageFilter.GaussianBlur(3)),
    "with a palette": disc(2).resize((SIDE, SIDE), Image.Resampling.BILINEAR).convert("P"),
}
soft = pytest.mark.parametrize("kind", SOFT)
AREA = int(np.count_nonzero(np.asarray(disc())))


@pytest.fixture
def of(tmp_path: Path) -> Project:
    made = Project(tmp_path / "data")
    made.write("images/a.png", png(Image.new("RGB", (SIDE, SIDE))))
    return made


def declare(project: Project, source: str, more: str = "") -> None:
    project.manifest(f"{HEAD}{source}{more}}}\n")


def refused(project: Project, *said: str) -> str:
    """The hint of a plan that is refused with these words."""
    ran = project.run("plan")
    assert ran.code == INVALID
    for one in said:
        assert one in ran.err
    return ran.err.splitlines()[1]


def written(hint: str) -> str:
    """The keys that a hint says to write first, as a manifest has them."""
    keys = re.search(r"`(\w+: \w+)`(?: and `(\w+: \w+)`)?", hint)
    assert keys is not None
    return "".join(f", {one}" for one in keys.groups() if one)


def labelled(project: Project, ran: Ran | None = None) -> int:
    """Applies, and counts the labelled pixels of what the project holds."""
    done = ran or project.apply()
    assert done.code == 0, done.err
    assert project.apply().last_line.startswith("No changes.")
    assert project.run("export", "masks", "out", "--force").code == 0
    file = project.folder / "out/a.png"
    return int(np.asarray(Image.open(file)).any(axis=2).sum()) if file.exists() else 0


class TestSoft:
    @soft
    def test_masks_of_many_values_are_refused_and_the_hint_works(
        self, of: Project, kind: str
    ) -> None:
        of.write("masks/a/cat.png", png(SOFT[kind]))
        declare(of, PER_CLASS)
        hint = refused(of, "masks/a/cat.png: this mask has ", " values where two belong: they ")
        declare(of, PER_CLASS, written(hint))
        assert abs(labelled(of) - AREA) < 0.1 * AREA

    @pytest.mark.parametrize("kind", ["colour JPEG", "with a palette"])
    def test_so_are_those_of_a_map_of_one_class(self, of: Project, kind: str) -> None:
        of.write("masks/a.png", png(SOFT[kind].convert("RGB")))
        of.write("map.json", {"cat": [255, 255, 255]})
        declare(of, GLOB)
        hint = refused(of, "undeclared colour", "Its brightness has ")
        assert "`threshold: 128` splits them" in hint
        declare(of, GLOB, ", threshold: 128")
        assert abs(labelled(of) - AREA) < 0.1 * AREA

    def test_and_those_of_a_value_of_one_class(self, of: Project) -> None:
        of.write("masks/a.png", png(SOFT["blurred"]))
        of.write("map.json", {"cat": 255})
        declare(of, GLOB, ", format: indexed")
        assert "`threshold: 128` splits them" in refused(of, "undeclared value")
        declare(of, GLOB, ", format: indexed, threshold: 128")
        assert abs(labelled(of) - AREA) < 0.1 * AREA

    def test_a_threshold_tells_no_two_classes_apart(self, of: Project) -> None:
        of.write("masks/a.png", png(SOFT["blurred"].convert("RGB")))
        of.write("map.json", {"cat": [255, 255, 255], "dog": [255, 0, 0]})
        declare(of, GLOB, ", threshold: 128")
        refused(of, "rbsync.yaml:4:", "the class map has 2 classes, and `threshold` tells one")

    def test_masks_of_classes_and_of_two_colours_are_refused(self, of: Project) -> None:
        declare(of, PER_CLASS)
        of.write(
            "masks/a/cat.png", png(np.eye(SIDE, dtype=np.uint8) + np.eye(SIDE, k=1, dtype="u1") * 2)
        )
        assert "`format: indexed`" in refused(of, "this mask has 3 values where two belong")
        colours = np.zeros((SIDE, SIDE, 3), np.uint8)
        colours[:3, :, 0] = colours[5:9, :, 2] = 255
        of.write("masks/a/cat.png", png(colours))
        hint = refused(
            of, "has the colours (255, 0, 0) and (0, 0, 255), the latter first at column 0"
        )
        declare(of, PER_CLASS, written(hint))
        assert labelled(of) == 7 * SIDE

    def test_a_mask_of_two_values_below_the_threshold_is_not_empty_in_silence(
        self, of: Project
    ) -> None:
        of.write("masks/a/cat.png", png(np.eye(SIDE, dtype=np.uint8)))
        declare(of, PER_CLASS, ", threshold: 128")
        refused(of, "all pixels of this mask are 0 or 1, below the `threshold: 128`")
        declare(of, PER_CLASS)
        assert labelled(of) == SIDE


def see_through(colour: Any, hidden: Any, alpha: Image.Image) -> Image.Image:
    """Pixels of a colour where the alpha channel has a shape, and of another one elsewhere."""
    image = Image.new("RGB", alpha.size, hidden)
    image.paste(Image.new("RGB", alpha.size, colour), mask=alpha.point(lambda v: 255 * (v > 0)))
    image.putalpha(alpha)
    return image


WHITE, BLACK, RED = (255, 255, 255), (0, 0, 0), (255, 0, 0)
SHAPES = {
    "white on white": see_through(WHITE, WHITE, disc()),
    "black on black": see_through(BLACK, BLACK, disc()),
    "black on white": see_through(BLACK, WHITE, disc()),
    "grey": see_through((9, 9, 9), (9, 9, 9), disc()).convert("LA"),
    "smooth edges": see_through(WHITE, BLACK, SOFT["smooth edges"]),
    "smooth and white": see_through(WHITE, WHITE, SOFT["smooth edges"]),
}


class TestTransparent:
    @pytest.mark.parametrize("kind", SHAPES)
    def test_a_shape_in_the_alpha_channel_is_asked_about_and_the_hint_works(
        self, of: Project, kind: str
    ) -> None:
        of.write("masks/a/cat.png", png(SHAPES[kind]))
        declare(of, PER_CLASS)
        hint = refused(of, "masks/a/cat.png: ", "transparent")
        at = hint.index("`alpha: mask`")
        declare(of, PER_CLASS, written(hint[at:]))
        assert abs(labelled(of) - AREA) < 0.1 * AREA

    @pytest.mark.parametrize("shape", [disc(), SOFT["smooth edges"], SOFT["blurred"]])
    def test_a_shape_in_black_on_nothing_is_asked_about_in_colour_masks_too(
        self, of: Project, shape: Image.Image
    ) -> None:
        """By its colours alone it would be a mask without a pixel."""
        of.write("masks/a.png", png(Image.merge("LA", (Image.new("L", (SIDE, SIDE)), shape))))
        of.write("map.json", {"cat": [255, 255, 255]})
        declare(of, GLOB)
        hint = refused(of, "masks/a.png: the shape of this mask seems to lie in its alpha channel")
        declare(of, GLOB, written(hint[hint.index("`alpha: mask`") :]))
        assert abs(labelled(of) - AREA) < 0.1 * AREA

    def test_erased_parts_of_a_binary_mask_are_background_and_counted(self, of: Project) -> None:
        image = see_through(WHITE, WHITE, disc())
        pixels = np.array(image)
        pixels[:8, :, :3] = 0
        of.write("masks/a/cat.png", png(pixels))
        declare(of, PER_CLASS)
        ran = of.apply()
        hidden = (SIDE - 8) * SIDE - AREA
        assert f"masks/a/cat.png: {hidden:,} transparent pixels are background" in ran.err
        assert labelled(of, ran) == AREA

    @pytest.mark.parametrize("hidden", [RED, WHITE, (1, 2, 3)])
    def test_erased_parts_of_a_colour_mask_are_background_and_counted(
        self, of: Project, hidden: Any
    ) -> None:
        of.write("masks/a.png", png(see_through(RED, hidden, disc())))
        of.write("map.json", {"cat": RED, "dog": [0, 255, 0]})
        declare(of, GLOB)
        ran = of.apply()
        assert f"masks/a.png: {SIDE * SIDE - AREA:,} transparent pixels are background" in ran.err
        assert labelled(of, ran) == AREA

    def test_so_are_transparent_entries_of_a_palette(self, of: Project) -> None:
        image = Image.fromarray(np.array(disc()) // 255).convert("P")
        image.putpalette([255, 255, 255, 255, 0, 0])
        of.write("masks/a.png", png(image, transparency=0))
        of.write("map.json", {"cat": RED, "dog": [0, 255, 0]})
        declare(of, GLOB)
        assert labelled(of) == AREA

    def test_a_transparent_colour_without_an_alpha_channel_is_background(self, of: Project) -> None:
        image = Image.merge(
            "RGB", [disc(), Image.new("L", (SIDE, SIDE)), Image.new("L", (SIDE, SIDE))]
        )
        pixels = np.array(image)
        pixels[pixels[..., 0] == 0] = 7
        of.write("masks/a.png", png(pixels, transparency=(7, 7, 7)))
        of.write("map.json", {"cat": RED, "dog": [0, 255, 0]})
        declare(of, GLOB)
        assert labelled(of) == AREA

    def test_partly_transparent_colours_are_refused_and_the_hint_works(self, of: Project) -> None:
        of.write("masks/a.png", png(see_through(RED, BLACK, SOFT["smooth edges"])))
        of.write("map.json", {"cat": RED, "dog": [0, 255, 0]})
        declare(of, GLOB)
        hint = refused(of, "are neither a class nor background: they are partly transparent")
        declare(of, GLOB, written(hint))
        assert labelled(of) == np.count_nonzero(np.asarray(SOFT["smooth edges"]))

    def test_alpha_masks_among_others_are_not_taken_for_full_ones(self, of: Project) -> None:
        of.write("masks/a/cat.png", png(disc()))
        declare(of, PER_CLASS, ", alpha: mask")
        refused(of, "this mask has no alpha channel, and `alpha: mask` takes the shape from there")


class TestBackgroundInMaps:
    """CVAT, labelme, Cityscapes and nnU-Net name the background like a class."""

    @pytest.fixture
    def masked(self, of: Project) -> Project:
        of.write("masks/a.png", png(see_through(RED, BLACK, disc()).convert("RGB")))
        declare(of, GLOB)
        return of

    @pytest.mark.parametrize("name", ["background", "_background_", "BG", "unlabeled", "void"])
    def test_black_that_is_called_background_is_background(
        self, masked: Project, name: str
    ) -> None:
        masked.write("map.json", {name: BLACK, "cat": RED})
        assert labelled(masked) == AREA

    def test_so_it_is_in_an_exported_folder(self, masked: Project) -> None:
        masked.write("masks/class_map.json", {"background": BLACK, "cat": RED})
        masked.write("masks/datapoint_map.json", {"a": "a.png"})
        masked.manifest(f"{HEAD}  - {{folder: masks, images: images}}\n")
        assert labelled(masked) == AREA

    def test_black_of_another_name_is_told_with_the_key_to_write(self, masked: Project) -> None:
        masked.write("map.json", {"dog": BLACK, "cat": RED})
        hint = refused(masked, "the colour (0, 0, 0) is both category 'dog' and background")
        assert "where black is a class, say `ignore_colors: []`" in hint
        declare(masked, GLOB, ", ignore_colors: []")
        assert labelled(masked) == SIDE * SIDE

    def test_background_of_another_colour_is_told_with_the_key_to_write(
        self, masked: Project
    ) -> None:
        masked.write("masks/a.png", png(see_through(RED, WHITE, disc()).convert("RGB")))
        masked.write("map.json", {"background": WHITE, "cat": RED})
        hint = refused(masked, 'the category "background" is not in the taxonomy')
        key = "ignore_colors: [[0, 0, 0], [255, 255, 255]]"
        assert hint == f"    if it is background, write `{key}`"
        declare(masked, GLOB, f", {key}")
        assert labelled(masked) == AREA

    def test_values_of_an_indexed_mask_too(self, masked: Project) -> None:
        masked.write("masks/a.png", png(np.array(disc()) // 255 + 4))
        masked.write("map.json", {"background": 4, "void": 255, "cat": 5})
        declare(masked, GLOB, ", format: indexed")
        hint = refused(masked, 'the category "background" is not in the taxonomy')
        assert hint == "    if it is background, write `ignore_values: [0, 255, 4]`"
        declare(masked, GLOB, ", format: indexed, ignore_values: [0, 255, 4]")
        assert labelled(masked) == AREA
        masked.write("masks/a.png", png(np.array(disc()) // 255 * 5))
        masked.write("map.json", {"background": 0, "cat": 5})
        declare(masked, GLOB, ", format: indexed")
        assert labelled(masked) == AREA

    def test_files_of_a_class_called_background_are_told_with_the_key_to_write(
        self, of: Project
    ) -> None:
        of.write("masks/a/cat.png", png(disc()))
        of.write("masks/a/background.png", png(disc().point(lambda v: 255 - v)))
        declare(of, PER_CLASS)
        hint = refused(of, 'the category "background" is not in the taxonomy')
        assert hint.endswith('`exclude: ["**/background.png"]`')
        declare(of, PER_CLASS, ', exclude: ["**/background.png"]')
        assert labelled(of) == AREA


def outline(category: str, *corners: tuple[int, int]) -> dict[str, Any]:
    pixel = {"imagesize": [SIDE, SIDE], "regions": [list(map(list, corners))], "holes": []}
    return {"category": [["object", category]], "attributes": [], "pixel": pixel}


def square(category: str, start: int, end: int) -> dict[str, Any]:
    return outline(category, (start, start), (end, start), (end, end), (start, end))


class TestOverlapsOnTheWayBack:
    """A pixel of a mask is of one class."""

    @pytest.mark.parametrize(
        ("labels", "told"),
        [
            (
                [square("cat", 3, 6), square("dog", 1, 9)],
                ["9 pixels of `cat` are under `dog`, so that nothing of it is seen"],
            ),
            (
                [square("cat", 0, 4), square("dog", 2, 6)],
                ["4 pixels of `cat` are under `dog`"],
            ),
            (
                [square("cat", 0, 3), square("dog", 2, 5), square("cat", 4, 9)],
                ["1 pixel of `cat` is under `dog`", "1 pixel of `dog` is under `cat`"],
            ),
            (
                [outline("cat", (0, 0), (8, 0), (0, 8)), square("dog", 0, 2)],
                ["4 pixels of `cat` are under `dog`"],
            ),
        ],
    )
    def test_pixels_under_other_labels_are_told_and_the_export_exits_with_3(
        self, of: Project, labels: list[dict[str, Any]], told: list[str]
    ) -> None:
        self.declare(of, labels)
        ran = of.run("export", "masks", "out")
        assert ran.code == 3
        assert "not all of a is in its files: " in ran.err
        for one in told:
            assert one in ran.err
        hidden = of.run("export", "masks", "out", "--force", "--json").json["lost"][0]["hidden"]
        assert sum(sum(under.values()) for under in hidden.values()) >= len(told)

    @pytest.mark.parametrize(
        "labels",
        [
            [square("cat", 0, 4), square("dog", 4, 8)],
            [square("cat", 0, 4), square("cat", 2, 8)],
            [square("cat", 0, 4)],
        ],
    )
    def test_labels_that_hide_no_other_class_lose_nothing(
        self, of: Project, labels: list[dict[str, Any]]
    ) -> None:
        self.declare(of, labels)
        ran = of.run("export", "masks", "out")
        assert ran.code == 0
        assert "under" not in ran.err

    def declare(self, project: Project, labels: list[dict[str, Any]]) -> None:
        project.write("labels.json", labels)
        project.manifest(
            "project: {type: IMAGE_SEGMENTATION, taxonomy: [cat, dog]}\n"
            "datapoints:\n  - {name: a, items: [images/a.png], labels: labels.json}\n"
        )
        assert project.apply().code == 0

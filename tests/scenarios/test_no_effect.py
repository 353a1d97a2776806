"""What a manifest says and what has no effect is told: exclusions, optional labels, strays."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.hints.following import follows
from tests.scenarios.pictures import photo, png
from tests.scenarios.project import BOX, Project


def filled(colour: tuple[int, int, int]) -> bytes:
    """A mask of one colour, of the size of a photo."""
    file = io.BytesIO()
    Image.new("RGB", (4, 3), colour).save(file, "PNG")
    return file.getvalue()


def with_exclude(project: Project, text: str) -> None:
    for number, name in enumerate(["a", "a_mask", "thumbs/t", "deep/er/x_mask"]):
        project.write(f"images/{name}.png", png(number))
    project.manifest(f'datapoints:\n  - glob: "images/**/*.png"\n    exclude: ["{text}"]\n')


MEANT = {
    "*_mask.png": "**/*_mask.png",
    "images/thumbs": "images/thumbs/**",
    "images/thumbs/": "images/thumbs/**",
    "thumbs": "**/thumbs/**",
    "er/*.png": "**/er/*.png",
}


@pytest.mark.parametrize(("written", "meant"), MEANT.items())
def test_an_exclusion_in_the_habit_of_other_programs_is_told_with_the_form_that_works(
    project: Project, written: str, meant: str
) -> None:
    with_exclude(project, written)
    ran = project.run("plan")
    if written.endswith("/"):
        assert ran.code == 65
        assert f"`{meant}`" in ran.err
    else:
        assert ran.code == 0
        assert f"rbsync.yaml:4:15: the `exclude` pattern `{written}` matches no file" in ran.err
        assert f"did you mean `{meant}`?" in ran.err
    with_exclude(project, meant)
    again = project.run("plan")
    assert "exclude" not in again.err
    assert again.last_line < ran.last_line or ran.code == 65


def test_an_exclusion_that_nothing_is_like_is_told_too(project: Project) -> None:
    with_exclude(project, "images/tumbs/**")
    ran = project.run("plan")
    assert ran.code == 0
    assert "matches no file" in ran.err
    assert "check the spelling, or take it out" in ran.err


def test_exclusions_of_masks_are_told_as_those_of_images(project: Project) -> None:
    project.write("images/a.png", png(1))
    project.write("masks/a.png", png(0xFF0000))
    project.write("classes.json", {"car": [255, 0, 0]})
    project.manifest(
        "project: {type: IMAGE_SEGMENTATION, taxonomy: [car]}\n"
        "masks:\n"
        '  - {glob: "masks/*.png", image: "images/{stem}.png", class_map: classes.json,'
        " exclude: [old]}\n"
    )
    ran = project.run("plan")
    assert ran.code == 0
    assert "the `exclude` pattern `old` matches no file" in ran.err


def test_optional_labels_that_are_there_for_none_are_told(project: Project) -> None:
    for number, name in enumerate("abc"):
        project.write(f"images/{name}.png", png(number))
        project.write(f"labels/{name}.json", [BOX])
    text = 'project: {type: IMAGE_BBOX, taxonomy: [car]}\ndatapoints:\n  - glob: "images/*.png"\n'
    project.manifest(text + '    labels: "lables/{stem}.json?"\n')
    ran = project.run("plan")
    assert ran.code == 0
    assert (
        "rbsync.yaml:5:13: no label file matches `lables/{stem}.json?`, for any of 3 datapoints"
        in ran.err
    )
    assert "did you mean `labels/`?" in ran.err
    project.manifest(text + '    labels: "labels/{stem}.jsn?"\n')
    assert "check the spelling and the suffix" in project.run("plan").err
    project.manifest(text + '    labels: "labels/{stem}.json?"\n')
    ran = project.run("plan")
    assert "warning" not in ran.err
    assert ran.out.count("labels") == 3


def test_label_files_that_belong_to_no_datapoint_are_told(three: Project) -> None:
    """An image was renamed, and its labels were not."""
    (three.folder / "images/b.png").rename(three.folder / "images/b2.png")
    three.write("labels/b.json", [BOX])
    ran = three.run("plan")
    assert ran.code == 0
    assert "1 label file in `labels` belongs to no datapoint: `b.json`" in ran.err
    (three.folder / "labels/b.json").rename(three.folder / "labels/b2.json")
    assert "warning" not in three.run("plan").err


@pytest.mark.parametrize("suffix", ["png", "PNG"])
def test_masks_that_belong_to_no_image_are_told(project: Project, suffix: str) -> None:
    for name in ("a", "b"):
        project.write(f"images/{name}.png", photo(ord(name)))
    for name in ("a", "c", "d"):
        project.write(f"masks/{name}.{suffix}", photo(0))
    project.write("map.json", {"car": [0, 99, 7]})
    head = "project: {type: IMAGE_SEGMENTATION, taxonomy: [car]}\ndatapoints:\n"
    source = '  - {glob: images/*.png, mask: "masks/{stem}.png?", class_map: map.json}\n'
    project.manifest(head + source)
    for _ in range(2):
        ran = project.run("plan")
        assert ran.code == 0, ran.err
        said = f"2 masks in `masks` belong to no datapoint: `c.{suffix}`, `d.{suffix}`"
        assert said in ran.err
    project.write("images/c.png", photo(9))
    assert f"1 mask in `masks` belongs to no datapoint: `d.{suffix}`" in project.run("plan").err
    # A mask that another source sends belongs to a datapoint.
    more = "masks:\n  - {glob: masks/d.*, image: images/b.png, name: d, class_map: map.json}\n"
    project.manifest(head + source + more)
    assert "belong" not in project.run("plan").err
    # Masks beside their images are no strays, and neither are those images.
    project.write("images/a_mask.png", photo(0))
    project.manifest(
        head + '  - {glob: "images/?.png", mask: "images/{stem}_mask.png?", class_map: map.json}\n'
    )
    assert "belong" not in project.run("plan").err


@follows("leave it out of one of them with `exclude`")
def test_one_picture_in_two_datapoints_is_told(project: Project) -> None:
    """Three pictures, of which one has a mask; who follows the advice has three datapoints."""
    for number, name in enumerate("abc"):
        project.write(f"images/{name}.png", png(number))
    project.write("masks/a.png", png(0xFF0000))
    project.write("classes.json", {"car": [255, 0, 0]})
    text = (
        "project: {type: IMAGE_SEGMENTATION, taxonomy: [car]}\n"
        "masks:\n"
        '  - {glob: "masks/*.png", image: "images/{stem}.png", class_map: classes.json}\n'
        "datapoints:\n"
        '  - glob: "images/*.png"\n'
    )
    project.manifest(text)
    ran = project.run("plan")
    assert (ran.code, ran.last_line[:19]) == (0, "Plan: 4 to create, ")
    assert "`images/a.png` is in two datapoints, " in ran.err
    assert "leave it out of one of them with `exclude`" in ran.err
    project.manifest(text + "    exclude: [images/a.png]\n")
    ran = project.run("plan")
    assert (ran.code, ran.last_line[:19]) == (0, "Plan: 3 to create, ")
    assert "warning" not in ran.err


def test_files_that_the_manifest_names_are_no_stray_labels(project: Project) -> None:
    project.write("data/a.png", png(1))
    project.write("data/a.json", [BOX])
    project.write("data/list.json", [{"name": "l", "items": ["a.png"]}])
    project.manifest(
        "project: {type: IMAGE_BBOX, taxonomy: [car]}\n"
        "datapoints:\n"
        '  - {glob: "data/*.png", labels: "data/{stem}.json?"}\n'
        "  - items_list: data/list.json\n"
    )
    ran = project.run("plan")
    assert (ran.code, "stray" in ran.err, "belongs" in ran.err) == (0, False, False)


RULES = {
    "thumb/": "did you mean `thumbs/`?",
    "/thumbs": "did you mean `thumbs/`?",
    "images\\thumbs": "did you mean `images/thumbs`?",
    "a.png/": "did you mean `a.png`?",
    "!images/b.pgn": "did you mean `!images/b.png`?",
    "archive/2019/**": "rules are those of gitignore, from the folder of this file; mend it, or",
}


@follows("/` leaves it out")
def test_a_comment_that_is_the_name_of_a_folder_is_told(project: Project) -> None:
    project.write("images/a.png", png(1))
    project.write("images/#old/b.png", png(2))
    # A rule that was taken out of use is no name of any folder.
    project.write("images/.rbsyncignore", "#old/\n#thumbs/\n# see #old/\n")
    ran = project.run("plan")
    assert "images/.rbsyncignore:1:1: the line `#old/` is a comment, and there is a" in ran.err
    assert ran.err.count("is a comment") == 1
    assert project.run("plan").err.count("is a comment") == 1
    project.write("images/.rbsyncignore", "\\#old/\n")
    again = project.run("plan")
    assert "is a comment" not in again.err
    assert again.last_line.startswith("Plan: 1 to create")


@pytest.mark.parametrize(("rule", "hint"), RULES.items())
def test_a_rule_of_an_ignore_file_that_matches_nothing_is_told(
    project: Project, rule: str, hint: str
) -> None:
    for number, name in enumerate(["a", "b", "thumbs/t"]):
        project.write(f"images/{name}.png", png(number))
    project.write(".rbsyncignore", f"# what is not sent\n\n{rule}\n")
    ran = project.run("plan")
    assert ran.code == 0
    assert f".rbsyncignore:3:1: the rule `{rule}` matches nothing\n" in ran.err
    assert hint in ran.err
    if "`" in hint:
        # The hint is followed: the rule that it names has an effect.
        project.write(".rbsyncignore", hint.split("`")[1] + "\n")
        assert "matches nothing" not in project.run("plan").err


def test_rules_with_an_effect_are_not_told(project: Project) -> None:
    """Whatever the effect is: on files that no source asks for, of another kind, in other folders,
    overruled by the next line, or of hidden files, which are left out anyway.
    """
    for name in ("images/a.png", "images/thumbs/t.png", "other/old/x.png"):
        project.write(name, png(len(name)))
    project.write("images/notes.txt", "x")
    project.write(
        ".rbsyncignore",
        "*.txt\nother/old/\nthumbs/\n**/thumbs/*\n.DS_Store\n**/.git\n*.png\n!a.png\n",
    )
    project.write("images/.rbsyncignore", "thumbs\n")
    ran = project.run("plan")
    assert ran.code == 0
    assert "matches nothing" not in ran.err
    assert "1 to create" in ran.out


def test_classes_that_no_mask_has_are_told_to_those_who_want_to_know_more(project: Project) -> None:
    project.write("map.json", {"car": [255, 0, 0], "bus": [0, 255, 0], "van": [0, 0, 255]})
    for number, name in enumerate("ab"):
        project.write(f"images/{name}.png", photo(number))
        project.write(f"masks/{name}.png", filled((255, 0, 0) if number else (0, 0, 255)))
    project.manifest(
        "project: {type: IMAGE_SEGMENTATION, taxonomy: [car, bus, van]}\nmasks:\n"
        '  - {glob: "masks/*.png", image: "images/{stem}.png", class_map: map.json}\n'
    )
    said = "warning: rbsync.yaml:4:66: map.json: no mask has the class `bus`\n"
    for command in ("validate", "plan", "expand"):
        assert said in project.run(command, "-v").err
        assert "no mask has" not in project.run(command).err
    # What is remembered of masks says it as well.
    assert project.apply().code == 0
    assert said in project.run("plan", "-v").err
    project.write("masks/a.png", filled((0, 255, 0)))
    assert "no mask has the class `van`" in project.run("plan", "-v").err


def test_a_rule_for_a_suffix_that_no_file_has_is_told(project: Project) -> None:
    project.write("images/a.png", photo(1))
    project.write(".rbsyncignore", "*.bak\n**/.DS_Store\n.idea/\n")
    project.manifest('datapoints:\n  - glob: "images/*.png"\n')
    err = project.run("plan").err
    assert err.count("matches nothing") == 1
    assert "warning: .rbsyncignore:1:1: the rule `*.bak` matches nothing" in err

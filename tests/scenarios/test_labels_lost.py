"""Labels that would go from many datapoints at once are a loss, and somebody has to say so."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rbsync.errors import ExitCode
from tests.masks.pictures import painted
from tests.masks.pictures import png as mask_png
from tests.scenarios.pictures import CLASSES, EMPTY, ONE, index_of, photo, png
from tests.scenarios.project import BOX, Project

MANY = 24
FEW = 5
SOME = 12
FULL = index_of("cccc", "cccc", "cccc")
TWO_ROWS = index_of("cccc", "cccc", "....")
BOXES = "project: {type: IMAGE_BBOX, taxonomy: [car, bus]}\n"
MASKS = "project: {type: IMAGE_SEGMENTATION, taxonomy: [car, bus]}\n"
Setting = Callable[[Project, int], None]


def write_pictures(project: Project, number: int) -> None:
    for at in range(number):
        project.write(f"images/{at}.png", png(at))


def label_files(project: Project, number: int) -> None:
    write_pictures(project, number)
    for at in range(number):
        project.write(f"labels/{at}.json", [BOX])
    project.manifest(
        BOXES + 'datapoints:\n  - glob: "images/*.png"\n    labels: "labels/{stem}.json?"\n'
    )


def label_folders(project: Project, number: int) -> None:
    for at in range(number):
        folder = "low" if at < MANY // 2 else "high"
        project.write(f"images/{folder}/{at}.png", png(at))
        project.write(f"labels/{folder}/{at}.json", [BOX])
    project.manifest(
        BOXES + 'datapoints:\n  - glob: "images/{part}/*.png"\n'
        '    labels: "labels/{part}/{stem}.json?"\n'
    )


def csv_column(project: Project, number: int) -> None:
    write_pictures(project, number)
    rows = [f"{at},images/{at}.png,labels/{at}.json" for at in range(number)]
    for at in range(number):
        project.write(f"labels/{at}.json", [BOX])
    project.write("list.csv", "\n".join(["name,item,labels", *rows]) + "\n")
    project.manifest(BOXES + "datapoints: [{items_list: list.csv}]\n")


def json_list(project: Project, number: int) -> None:
    write_pictures(project, number)
    entries = [
        {"name": f"{at}", "items": [f"images/{at}.png"], "labels": [BOX]} for at in range(number)
    ]
    project.write("list.json", entries)
    project.manifest(BOXES + "datapoints: [{items_list: list.json}]\n")


def photos(project: Project, number: int) -> None:
    for at in range(number):
        project.write(f"images/{at}.png", photo(at))


def coco_document(number: int, annotated: int) -> dict[str, Any]:
    ring = [0, 0, 3, 0, 3, 3, 0, 3]
    return {
        "images": [
            {"id": at, "file_name": f"{at}.png", "width": 4, "height": 3} for at in range(number)
        ],
        "categories": [{"id": 1, "name": "car"}],
        "annotations": [
            {"id": at, "image_id": at, "category_id": 1, "segmentation": [ring]}
            for at in range(annotated)
        ],
    }


def coco(project: Project, number: int) -> None:
    photos(project, number)
    project.write("coco.json", coco_document(number, number))
    project.manifest(MASKS + "masks: [{coco: coco.json, images: images/}]\n")


def masks(project: Project, number: int) -> None:
    photos(project, number)
    paint(project, number, ONE)
    project.write("class_map.json", {name: list(colour) for name, colour in CLASSES.items()})
    project.manifest(
        MASKS + "masks:\n  - glob: masks/*.png\n    image: images/{stem}.png\n"
        "    class_map: class_map.json\n"
    )


def paint(project: Project, number: int, index: Any) -> None:
    for at in range(number):
        project.write(f"masks/{at}.png", mask_png(painted(index, CLASSES)))


def empty_folder(project: Project, _: int) -> None:
    """As a mount point is whose disk is not there."""
    shutil.rmtree(project.folder / "labels")
    (project.folder / "labels").mkdir()


def lose_folder_below(project: Project, _: int) -> None:
    (project.folder / "labels/low").rename(project.folder / "elsewhere")


def empty_files(project: Project, number: int) -> None:
    for at in range(number):
        project.write(f"labels/{at}.json", [])


def empty_column(project: Project, number: int) -> None:
    rows = [f"{at},images/{at}.png," for at in range(number)]
    project.write("list.csv", "\n".join(["name,item,labels", *rows]) + "\n")


def empty_lists(project: Project, number: int) -> None:
    entries = [{"name": f"{at}", "items": [f"images/{at}.png"]} for at in range(number)]
    project.write("list.json", [{**one, "labels": []} for one in entries])


def no_lists(project: Project, number: int) -> None:
    entries = [{"name": f"{at}", "items": [f"images/{at}.png"]} for at in range(number)]
    project.write("list.json", entries)


def no_annotations(project: Project, number: int) -> None:
    project.write("coco.json", coco_document(number, 0))


def few_annotations(project: Project, number: int) -> None:
    project.write("coco.json", coco_document(number, number // 2))


def draw_over(project: Project, number: int) -> None:
    paint(project, number, EMPTY)


def only_background(project: Project, number: int) -> None:
    """The class map has lost its classes, and their colours are said to be background."""
    project.write("class_map.json", {"other": [1, 2, 3]})
    every = [[0, 0, 0], *map(list, CLASSES.values())]
    project.manifest(
        MASKS.replace("bus", "bus, other") + "masks:\n  - glob: masks/*.png\n"
        f"    image: images/{{stem}}.png\n    class_map: class_map.json\n"
        f"    ignore_colors: {every}\n"
    )


LOSSES: list[tuple[Setting, Setting]] = [
    (label_files, empty_folder),
    (label_folders, lose_folder_below),
    (label_files, empty_files),
    (csv_column, empty_column),
    (json_list, empty_lists),
    (json_list, no_lists),
    (coco, no_annotations),
    (coco, few_annotations),
    (masks, draw_over),
    (masks, only_background),
]
losses = pytest.mark.parametrize(
    ("before", "lose"), LOSSES, ids=[lose.__name__ for _, lose in LOSSES]
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "data")


def labelled(project: Project) -> int:
    return sum(1 for task in project.tasks() if task["labels"])


@losses
def test_the_guard_stops_it_and_the_plan_says_so(
    project: Project, before: Setting, lose: Setting
) -> None:
    before(project, MANY)
    assert project.apply().code == 0
    assert labelled(project) == MANY
    lose(project, MANY)
    planned = project.run("plan", "--markdown", "plan.md")
    assert (planned.code, "labels removed" in planned.out) == (0, True), planned.err
    assert "updates remove all labels of a datapoint." in planned.err
    assert "The guard will refuse this (exit code 6): the plan would remove all labels of" in (
        planned.err
    )
    markdown = (project.folder / "plan.md").read_text()
    assert "The guard will refuse this (exit code 6):" in markdown
    assert "labels removed" in markdown
    document = project.plan()
    assert document["apply_exit_code"] == ExitCode.REFUSED
    assert "remove all labels of" in document["guard"]["message"]
    removed = document["summary"]["labels_removed"]
    assert removed >= MANY // 2 - 1
    assert sum(1 for one in document["actions"] if one.get("labels_removed")) == removed
    refused = project.apply()
    assert refused.code == ExitCode.REFUSED
    assert f"remove all labels of {removed} of {MANY} datapoints" in refused.err
    assert labelled(project) == MANY
    forced = project.apply("--force")
    assert (forced.code, "The guard will refuse" in forced.err) == (0, False)
    assert labelled(project) == MANY - removed


@losses
def test_a_few_may_lose_their_labels_and_it_is_told(
    project: Project, before: Setting, lose: Setting
) -> None:
    before(project, FEW)
    assert project.apply().code == 0
    lose(project, FEW)
    planned = project.run("plan")
    assert "labels removed" in planned.out
    assert "The guard" not in planned.err
    assert project.plan()["apply_exit_code"] == 0
    assert project.apply().code == 0
    assert labelled(project) < FEW


def test_a_folder_of_label_files_that_is_gone_is_unknown_and_nothing_is_removed(
    project: Project,
) -> None:
    label_files(project, FEW)
    assert project.apply().code == 0
    (project.folder / "labels").rename(project.folder / "elsewhere")
    planned = project.run("plan")
    assert planned.code == ExitCode.INCOMPLETE
    assert "the folder `labels` of the label files is not there" in planned.out
    assert "Apply will end with exit code 9" in planned.err
    assert {one["reason"] for one in project.plan()["actions"]} == {"unknown"}
    applied = project.apply("--force", "--prune")
    assert applied.code == ExitCode.INCOMPLETE
    assert labelled(project) == FEW
    explained = project.run("explain", "images/0.png")
    assert "blocked (unknown)" in explained.out
    (project.folder / "elsewhere").rename(project.folder / "labels")
    assert project.run("plan").last_line == "No changes. The project matches the manifest."


def test_a_folder_of_label_files_that_is_not_there_yet_stops_nothing(project: Project) -> None:
    label_files(project, FEW)
    shutil.rmtree(project.folder / "labels")
    assert project.apply().code == 0
    assert (len(project.names()), labelled(project)) == (FEW, 0)
    project.write("images/0.png", png(100))
    assert project.actions() == ["update images/0.png items"]
    assert project.apply().code == 0
    project.write("labels/1.json", [BOX])
    assert project.actions() == ["update images/1.png labels"]


def test_new_datapoints_go_in_while_the_folder_of_label_files_is_gone(project: Project) -> None:
    label_files(project, FEW)
    assert project.apply().code == 0
    shutil.rmtree(project.folder / "labels")
    project.write("images/new.png", png(200))
    assert project.apply().code == ExitCode.INCOMPLETE
    assert (len(project.names()), labelled(project)) == (FEW + 1, FEW)


@pytest.mark.parametrize("allowed", ["", "    allow_empty: true\n"])
def test_a_folder_of_masks_that_is_gone_is_unknown_and_nothing_is_removed(
    project: Project, allowed: str
) -> None:
    masks(project, FEW)
    text = (project.folder / "rbsync.yaml").read_text()
    (project.folder / "rbsync.yaml").write_text(text + allowed)
    assert project.apply().code == 0
    (project.folder / "masks").rename(project.folder / "elsewhere")
    assert project.apply("--force", "--prune", "--keep-going").code == ExitCode.INCOMPLETE
    assert (len(project.names()), labelled(project)) == (FEW, FEW)
    (project.folder / "elsewhere").rename(project.folder / "masks")
    assert project.run("plan").last_line == "No changes. The project matches the manifest."


def test_explain_says_that_labels_are_removed(project: Project) -> None:
    label_files(project, FEW)
    assert project.apply().code == 0
    (project.folder / "labels/3.json").unlink()
    project.write("images/3.png", png(99))
    assert "changed: items; labels removed" in project.run("explain", "images/3.png").out


def test_labels_that_change_are_no_loss(project: Project) -> None:
    label_files(project, MANY)
    assert project.apply().code == 0
    for at in range(MANY):
        project.write(f"labels/{at}.json", [{**BOX, "category": [["object", "bus"]]}])
    document = project.plan()
    assert (document["summary"]["labels_removed"], document["guard"]) == (0, None)
    assert project.apply().code == 0


def boxes(number: int) -> list[Any]:
    return [BOX] * number


def label_lists(project: Project, number: int) -> None:
    label_files(project, number)
    fill_lists(project, number, 6)


def fill_lists(project: Project, number: int, labels: int) -> None:
    for at in range(number):
        project.write(f"labels/{at}.json", boxes(labels))


def shorten_files(project: Project, number: int) -> None:
    fill_lists(project, number, 2)


def inline_lists(project: Project, number: int) -> None:
    write_pictures(project, number)
    write_inline(project, number, 4)
    project.manifest(BOXES + "datapoints: [{items_list: list.json}]\n")


def write_inline(project: Project, number: int, labels: int) -> None:
    entries = [{"name": f"{at}", "items": [f"images/{at}.png"]} for at in range(number)]
    project.write("list.json", [{**one, "labels": boxes(labels)} for one in entries])


def shorten_lists(project: Project, number: int) -> None:
    write_inline(project, number, 2)


def coco_of_many(project: Project, number: int) -> None:
    coco(project, number)
    annotate(project, number, 3)


def annotate(project: Project, number: int, each: int) -> None:
    document = coco_document(number, number)
    every = [one for one in document["annotations"] for _ in range(each)]
    document["annotations"] = [{**one, "id": at} for at, one in enumerate(every)]
    project.write("coco.json", document)


def fewer_annotations(project: Project, number: int) -> None:
    annotate(project, number, 1)


def whole_masks(project: Project, number: int) -> None:
    masks(project, number)
    paint(project, number, FULL)


def draw_half_over(project: Project, number: int) -> None:
    paint(project, number, TWO_ROWS)


def masks_of_two(project: Project, number: int) -> None:
    masks(project, number)
    paint(project, number, index_of("cccc", "cccc", "bbbb"))


def lose_class(project: Project, number: int) -> None:
    paint(project, number, TWO_ROWS)


def label_maps(project: Project, number: int) -> None:
    photos(project, number)
    paint(project, number, FULL)
    project.write("class_map.json", {name: list(colour) for name, colour in CLASSES.items()})
    project.manifest(
        MASKS + "masks:\n  - glob: masks/*.png\n    image: images/{stem}.png\n"
        "    class_map: class_map.json\n    encoding: nifti\n"
    )


def outlined(number: int, regions: int) -> dict[str, Any]:
    ring = [[0, 0], [1, 0], [1, 1], [0, 1]]
    shown = [[[x + 2 * at, y] for x, y in ring] for at in range(regions)]
    pixel = {"imagesize": [4, 3], "regions": shown, "holes": []}
    return {"category": [["object", "car"]], "attributes": [], "pixel": pixel}


def outlines(project: Project, number: int) -> None:
    photos(project, number)
    outline(project, number, 2)
    project.manifest(
        MASKS + 'datapoints:\n  - glob: "images/*.png"\n    labels: "labels/{stem}.json?"\n'
    )


def outline(project: Project, number: int, regions: int) -> None:
    for at in range(number):
        project.write(f"labels/{at}.json", [outlined(at, regions)])


def lose_regions(project: Project, number: int) -> None:
    outline(project, number, 1)


FEWER: list[tuple[Setting, Setting, str]] = [
    (label_lists, shorten_files, "2 of 6 left"),
    (inline_lists, shorten_lists, "2 of 4 left"),
    (coco_of_many, fewer_annotations, "1 of 3 left"),
    (whole_masks, draw_half_over, "66 % of what was labelled left"),
    (masks_of_two, lose_class, "1 of 2 left"),
    (label_maps, draw_half_over, "66 % of what was labelled left"),
    (outlines, lose_regions, "50 % of what was labelled left"),
]


@pytest.mark.parametrize(
    ("before", "lose", "left"), FEWER, ids=[lose.__name__ for _, lose, _ in FEWER]
)
def test_a_part_that_many_lose_is_for_the_guard_too(
    project: Project, before: Setting, lose: Setting, left: str
) -> None:
    before(project, SOME)
    assert project.apply().code == 0
    kept = [task["labels"] for task in project.tasks()]
    lose(project, SOME)
    planned = project.run("plan", "--markdown", "plan.md")
    assert f"fewer labels: {left}" in planned.out
    assert "The guard will refuse this (exit code 6): the plan would remove a third or more of" in (
        planned.err
    )
    assert "fewer labels" in (project.folder / "plan.md").read_text()
    document = project.plan("-o", "p.json")
    assert document["apply_exit_code"] == ExitCode.REFUSED
    assert document["summary"]["fewer_labels"] == SOME
    assert {one["fewer_labels"] for one in document["actions"]} == {left}
    for refused in (project.apply(), project.run("apply", "p.json")):
        assert refused.code == ExitCode.REFUSED
        assert f"a third or more of the labels of {SOME} of {SOME} datapoints" in refused.err
    assert [task["labels"] for task in project.tasks()] == kept
    assert project.apply("--force").code == 0
    assert project.run("plan").last_line.startswith("No changes.")


def test_a_column_that_is_empty_in_many_rows_is_for_the_guard(project: Project) -> None:
    csv_column(project, 2 * SOME)
    assert project.apply().code == 0
    rows = [f"{at},images/{at}.png,{f'labels/{at}.json' * (at % 2)}" for at in range(2 * SOME)]
    project.write("list.csv", "\n".join(["name,item,labels", *rows]) + "\n")
    assert project.plan()["summary"]["labels_removed"] == SOME
    assert project.apply().code == ExitCode.REFUSED
    assert labelled(project) == 2 * SOME


def test_a_few_that_lose_a_part_of_their_labels_are_told(project: Project) -> None:
    label_lists(project, FEW)
    assert project.apply().code == 0
    shorten_files(project, FEW)
    planned = project.run("plan")
    assert f"{FEW} updates leave fewer labels: a third or more of those of a datapoint go." in (
        planned.err
    )
    assert "The guard" not in planned.err
    assert project.apply().code == 0


def test_what_is_lost_is_told_by_what_the_project_has_and_not_by_a_memory(
    project: Project,
) -> None:
    whole_masks(project, SOME)
    assert project.apply().code == 0
    draw_half_over(project, SOME)
    for name in ("cache.db", "cache.db-wal", "cache.db-shm"):
        (project.folder / ".rbsync" / name).unlink(missing_ok=True)
    assert project.apply().code == ExitCode.REFUSED


def test_what_was_planned_without_a_look_is_looked_at_before_it_is_applied(
    project: Project,
) -> None:
    label_lists(project, SOME)
    assert project.apply().code == 0
    shorten_files(project, SOME)
    assert project.plan("--offline", "-o", "p.json")["guard"] is None
    for refused in (project.run("apply", "p.json"), project.apply("--offline")):
        assert refused.code == ExitCode.REFUSED, refused.err


def test_masks_of_smaller_images_are_no_loss(project: Project) -> None:
    whole_masks(project, SOME)
    assert project.apply().code == 0
    for at in range(SOME):
        project.write(f"images/{at}.png", png(at))
    paint(project, SOME, index_of("cc", "cc"))
    document = project.plan()
    assert (document["summary"]["update"], document["summary"]["fewer_labels"]) == (SOME, 0)
    assert document["guard"] is None

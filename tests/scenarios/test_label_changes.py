"""What changed in labels, as the commands tell it."""

from __future__ import annotations

import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rbsync.cli.render.markdown_page import LIMIT
from tests.scenarios.pictures import photo
from tests.scenarios.project import Project
from tests.scenarios.test_versions import commit, git
from tests.trust.test_markdown import pages

MANIFEST = """
project: {type: IMAGE_MULTI, taxonomy: [penny, nickel, car]}
datapoints:
  - glob: scenes/*.png
    labels: scenes/{stem}.json
masks:
  - glob: masks/*.png
    image: coins/{stem}.png
    class_map: classes.json
"""
COLORS = {"penny": [200, 0, 0], "nickel": [0, 200, 0]}


def mask(pixels: Any, **options: Any) -> bytes:
    table = np.array([(0, 0, 0), *COLORS.values()], np.uint8)
    file = io.BytesIO()
    Image.fromarray(table[pixels]).save(file, "PNG", **options)
    return file.getvalue()


def coins() -> Any:
    found = np.zeros((60, 80), np.uint8)
    found[10:40, 10:50] = 1
    found[45:55, 10:20] = 2
    return found


def scene(x: float, color: str = "red") -> list[Any]:
    place = {"xnorm": x, "ynorm": 0.2, "wnorm": 0.3, "hnorm": 0.4}
    attributes = [{"name": "color", "value": color}]
    return [{"category": [["object", "car"]], "attributes": attributes, "bbox2d": place}]


@pytest.fixture
def site(tmp_path: Path) -> Project:
    project = Project(tmp_path / "site")
    project.manifest(MANIFEST)
    project.write("classes.json", COLORS)
    for number, name in enumerate(("grown", "same", "gone1", "gone2", "wander")):
        project.write(f"coins/{name}.png", photo(number, (80, 60)))
        project.write(f"masks/{name}.png", mask(coins()))
    for number, name in enumerate(("box", "attribute"), 10):
        project.write(f"scenes/{name}.png", photo(number, (400, 100)))
        project.write(f"scenes/{name}.json", scene(0.1))
    git(project, "init", "-q", "-b", "main")
    commit(project)
    git(project, "tag", "v1")
    return project


def change(site: Project) -> None:
    for number in range(3):
        site.write(f"coins/new{number}.png", photo(50 + number, (80, 60)))
        site.write(f"masks/new{number}.png", mask(coins()))
    for name in ("gone1", "gone2"):
        (site.folder / f"coins/{name}.png").unlink()
        (site.folder / f"masks/{name}.png").unlink()
    for folder in ("coins", "masks"):
        shutil.move(site.folder / folder / "wander.png", site.folder / folder / "wandered.png")
    grown = coins()
    grown[9, 10:30] = 1
    site.write("masks/grown.png", mask(grown))
    site.write("masks/same.png", mask(coins(), compress_level=0))
    site.write("scenes/box.json", scene(0.13))
    site.write("scenes/attribute.json", scene(0.1, "blue"))


TOLD = """\
added      new0
added      new1
added      new2
removed    gone1
removed    gone2
moved      wander to wandered
changed    grown: labels: penny +20 px (IoU 0.984)
changed    scenes/attribute.png: labels: 1 box attributes changed (car, color: red to blue)
changed    scenes/box.png: labels: 1 box moved (car, 12 px)
reencoded  masks/same.png: other bytes, same meaning
"""


def test_two_tags_are_compared_down_to_each_change_of_labels(site: Project) -> None:
    change(site)
    commit(site)
    git(site, "tag", "v2")
    for words in (["v1", "v2"], ["v1"]):
        found = site.run("diff", *words)
        assert found.code == 2
        assert found.out.startswith(TOLD), found
    document = site.run("diff", "v1", "v2", "--json").json["difference"]
    by_name = {one["name"]: one["labels"] for one in document["changed"]}
    (penny,) = by_name["grown"]["classes"]
    assert (penny["name"], penny["gained"], penny["lost"]) == ("penny", 20, 0)
    (box,) = by_name["scenes/box.png"]["objects"]
    assert (box["verb"], box["kind"], round(box["moved"]), box["in_pixels"]) == (
        "changed",
        "box",
        12,
        True,
    )
    (attribute,) = by_name["scenes/attribute.png"]["objects"]
    assert attribute["attributes"] == [{"name": "color", "before": "red", "after": "blue"}]
    assert site.run("diff", "v2", "v1").out.count("penny -20 px") == 1


def test_a_mask_of_nothing_is_part_of_the_version(site: Project) -> None:
    nothing = np.zeros((60, 80), np.uint8)
    site.write("masks/grown.png", mask(nothing))
    assert site.run("lock").code == 0
    assert "masks/grown.png" in (site.folder / "rbsync.lock/masks.sums").read_text()
    site.write("masks/grown.png", mask(nothing, compress_level=0))
    assert "reencoded  masks/grown.png" in site.run("verify").out
    site.write("masks/grown.png", mask(coins()))
    found = site.run("verify")
    assert "changed    grown: labels differ\nbytes      file masks/grown.png" in found.out


def test_what_cannot_be_read_is_told_as_that_and_neither_as_gone_nor_as_to_be_locked(
    site: Project,
) -> None:
    site.write("scenes/box.json", [{"category": [["object", "car"]], "bbox2d": 3}])
    ran = site.run("lock", "--check")
    assert (ran.code, ran.out) == (
        2,
        "bytes      file scenes/box.json\nThe lock is not that of the files.\n",
    )
    assert "scenes/box.json:1:46: label [0].bbox2d" in ran.err
    assert "writes it anew" not in ran.err
    assert site.run("verify", "--json").json["difference"]["removed"] == []


def test_images_that_git_never_had_do_not_keep_labels_from_being_compared(site: Project) -> None:
    git(site, "rm", "-q", "-r", "--cached", "coins", "scenes")
    site.write(".gitignore", "*.png\n!masks/*.png\n.rbsync/\n")
    git(site, "add", "-f", "scenes/box.json", "scenes/attribute.json")
    commit(site)
    grown = coins()
    grown[9, 10:30] = 1
    site.write("masks/grown.png", mask(grown))
    found = site.run("diff", "HEAD")
    assert "changed    grown: labels: penny +20 px (IoU 0.984)\n" in found.out


def test_a_side_that_cannot_be_read_is_told_as_different_and_no_more(site: Project) -> None:
    shutil.copytree(site.folder / "rbsync.lock", site.folder / "old/rbsync.lock")
    change(site)
    assert "changed    scenes/box.png: labels differ\n" in site.run("diff", "old").out


def test_a_manifest_in_a_folder_of_the_repository_is_compared_too(site: Project) -> None:
    inner = Project(site.folder / "inner")
    inner.manifest("project: {type: IMAGE_BBOX}\ndatapoints:\n  - items_list: all/items.json\n")
    inner.write("all/a.png", photo(3, (100, 100)))

    def declare(x: float) -> None:
        entries = [{"name": "first", "items": ["a.png"], "labels": scene(x)}]
        inner.write("all/items.json", json.dumps(entries))

    declare(0.1)
    commit(inner)
    declare(0.2)
    found = inner.run("diff", "HEAD")
    assert "changed    first: labels: 1 box moved (car, 10 px)" in found.out


GROWN = "labels: penny +20 px (IoU 0.984)"
MOVED = "labels: 1 box moved (car, 12 px)"


def redraw(site: Project) -> None:
    grown = coins()
    grown[9, 10:30] = 1
    site.write("masks/grown.png", mask(grown))
    site.write("scenes/box.json", scene(0.13))


def test_a_plan_says_what_changes_in_labels(site: Project) -> None:
    assert site.run("apply", "--yes").code == 0
    redraw(site)
    assert f"      {GROWN}\n" in site.run("plan").out
    planned = site.run("plan", "-v", "--markdown", "p.md")
    assert f"      {GROWN}\n" in planned.out
    assert f"      {MOVED}\n" in planned.out
    page = (site.folder / "p.md").read_text()
    assert f"`{GROWN} (changed: labels)`" in page
    assert f"`{MOVED} (changed: labels)`" in page
    by_name = {one["name"]: one for one in site.run("plan", "-v", "--json").json["actions"]}
    assert by_name["grown"]["label_changes"]["text"] == "penny +20 px (IoU 0.984)"
    assert not site.run("plan", "-v", "--offline", "--json").json["actions"][0].get("label_changes")


def test_one_datapoint_is_explained_and_its_life_told_with_what_changed(site: Project) -> None:
    assert site.run("apply", "--yes").code == 0
    redraw(site)
    assert "    penny +20 px (IoU 0.984)\n" in site.run("explain", "grown").out
    explained = site.run("explain", "scenes/box.png", "--json").json
    assert explained["label_changes"]["text"] == "1 box moved (car, 12 px)"
    assert site.run("apply", "--yes").code == 0
    site.write("masks/grown.png", mask(coins()))
    assert site.run("apply", "--yes").code == 0
    lines = site.run("log", "grown").out.splitlines()
    assert [line.partition("labels: ")[2] for line in lines] == [
        "penny -20 px (IoU 0.984)",
        "penny +20 px (IoU 0.984)",
        "",
    ]
    changes = site.run("log", "scenes/box.png", "--json").json["changes"]
    assert changes[0]["label_changes"]["text"] == "1 box moved (car, 3.0% of the picture)"


def test_a_task_that_is_deleted_takes_its_labels_with_it(site: Project) -> None:
    assert site.run("apply", "--yes").code == 0
    (site.folder / "masks/gone1.png").unlink()
    assert site.run("apply", "--yes", "--prune", "--force").code == 0
    assert "penny -1,200 px (gone, 1 region removed)" in site.run("log", "gone1").out


def test_the_project_is_compared_with_a_lock_datapoint_by_datapoint(site: Project) -> None:
    assert site.run("verify", "--project").code == 2, "nothing has arrived yet"
    assert site.run("apply", "--yes").code == 0
    proven = site.run("verify", "--project")
    assert proven.code == 0, proven
    assert "The project holds what the lock says." in proven.err
    assert site.run("diff", "v1", "project").code == 0
    redraw(site)
    site.write("coins/same.png", photo(99, (80, 60)))
    assert site.run("lock").code == 0
    lacking = site.run("verify", "--project", "--json")
    assert lacking.code == 2
    assert lacking.json["difference"]["changed"] == []
    assert lacking.json["project"]["changed"] == [
        {"name": "grown", "facets": ["labels"]},
        {"name": "same", "facets": ["items"]},
        {"name": "scenes/box.png", "facets": ["labels"]},
    ]
    assert site.run("verify", "--project", "gone*").code == 0
    assert site.run("apply", "--yes").code == 0
    assert site.run("verify", "--project").code == 0
    told = site.run("diff", "v1", "project", "--markdown", "d.md").out
    assert "changed    grown: labels: penny +20 px (IoU 0.984)\n" in told
    assert "changed    scenes/box.png: labels: 1 box moved (car" in told


def test_a_difference_as_markdown_names_each_change_and_is_no_longer_than_a_comment(
    site: Project,
) -> None:
    change(site)
    names = [f"x{number}<img src=x>{'y' * 180}.png" for number in range(400)]
    for number, name in enumerate(names):
        site.write(f"scenes/many/{name}", photo(number % 200, (400, 100)))
    site.manifest(MANIFEST.replace("  - glob: scenes", "  - glob: scenes/many/*\n  - glob: scenes"))
    assert site.run("diff", "v1", "--markdown", "d.md").code == 2
    text = (site.folder / "d.md").read_text()
    assert len(text) <= LIMIT
    for page in pages(text):
        assert "img" not in page.elements
    assert "| `-` | `gone1` |  |" in text
    assert "| `~` | `grown` | `labels: penny +20 px (IoU 0.984)` |" in text
    assert "| `→` | `wandered` | `was wander` |" in text
    assert "#### 403 added" in text
    section = text.partition("403 added")[2].partition("\n####")[0]
    more = sum(int(one.replace(",", "")) for one in re.findall(r"… and ([\d,]+) more", section))
    assert section.count("| `+` | ") + more == 403
    assert more
    assert "#### 1 with other bytes and the same meaning" in text

"""`plan --since` is the full plan, of what changed; or it is the full plan, and says why."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.hints.following import follows
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_versions import BUS, git

MANIFEST = """
project: {type: IMAGE_BBOX}
policy: {prune: true, max_delete: 1}
datapoints:
  - glob: images/**/*.png
    labels: "labels/{stem}.json?"
"""


def commit(project: Project) -> None:
    git(project, "add", "-A")
    git(project, "commit", "-q", "--allow-empty", "-m", "x")


@pytest.fixture
def site(tmp_path: Path) -> Project:
    project = Project(tmp_path / "site")
    project.manifest(MANIFEST)
    project.write(".gitignore", ".rbsync/\n")
    for number in range(8):
        project.write(f"images/{number % 2}/{number}.png", png(number))
        if number % 3 == 0:
            project.write(f"labels/{number}.json", [BOX])
    git(project, "init", "-q", "-b", "main")
    assert project.run("lock").code == 0
    commit(project)
    git(project, "tag", "base")
    assert project.apply().code == 0
    return project


def actions(project: Project, *options: str) -> tuple[list[dict[str, Any]], list[str]]:
    ran = project.run("plan", "--json", *options)
    assert ran.code == 0, ran
    told = [one["message"] for one in ran.json["warnings"] if one["code"] == "since"]
    return ran.json["actions"], told


def edit(project: Project, chance: random.Random, number: int) -> None:
    """One change of a kind that people make."""
    images = sorted((project.folder / "images").rglob("*.png"))
    labels = sorted((project.folder / "labels").rglob("*.json"))
    one = chance.choice(images)
    match chance.randrange(7):
        case 0:
            project.write(f"images/{chance.randrange(3)}/n{number}.png", png(100 + number))
        case 1:
            one.write_bytes(png(200 + number))
        case 2 if len(images) > 2:
            one.unlink()
        case 3:
            shutil.move(one, one.with_name(f"m{number}.png"))
        case 4:
            project.write(f"labels/{one.stem}.json", chance.choice(([BOX], BUS)))
        case 5 if labels:
            chance.choice(labels).unlink()
        case _:
            project.write("README.md", f"{number}")


@pytest.mark.parametrize("seed", range(4))
def test_over_random_histories_it_is_all_that_the_changes_touch(site: Project, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(6):
        edit(site, chance, number)
        if chance.random() < 0.4:
            commit(site)
    part, told = actions(site, "--since", "base")
    assert not told
    assert part == actions(site)[0]
    # Against what is committed only what is not is touched, and that is told as the whole has it.
    commit(site)
    site.run("lock")
    commit(site)
    git(site, "tag", "later")
    image = sorted((site.folder / "images").rglob("*.png"))[0]
    image.write_bytes(png(999))
    name = str(image.relative_to(site.folder))
    whole = [one for one in actions(site)[0] if one["name"] == name]
    assert actions(site, "--since", "later")[0] == whole


def test_another_branchs_changes_are_none_of_ours(site: Project) -> None:
    git(site, "checkout", "-q", "-b", "theirs")
    site.write("images/0/theirs.png", png(300))
    commit(site)
    git(site, "checkout", "-q", "-b", "ours", "base")
    site.write("images/0/ours.png", png(301))
    commit(site)
    assert [one["name"] for one in actions(site, "--since", "theirs")[0]] == ["images/0/ours.png"]


RULES = {
    "rbsync.yaml": "version: 1\n" + MANIFEST + "# changed\n",
    ".rbsyncignore": "images/0/\n",
    "images/.rbsyncignore": "0.png\n",
}


@pytest.mark.parametrize("path", RULES)
def test_where_what_is_declared_has_changed_all_is_planned_and_that_is_told(
    site: Project, path: str
) -> None:
    site.write(path, RULES[path])
    site.write("images/0/0.png", png(400))
    found, told = actions(site, "--since", "base")
    assert told == [f"planned in full: `{path}` has changed, which says what is declared"]
    assert found == actions(site)[0]


@follows("`git fetch --unshallow` gets the commits that are missing")
def test_in_a_shallow_clone_all_is_planned_and_that_is_told(site: Project, tmp_path: Path) -> None:
    site.write("images/0/new.png", png(500))
    commit(site)
    clone = Project(tmp_path / "clone")
    url = f"file://{site.folder}"
    subprocess.run(["git", "clone", "-q", "--depth", "1", url, str(clone.folder)], check=True)
    found, told = actions(clone, "--since", "base", "--offline")
    assert told == [
        "planned in full: git knows no common commit of HEAD and `base` in this shallow clone"
    ]
    assert len(found) == 9
    assert "git fetch --unshallow" in clone.run("plan", "--since", "base", "--offline").err
    git(clone, "fetch", "-q", "--unshallow", "--tags")
    found, told = actions(clone, "--since", "base", "--offline")
    assert ([one["name"] for one in found], told) == (["images/0/new.png"], [])


@follows("commit a lock: `rbsync lock`")
def test_a_file_that_is_gone_without_a_lock_of_then_may_be_anybodys(site: Project) -> None:
    git(site, "rm", "-q", "-r", "rbsync.lock")
    commit(site)
    git(site, "tag", "bare")
    (site.folder / "labels/0.json").unlink()
    found, told = actions(site, "--since", "bare")
    assert told[0].startswith("planned in full: `labels/0.json` is gone")
    assert [one["name"] for one in found] == ["images/0/0.png"]
    assert "commit a lock: `rbsync lock`" in site.run("plan", "--since", "bare").err
    # The next such file is known by the lock.
    site.run("lock")
    commit(site)
    git(site, "tag", "locked")
    (site.folder / "labels/3.json").unlink()
    found, told = actions(site, "--since", "locked")
    assert ([one["name"] for one in found], told) == (["images/1/3.png"], [])


def test_what_git_does_not_have_counts_as_changed(site: Project) -> None:
    git(site, "rm", "-q", "-r", "--cached", "images")
    site.write(".gitignore", ".rbsync/\nimages/\n")
    commit(site)
    git(site, "tag", "bare")
    site.write("images/0/0.png", png(600))
    assert [one["name"] for one in actions(site, "--since", "bare")[0]] == ["images/0/0.png"]

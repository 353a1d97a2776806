"""`apply --expect`: what was reviewed is what is done, without a file that travels."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_versions import BUS, commit, git
from tests.sync.test_first_look import clone, first

__all__ = ["first"]


def reviewed(project: Project) -> str:
    """The digest that stands in the page of the plan."""
    assert project.run("plan", "--markdown", "p.md").code == 0
    found = re.search(r"<!-- plan (sha256:[0-9a-f]{64})", (project.folder / "p.md").read_text())
    assert found
    assert project.run("plan", "--json").json["digest"] == found[1]
    return found[1]


@pytest.mark.parametrize("has_state", [True, False])
def test_what_was_reviewed_is_applied_in_another_clone(first: Project, has_state: bool) -> None:
    first.write("images/d.png", png(9))
    first.write("labels/a.json", [BOX, BOX])
    digest = reviewed(first)
    other = clone(first) if has_state else clone(first, "job")
    ran = other.run("apply", "--yes", "--expect", digest)
    assert ran.code == 0, ran
    assert ran.last_line.startswith("Apply complete: 1 created, 1 updated, 0 deleted, 0 failed")
    again = other.run("apply", "--yes", "--expect", digest)
    assert again.code == 0, "nothing is left to be done, which is no other plan"


def test_any_other_plan_is_stale_and_sends_nothing(first: Project) -> None:
    first.write("labels/a.json", [BOX, BOX])
    digest = reviewed(first)
    first.write("labels/a.json", BUS)
    before = first.tasks()
    refused = first.run("apply", "--yes", "--expect", digest)
    assert refused.code == 5
    assert "the plan made now is another one than the expected" in refused.err
    assert first.tasks() == before
    assert first.run("apply", "--yes", "--expect", reviewed(first)).code == 0


def test_neither_place_nor_words_of_a_plan_are_part_of_what_it_does(first: Project) -> None:
    first.write("labels/a.json", [BOX, BOX])
    digest = reviewed(first)
    manifest = first.folder / "rbsync.yaml"
    manifest.write_text(manifest.read_text().replace("datapoints:", "\n\ndatapoints:"))
    assert reviewed(first) == digest


def test_the_version_is_told_where_the_lock_is_known_to_be_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else a file that was just written is not known for good.
    monkeypatch.setattr("rbsync.files.tree_hashing.RACY", 0)
    site = Project(tmp_path / "site")
    site.manifest("project: {type: IMAGE_BBOX}\ndatapoints:\n  - glob: images/*.png\n")
    for number in range(3):
        site.write(f"images/{number}.png", png(number))
    git(site, "init", "-q")
    assert "Dataset" not in site.run("plan").err
    commit(site)
    version = site.run("lock").last_line
    for words in (["plan"], ["plan", "--offline"]):
        assert f"Dataset {version}." in site.run(*words).err
    assert site.run("plan", "--json").json["version"] == version
    assert f"dataset   {version}" in site.run("status").out
    assert site.run("apply", "--yes", "--json").json["version"] == version
    assert site.run("log", "--json").json["runs"][0]["dataset"] == version
    assert f"Dataset {version}." in site.run("plan").err
    site.write("images/0.png", png(77))
    assert "Dataset not known to be locked" in site.run("plan").err
    assert "not known to be locked" in site.run("status").out
    assert "version" not in site.run("plan", "--json").json
    site.write("images/0.png", png(0))
    assert site.run("lock", "--check").code == 0
    assert f"dataset   {version}" in site.run("status").out
    (site.folder / "rbsync.lock/images.sums").write_bytes(b"")
    assert "not known to be locked" in site.run("status").out

"""Arguments that are wrong: told in plain words, with what to write instead."""

from __future__ import annotations

import pytest

from tests.hints.following import follows
from tests.scenarios.pictures import png
from tests.scenarios.project import Project


@follows("-f names the manifest itself, and -C its folder")
def test_a_folder_is_no_manifest(project: Project) -> None:
    project.manifest("datapoints: []\n")
    folder = str(project.folder)
    ran = project.run("-f", folder, "plan")
    assert (ran.code, f"{folder}: it is not a regular file" in ran.err) == (65, True)
    assert project.run("-C", folder, "plan").code == 0


def test_a_pull_of_a_name_that_nothing_declares_is_a_mistake(project: Project) -> None:
    project.write("b.png", png(1))
    project.manifest("datapoints:\n  - glob: '*.png'\n")
    assert project.apply().code == 0
    ran = project.run("pull", "a.png")
    assert (ran.code, "the manifest does not declare `a.png`" in ran.err) == (1, True)
    for pattern in ("a*", "b.png"):
        assert project.run("pull", pattern).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["apply", "--jobs", "x"], "'x' is not a valid whole number."),
        (["watch", "--settle", "x"], "'x' is not a valid number."),
        (["--policy", "prune=x", "plan"], "cannot be `x`: it is true or false"),
        (["--policy", "on_change=x", "plan"], "it is 'update', 'replace' or 'protect'"),
    ],
)
def test_arguments_that_are_wrong_are_told_in_plain_words(
    project: Project, arguments: list[str], said: str
) -> None:
    project.manifest("datapoints: []\n")
    assert said in project.run(*arguments).err

"""The project as a git revision declares it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rbsync.errors import ExitCode
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project

MANIFEST = (
    'datapoints:\n  - glob: "images/*.png"\n    name: "{stem}"\n    labels: "labels/{stem}.json"\n'
)


def git(project: Project, *arguments: str) -> str:
    own = ["-c", "user.name=ann", "-c", "user.email=ann@example.org"]
    done = subprocess.run(
        ["git", *own, *arguments], cwd=project.folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def versioned(tmp_path: Path) -> Project:
    """Labels are in git, images are not; the second commit changes and adds labels."""
    project = Project(tmp_path / "repository" / "data")
    git(project, "init", "-q", "..")
    project.write(".gitignore", "images/\n.rbsync/\n")
    for number, name in enumerate("ab"):
        project.write(f"images/{name}.png", png(number))
        project.write(f"labels/{name}.json", [BOX])
    project.manifest(MANIFEST)
    git(project, "add", "-A")
    git(project, "commit", "-qm", "first")
    project.write("labels/a.json", [BOX, BOX])
    project.manifest(MANIFEST + "    priority: 0.5\n")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "second")
    project.apply()
    return project


def labels(project: Project) -> dict[str, tuple[int, float | None]]:
    return {one["name"]: (one["labels"], one["priority"]) for one in project.tasks()}


def test_the_project_becomes_what_a_revision_declares_and_again_what_is_declared_now(
    versioned: Project,
) -> None:
    assert labels(versioned) == {"a": (2, 0.5), "b": (1, 0.5)}
    first = git(versioned, "rev-parse", "HEAD~1")
    ran = versioned.apply("--at", "HEAD~1")
    assert (ran.code, labels(versioned)) == (0, {"a": (1, None), "b": (1, None)}), ran.err
    (run, _) = versioned.run("log", "--json").json["runs"]
    assert run["revision"] == first
    assert not list((versioned.folder / ".rbsync/at").iterdir())
    assert git(versioned, "status", "--porcelain") == ""
    ran = versioned.apply("--at", first[:9])
    assert ran.last_line == "No changes. The project matches the manifest."
    assert versioned.apply().code == 0
    assert labels(versioned) == {"a": (2, 0.5), "b": (1, 0.5)}


def test_what_is_not_committed_counts_only_where_git_never_had_it(versioned: Project) -> None:
    versioned.write("labels/a.json", [])
    versioned.manifest("datapoints: []\n")
    versioned.write("images/b.png", png(77))
    ran = versioned.apply("--at", "HEAD")
    assert ran.last_line == "Apply complete: 0 created, 1 updated, 0 deleted, 0 failed."
    assert labels(versioned) == {"a": (2, 0.5), "b": (1, 0.5)}


@pytest.mark.parametrize("revision", ["nowhere", "--help", "HEAD:data"])
def test_a_revision_that_is_none_changes_nothing(versioned: Project, revision: str) -> None:
    ran = versioned.apply(f"--at={revision}")
    assert ran.code == ExitCode.ERROR
    assert f"git has no `{revision}` of this folder" in ran.err

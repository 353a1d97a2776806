"""A plan file of a pull request does nothing that state and manifest do not call for."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from rbsync.trust.own_plans import digest_of, remember_own
from tests.scenarios.pictures import png
from tests.scenarios.project import Project


@pytest.fixture
def held(project: Project) -> Project:
    """A project that holds three pictures, and whose folder has a fourth."""
    for number, name in enumerate("abc"):
        project.write(f"images/{name}.png", png(number))
    assert project.apply().code == 0
    project.write("images/d.png", png(4))
    return project


def forged(project: Project, **changes: Any) -> None:
    """A plan as `plan -o` writes it, made another one by hand."""
    assert project.run("plan", "-o", "p.json").code == 0
    document = json.loads((project.folder / "p.json").read_text())
    project.write("p.json", {**document, **changes})


def delete(name: str) -> dict[str, str]:
    return {"action": "delete", "name": name, "reason": "orphan", "message": "x", "task_id": ""}


def test_ones_own_is_applied(held: Project) -> None:
    held.run("plan", "-o", "p.json")
    assert held.run("apply", "p.json").code == 0
    assert len(held.names()) == 4


def test_one_that_deletes_is_refused(held: Project) -> None:
    ids = {one["name"]: one["task_id"] for one in held.tasks()}
    actions = [{**delete(name), "task_id": ids[name]} for name in ids]
    forged(held, actions=actions, recorded=10**9)
    refused = held.run("apply", "p.json")
    assert refused.code == 6
    assert "does what state and manifest do not call for: delete images/a.png" in refused.err
    assert len(held.names()) == 3


@pytest.mark.parametrize("place", ["data/state", "state"])
def test_one_is_nobodys_own_by_a_file_of_the_checkout(
    held: Project, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """CI services may have the folder of the state in the checkout, where anybody can add files.

    A copy of a checkout has no `.git`; then what is below the manifest's folder is not believed.
    """
    state = held.folder.parent / place
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    if place == "state":
        (held.folder.parent / ".git").mkdir()
    ids = {one["name"]: one["task_id"] for one in held.tasks()}
    forged(held, actions=[{**delete(name), "task_id": ids[name]} for name in ids], recorded=10**9)
    remember_own(digest_of((held.folder / "p.json").read_bytes()))
    assert any(state.rglob("*"))
    assert held.run("apply", "p.json").code == 6
    assert len(held.names()) == 3


def test_one_that_creates_something_else_is_refused(held: Project) -> None:
    plan = held.plan()
    (action,) = plan["actions"]
    forged(held, actions=[{**action, "settings": {**action["settings"], "metadata": {"a": "b"}}}])
    refused = held.run("apply", "p.json")
    assert refused.code == 6
    assert len(held.names()) == 3


def test_one_from_elsewhere_that_says_the_same_is_applied(
    held: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    held.run("plan", "-o", "p.json")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another-machine"))
    assert held.run("apply", "p.json").code == 0
    assert len(held.names()) == 4


def test_one_from_elsewhere_that_prunes_needs_its_digest(
    held: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (held.folder / "images/a.png").unlink()
    told = held.run("plan", "--prune", "-o", "p.json").err
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another-machine"))
    refused = held.run("apply", "p.json")
    assert refused.code == 6
    assert "--expect sha256:…" in refused.err
    wrong = held.run("apply", "p.json", "--expect", "sha256:" + "0" * 64)
    assert wrong.code == 6
    assert "the plan is not the expected one" in wrong.err
    digest = hashlib.sha256((held.folder / "p.json").read_bytes()).hexdigest()
    assert f"--expect sha256:{digest}" in told
    assert held.run("apply", "p.json", "--expect", f"sha256:{digest}").code == 0
    assert held.names() == ["images/b.png", "images/c.png", "images/d.png"]


def test_a_folder_that_cannot_be_written_costs_a_comparison_only(
    held: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    held.run("plan", "-o", "p.json")
    assert held.run("apply", "p.json").code == 0


def test_a_plan_of_an_untrusted_run_is_nobodys_own(held: Project) -> None:
    assert held.run("plan", "--untrusted", "-o", "p.json").code == 0
    assert len(json.loads((held.folder / "p.json").read_text())["actions"]) == 4
    refused = held.run("apply", "p.json")
    assert refused.code == 5
    assert len(held.names()) == 3


def test_a_digest_without_a_plan_is_that_of_the_plan_made_now_or_nothing_is_sent(
    held: Project,
) -> None:
    assert held.run("apply", "--yes", "--expect", "sha256:0").code == 5
    assert len(held.names()) == 3

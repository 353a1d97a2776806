"""An untrusted run: no key is read, nobody is asked, and only the files count."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rbsync
from rbsync.errors import RefusedError
from tests.scenarios.offline_service import Served, served
from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.service.serving import KEY
from tests.trust.attacks import IDS, PICTURES
from tests.trust.site import Site

_opened: list[str] | None = None


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _opened is not None and event == "open":
        _opened.append(str(arguments[0]))


sys.addaudithook(_watch)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("service")) as one:
        yield one


@pytest.fixture
def remote(site: Site, service: Served) -> Site:
    """A manifest of a service that runs, with the key in the environment."""
    site.manifest(f"backend: {{kind: redbrick, url: {service.url}, {IDS}}}\n{PICTURES}")
    site.environment["RBSYNC_API_KEY"] = KEY
    return site


def fork(folder: Path) -> dict[str, str]:
    """The environment of a pull request of a fork."""
    path = folder / "event.json"
    head, base = ({"repo": {"id": one, "full_name": f"x{one}/y"}} for one in (2, 1))
    path.write_text(json.dumps({"pull_request": {"head": head, "base": base}}))
    return {
        "CI": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(path),
    }


def test_a_plan_says_what_the_files_say_and_asks_nobody(
    remote: Site, service: Served, tmp_path: Path
) -> None:
    before = service.count("POST")
    assert remote.run("plan").code == 0
    assert service.count("POST") > before
    asked = service.count("POST")
    for arguments, environment in (
        (["plan", "--untrusted"], {}),
        (["plan"], {"RBSYNC_UNTRUSTED": "1"}),
        (["plan"], fork(tmp_path)),
    ):
        ran = remote.run(*arguments, **environment)
        assert ran.last_line.startswith("Plan: 1 to create, 0 to update"), ran
        assert ran.code == 0
    assert service.count("POST") == asked


def test_a_fork_may_be_trusted_on_purpose(remote: Site, service: Served, tmp_path: Path) -> None:
    before = service.count("POST")
    assert remote.run("plan", **fork(tmp_path), RBSYNC_UNTRUSTED="0").code == 0
    assert service.count("POST") > before


@pytest.mark.parametrize("words", ["apply --yes", "ls", "status", "refresh", "retry", "state list"])
def test_what_needs_a_project_is_refused(remote: Site, service: Served, words: str) -> None:
    asked = service.count("POST")
    refused = remote.run(*words.split(), RBSYNC_UNTRUSTED="1")
    assert refused.code == 6
    assert "this command is not run: the manifest is not trusted here" in refused.err
    assert service.count("POST") == asked


def test_no_key_and_no_state_is_even_opened(remote: Site) -> None:
    global _opened
    assert remote.run("apply", "--yes").code == 0
    _opened = []
    try:
        remote.run("plan", RBSYNC_UNTRUSTED="1")
        opened = set(_opened)
    finally:
        _opened = None
    assert any(one.endswith("rbsync.yaml") for one in opened)
    assert not [one for one in opened if ".redbrickai" in one or "config.toml" in one]
    assert not [one for one in opened if f"{remote.project.folder}/.rbsync" in one]


def test_nothing_is_written_beside_the_manifest(site: Site) -> None:
    site.run("plan", RBSYNC_UNTRUSTED="1")
    assert sorted(os.listdir(site.project.folder)) == ["images", "rbsync.yaml"]


def test_a_state_that_came_along_says_nothing(project: Project) -> None:
    project.write("images/a.png", png(1))
    assert project.apply().code == 0
    assert project.run("plan").last_line.startswith("No changes.")
    assert len(project.plan("--untrusted")["actions"]) == 1


def test_from_python_too(remote: Site, service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = service.count("POST")
    monkeypatch.chdir(remote.project.folder)
    manifest = rbsync.load_manifest(untrusted=True)
    plan = rbsync.plan(manifest)
    assert [one.name for one in plan.actions] == ["images/a.png"]
    with pytest.raises(RefusedError, match="not trusted"):
        rbsync.apply(plan, manifest)
    assert service.count("POST") == asked

"""The jobs of `examples/ci`, step by step as they stand there, against `rbsync serve`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.scenarios.forge_server import STRANGER, TOKEN, ForgeServer, forge_server
from tests.scenarios.offline_service import RemoteProject, Served, served
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX
from tests.scenarios.test_versions import BUS, git
from tests.service.serving import KEY

EXAMPLE = Path(__file__).parents[2] / "examples/ci"
GITHUB = yaml.safe_load((EXAMPLE / "github/rbsync.yml").read_text())["jobs"]
GITLAB = yaml.safe_load((EXAMPLE / "gitlab/rbsync.gitlab-ci.yml").read_text())
REPOSITORY = "org/data"
MANIFEST = """project: {type: IMAGE_BBOX}
datapoints:
  - glob: images/*.png
    labels: "labels/{stem}.json?"
"""

# The story of a merge is always told: it needs most of the steps.
FULL = os.environ.get("RBSYNC_VERSIONS") == "full"
long = pytest.mark.skipif(not FULL, reason="RBSYNC_VERSIONS=full runs it")


@dataclass
class Site:
    """A repository with its forge and the service; ``work`` is a person's clone."""

    folder: Path
    work: RemoteProject
    service: Served
    forge: ForgeServer

    def clone(self, name: str, branch: str = "main") -> Path:
        folder = self.folder / name
        origin = str(self.folder / "origin.git")
        command = ["git", "clone", "-q", "-b", branch, origin, str(folder)]
        subprocess.run(command, check=True)
        return folder

    def branch(self, name: str) -> None:
        git(self.work, "checkout", "-q", "-B", name)

    def push(self, branch: str) -> str:
        assert self.work.run("lock").code == 0
        git(self.work, "add", "-A")
        git(self.work, "commit", "-q", "-m", "x")
        git(self.work, "push", "-q", "origin", branch)
        return git(self.work, "rev-parse", "HEAD").stdout.strip()

    def merge(self, branch: str, request: int) -> str:
        git(self.work, "checkout", "-q", "main")
        git(self.work, "merge", "-q", "--ff-only", branch)
        git(self.work, "push", "-q", "origin", "main")
        commit = git(self.work, "rev-parse", "HEAD").stdout.strip()
        self.forge.merged[commit] = [request]
        return commit


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with served(tmp_path / "service", "--type", "IMAGE_BBOX") as service, forge_server() as forge:
        subprocess.run(["git", "init", "-q", "--bare", tmp_path / "origin.git"], check=True)
        work = RemoteProject(tmp_path / "work", service.url)
        git(work, "init", "-q", "-b", "main")
        git(work, "remote", "add", "origin", str(tmp_path / "origin.git"))
        work.manifest(MANIFEST)
        work.write(".gitignore", ".rbsync/\nplan.*\n")
        work.write("ci/forge.py", (EXAMPLE / "forge.py").read_bytes())
        for name in "abc":
            work.write(f"images/{name}.png", png(ord(name)))
        work.write("labels/a.json", [BOX])
        made = Site(tmp_path, work, service, forge)
        made.push("main")
        assert work.run("apply", "--yes").code == 0
        yield made


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: one for name, one in os.environ.items() if not name.startswith(("RBSYNC", "CI"))}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    own = {"HOME": str(folder.parent), "XDG_STATE_HOME": f"{folder}-state", "CI": "true"}
    return {**kept, **own, "PATH": path, **more}


def github_event(number: int, fork: bool) -> dict[str, Any]:
    head = {"id": 2, "full_name": "stranger/data"} if fork else {"id": 1, "full_name": REPOSITORY}
    request = {"number": number, "head": {"repo": head}, "base": {"repo": {"id": 1}}}
    return {"pull_request": request}


def value(text: str, context: dict[str, Any]) -> Any:
    """An expression of GitHub's: literals, contexts, and both compared."""
    if "==" in text:
        return any(
            len({str(value(side, context)) for side in one.split("==")}) == 1
            for one in text.split("||")
        )
    text = text.strip()
    if text.startswith("'"):
        return text.strip("'")
    found: Any = context
    for part in text.split("."):
        found = found.get(part, "") if isinstance(found, dict) else ""
    return found


def filled(text: str, context: dict[str, Any]) -> str:
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: str(value(found[1], context)), text)


def on_github(
    site: Site,
    job: str,
    folder: Path,
    event: str,
    *,
    number: int = 1,
    fork: bool = False,
    wait: bool = True,
    **inputs: str,
) -> Any:
    """Runs the steps of a job; the code of the one that fails, and all that was said."""
    told = github_event(number, fork)
    event_file = folder.parent / f"{folder.name}-event.json"
    event_file.write_text(json.dumps(told))
    secrets = {} if fork else {"RBSYNC_API_KEY": KEY}
    names = {"event_name": event, "event": told, "repository": REPOSITORY, "token": TOKEN}
    context = {"github": names, "secrets": secrets, "inputs": inputs}
    assert value(GITHUB[job]["if"], context)
    commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=folder, text=True).strip()
    own = {
        "GITHUB_EVENT_NAME": event,
        "GITHUB_EVENT_PATH": str(event_file),
        "GITHUB_API_URL": site.forge.url,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_SHA": commit,
        "GITHUB_REF_NAME": "main",
        "GITHUB_SERVER_URL": "https://forge.example",
        "GITHUB_RUN_ID": "7",
        "GITHUB_STEP_SUMMARY": str(folder.parent / f"{folder.name}-summary.md"),
        **GITHUB[job].get("env", {}),
    }
    said = ""
    for step in GITHUB[job]["steps"]:
        if (
            "run" not in step
            or step["name"] == "Install"
            or not value(step.get("if", "1==1"), context)
        ):
            continue
        given = {name: filled(one, context) for name, one in {**own, **step.get("env", {})}.items()}
        found = shell(step["run"], folder, environment(folder, **given))
        said += found.stdout + found.stderr
        if found.returncode:
            return found.returncode, said
    return 0, said


def shell(text: str, folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-e", "-o", "pipefail", "-c", text]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


def test_a_pull_request_gets_one_comment_and_its_merge_applies_just_that(site: Site) -> None:
    site.branch("change")
    site.work.write("images/d.png", png(99))
    site.push("change")
    first = site.clone("first", "change")
    assert on_github(site, "plan", first, "pull_request")[0] == 0
    site.work.write("labels/a.json", BUS)
    site.push("change")
    second = site.clone("second", "change")
    assert on_github(site, "plan", second, "pull_request")[0] == 0
    (page,) = site.forge.of_jobs()
    assert "1 to create, 1 to update" in page
    assert "labels: 1 box renamed (car to bus)" in page
    assert "[in pictures](<https://forge.example/org/data/actions/runs/7#artifacts>)" in page
    assert "1 box renamed" in (second / "plan.html").read_text()
    # Somebody else's comment, whatever it looks like, approves nothing.
    forged = page.replace("<!-- plan sha256:", "<!-- plan sha256:" + "0" * 64 + " was ")
    site.forge.comments[90] = (STRANGER, forged)
    site.merge("change", 1)
    jobs = [site.clone(name) for name in (("third", "fourth") if FULL else ("third",))]
    with ThreadPoolExecutor(2) as pool:
        ran = list(pool.map(lambda one: on_github(site, "apply", one, "push"), jobs))
    assert 0 in [code for code, _ in ran], ran
    assert {code for code, _ in ran} <= {0, 3, 5}, ran
    assert sorted(names_at(site)) == [f"images/{name}.png" for name in "abcd"]
    assert site.service.task("images/a.png")["latestTaskData"]["labelsData"].count("bus") == 1
    if FULL:
        again = on_github(site, "apply", site.clone("again"), "push")
        assert again[0] == 0, again
    assert sorted(names_at(site)) == [f"images/{name}.png" for name in "abcd"]


def names_at(site: Site) -> list[str]:
    return [one["name"] for one in site.work.run("ls", "--json").json["tasks"]]


@long
def test_a_conflict_is_told_and_the_check_is_red(site: Site) -> None:
    site.service.relabel("images/a.png", *BUS)
    site.branch("change")
    site.work.write("labels/a.json", [BOX, BOX])
    site.push("change")
    code, said = on_github(site, "plan", site.clone("job", "change"), "pull_request")
    assert code == 3, said
    (page,) = site.forge.of_jobs()
    assert "#### 1 blocked" in page
    assert "Apply will end with exit code 3" in page


@long
def test_a_fork_gets_no_key_and_writes_no_comment(site: Site) -> None:
    site.branch("change")
    site.work.write("images/d.png", png(99))
    site.push("change")
    asked = site.service.count("POST")
    job = site.clone("job", "change")
    assert on_github(site, "plan", job, "pull_request", fork=True)[0] == 0
    assert not site.forge.comments
    assert "4 to create" in (site.folder / "job-summary.md").read_text()
    assert site.service.count("POST") == asked


@long
def test_a_merge_that_nobody_reviewed_sends_nothing(site: Site) -> None:
    site.branch("change")
    site.work.write("images/d.png", png(99))
    site.push("change")
    site.merge("change", 5)
    code, said = on_github(site, "apply", site.clone("job"), "push")
    assert code == 5
    assert "0 reviewed plans belong to this commit" in said
    assert len(names_at(site)) == 3
    digest = site.work.run("plan", "--json").json["digest"]
    job = site.clone("by-hand")
    assert on_github(site, "apply", job, "workflow_dispatch", expect=digest)[0] == 0
    assert len(names_at(site)) == 4


@long
def test_what_annotators_did_comes_back_as_one_pull_request(site: Site) -> None:
    site.service.relabel("images/a.png", *BUS)
    for name in ("monday", "tuesday"):
        code, said = on_github(site, "pull", site.clone(name), "schedule")
        assert code == 0, said
    (opened,) = site.forge.opened
    assert opened["head"] == "rbsync/pull"
    pulled = site.clone("pulled", "rbsync/pull")
    assert "bus" in (pulled / "labels/a.json").read_text()


def on_gitlab(site: Site, job: str, folder: Path, **more: str) -> tuple[int, str]:
    commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=folder, text=True).strip()
    own = {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": site.forge.url,
        "CI_PROJECT_ID": "3",
        "CI_COMMIT_SHA": commit,
        "CI_MERGE_REQUEST_IID": "1",
        "CI_DEFAULT_BRANCH": "main",
        "CI_REPOSITORY_PUSH_URL": str(site.folder / "origin.git"),
        "RBSYNC_API_KEY": KEY,
        "FORGE_TOKEN": TOKEN,
        **more,
    }
    # As a runner does it: all lines in one shell, which the first failure ends.
    text = "\n".join(GITLAB[job]["script"])
    found = shell(text, folder, environment(folder, **own))
    return found.returncode, found.stdout + found.stderr


@long
def test_the_jobs_of_gitlab_do_the_same(site: Site) -> None:
    site.branch("change")
    site.work.write("images/d.png", png(99))
    site.push("change")
    for name in ("first", "second"):
        code, said = on_gitlab(site, "plan", site.clone(name, "change"))
        assert code == 0, said
    (page,) = site.forge.of_jobs()
    assert "1 to create" in page
    site.merge("change", 1)
    code, said = on_gitlab(site, "apply", site.clone("third"))
    assert code == 0, said
    assert len(names_at(site)) == 4
    site.service.relabel("images/a.png", *BUS)
    code, said = on_gitlab(site, "pull", site.clone("fourth"))
    assert code == 0, said
    assert [one["source_branch"] for one in site.forge.opened] == ["rbsync/pull"]

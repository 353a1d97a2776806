"""Releases of the project, bound to the version that they are of."""

from __future__ import annotations

import json

import pytest

from rbsync.errors import UserError
from rbsync.sync.locking import write_lock
from rbsync.sync.releasing import list_releases, make_release
from tests.scenarios.offline_service import RemoteProject, Served
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_refresh import create, delete, relabel
from tests.sync.conftest import MOVED_BOX, Open


@pytest.fixture
def site(folder: Project, opened: Open) -> Project:
    """The folder with labels of one picture, locked and applied."""
    folder.write("a.json", [BOX])
    with opened(sums=True) as workspace:
        write_lock(workspace)
    assert folder.apply().code == 0
    return folder


def released(opened: Open, name: str, *, ground_truth_only: bool = False) -> str:
    with opened(sums=True) as by_sums, opened() as workspace:
        made = make_release(workspace, by_sums, name, ground_truth_only=ground_truth_only)
        assert made in list_releases(workspace)
    return made.digest


def test_a_release_is_bound_to_the_version_and_changes_no_lock(site: Project, opened: Open) -> None:
    before = site.run("lock").last_line
    assert released(opened, "v1") == before
    assert site.run("lock", "--check").last_line == before
    (file,) = (site.folder / "rbsync.lock").glob("*.release.json")
    assert json.loads(file.read_text())["digest"] == before
    with opened() as workspace:
        (one,) = list_releases(workspace)
    assert (one.release.name, one.release.datapoints, one.digest) == ("v1", 3, before)


def test_a_release_stays_as_it_was_and_is_compared(site: Project, opened: Open) -> None:
    released(opened, "v1")
    assert site.run("diff", "release:v1", "lock").code == 0
    site.write("a.json", [MOVED_BOX])
    site.write("d.png", png(9))
    (site.folder / "b.png").unlink()
    assert site.run("lock").code == 0
    assert site.apply("--prune").code == 0
    found = site.run("diff", "release:v1", "lock", "--json").json["difference"]
    assert (found["added"], found["removed"]) == (["d.png"], ["b.png"])
    (changed,) = found["changed"]
    assert (changed["name"], changed["facets"]) == ("a.png", ["labels"])
    assert "1 box moved" in site.run("diff", "release:v1", "lock").out
    assert site.run("diff", "project", "lock").code == 0
    assert site.run("diff", "release:v2", "lock").code == 65
    assert site.run("diff", "release:v1", "project").code == 64


def test_nothing_but_the_locked_version_is_released(site: Project, opened: Open) -> None:
    relabel(site, "a.png", MOVED_BOX)
    delete(site, "b.png")
    with pytest.raises(UserError) as caught:
        released(opened, "v1")
    assert "`a.png` has other labels in the project" in str(caught.value)
    assert "`b.png` is locked and not in the project" in str(caught.value)
    site.write("d.png", png(9))
    with pytest.raises(UserError, match=r"`d\.png` is not in the lock"):
        released(opened, "v1")
    with opened() as workspace:
        assert list_releases(workspace) == []


def test_a_name_is_released_once_and_a_wrong_one_never(site: Project, opened: Open) -> None:
    create(site, "of somebody else")
    released(opened, "v1")
    for name in ("v1", " ", "a\nb", "x" * 300):
        with pytest.raises(UserError):
            released(opened, name)
    released(opened, "../v 1")
    released(opened, ".hidden", ground_truth_only=True)
    files = sorted(one.name for one in (site.folder / "rbsync.lock").glob("*.release.json"))
    assert files == ["%2E.%2Fv 1.release.json", "%2Ehidden.release.json", "v1.release.json"]


def test_a_service_keeps_releases_too(service: Served, folder: Project) -> None:
    remote = RemoteProject(folder.folder, service.url)
    sources = (
        "  - {name: a, items: [https://example.org/a.png], storage: public, labels: a.json}\n"
        "  - {name: b, items: [https://example.org/b.png], storage: public, ground_truth: true}\n"
    )
    remote.manifest(f"datapoints:\n{sources}")
    remote.write("a.json", [BOX])
    digest = remote.run("lock").last_line
    assert remote.apply().code == 0
    assert remote.run("release", "v1", "--json").json["releases"][0]["digest"] == digest
    assert remote.run("release", "done", "--ground-truth-only").code == 0
    service.relabel("a", MOVED_BOX)
    assert remote.run("diff", "release:v1", "lock").code == 0
    assert remote.run("diff", "project", "lock").code == 2
    assert remote.run("diff", "release:done", "lock", "--json").json["difference"]["added"] == ["a"]
    counts = [one["datapoints"] for one in remote.run("release", "--json").json["releases"]]
    assert counts == [2, 1]

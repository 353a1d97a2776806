"""What people do in a task that keeps its old name comes back under the name that is declared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rbsync.backends.local.backend import LocalBackend
from rbsync.errors import ExitCode
from tests.scenarios.annotating import save_labels
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX
from tests.service.serving import serving

BUS = {**BOX, "category": [["object", "bus"]]}
MANIFEST = (
    "project: {type: IMAGE_BBOX, taxonomy: [car, bus]}\ndatapoints:\n"
    '  - glob: "{a,b}/*.png"\n    labels: "{dir}/{stem}.json"\n'
)


class Site:
    """Two datapoints in folder `a` at a service that rewrites what it is given."""

    def __init__(self, project: RemoteProject, service: Path) -> None:
        self.project = project
        self._service = service
        project.manifest(MANIFEST)
        for one in range(2):
            project.write(f"a/{one}.png", png(one))
            project.write(f"a/{one}.json", [BOX])
        assert project.apply().code == ExitCode.DONE

    def draw(self, name: str, *labels: dict[str, Any]) -> None:
        save_labels(self._service, name, list(labels))

    def rename(self) -> None:
        (self.project.folder / "a").rename(self.project.folder / "b")

    def drawn(self) -> dict[str, list[str]]:
        """The categories of the labels at the project, by name."""
        with closing(LocalBackend(self._service)) as backend:
            return {one.task.name: categories(one.labels) for one in backend.read()}

    def declared(self, path: str) -> list[str]:
        return categories((self.project.folder / path).read_text())


def categories(text: str) -> list[str]:
    return [one["category"][0][-1] for one in json.loads(text)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with serving(tmp_path / "service", type="IMAGE_BBOX", rewrites=True) as client:
        yield Site(RemoteProject(tmp_path / "data", client.url), tmp_path / "service")


@pytest.mark.parametrize("has_state", [True, False])
def test_the_labels_of_a_kept_task_are_pulled_to_its_declared_name(
    site: Site, has_state: bool
) -> None:
    site.draw("a/1.png", BOX, BUS)
    site.rename()
    assert site.project.apply().code == ExitCode.DONE
    assert site.drawn() == {"b/0.png": ["car"], "a/1.png": ["car", "bus"]}
    if not has_state:
        for one in (site.project.folder / ".rbsync").glob("state.db*"):
            one.unlink()
    ran = site.project.run("pull", "--json")
    assert ran.json["files"] == ["b/1.json"], ran
    assert site.declared("b/1.json") == ["car", "bus"]
    # Their work is in the files now, and goes along with the task.
    assert site.project.actions() == ["move b/1.png"]
    assert site.project.apply().code == ExitCode.DONE
    assert site.drawn()["b/1.png"] == ["car", "bus"]
    assert site.project.plan()["actions"] == []


def test_a_file_that_changed_under_its_new_name_is_a_conflict_of_a_pull(site: Site) -> None:
    site.draw("a/1.png", BOX, BUS)
    site.rename()
    site.project.write("b/1.json", [BUS])
    ran = site.project.run("pull", "--json")
    assert ran.code == ExitCode.SOME_FAILED
    assert [one["name"] for one in ran.json["conflicts"]] == ["b/1.png"]
    assert site.declared("b/1.json") == ["bus"]


def test_what_was_decided_as_theirs_stays_so_under_a_new_name(site: Site) -> None:
    site.draw("a/1.png", BOX, BUS)
    site.project.write("a/1.json", [BUS])
    assert site.project.apply("--theirs", "a/1.png").code == ExitCode.DONE
    site.rename()
    for _ in range(3):
        assert site.project.apply("--on-move", "carry", "--ours", "b/*").code == ExitCode.DONE
        assert site.drawn() == {"b/0.png": ["car"], "b/1.png": ["car", "bus"]}
    assert site.project.run("pull").code == ExitCode.DONE
    assert site.declared("b/1.json") == ["car", "bus"]
    assert site.project.plan()["actions"] == []

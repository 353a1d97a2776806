"""Moves of items in a bucket, taken back and done again, with what people had made before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rbsync.backends.local.backend import LocalBackend
from rbsync.errors import ExitCode
from tests.scenarios.annotating import save_labels
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.project import BOX, Project
from tests.service.serving import serving

BUCKET = "aaaaaaaa-0000-4000-8000-00000000000f"
BUS = {**BOX, "category": [["object", "bus"]]}
CARRY = ("--on-move", "carry", "--ours", "**")
HEAD = "project: {type: IMAGE_BBOX, taxonomy: [car, bus]}\n"
MOVED = 'moved: [{from: "a/{case}", to: "b/{case}"}]\n'


@dataclass
class Site:
    """A project, and the folder of what it holds; ``renames`` says that tasks keep their ids."""

    project: Project
    folder: Path
    renames: bool = False

    def declare(
        self, folder: str, *, storage: str = BUCKET, keys: str = "k", more: str = ""
    ) -> None:
        lines = [
            {
                "name": f"{folder}/{one}",
                "items": [f"{keys}/{one}.png"],
                "storage": storage,
                "labels": [BOX],
            }
            for one in range(3)
        ]
        entries = "".join(f"  - {json.dumps(one)}\n" for one in lines)
        self.project.manifest(f"{HEAD}{more}datapoints:\n{entries}")

    def tasks(self) -> dict[str, Any]:
        """The key and the categories of each, by name."""
        with closing(LocalBackend(self.folder)) as backend:
            return {
                one.task.name: (
                    *one.refs,
                    *one.storages,
                    *(label["category"][0][-1] for label in json.loads(one.labels)),
                )
                for one in backend.read()
            }


@pytest.fixture(params=["local", "served", "rewriting"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """Three datapoints in a bucket, one of which somebody has worked on."""
    if request.param == "local":
        project = Project(tmp_path / "data")
        yield _begun(Site(project, project.folder / ".rbsync/project", renames=True))
        return
    rewrites = request.param == "rewriting"
    service = tmp_path / "service"
    with serving(service, type="IMAGE_BBOX", storages=(BUCKET,), rewrites=rewrites) as client:
        yield _begun(Site(RemoteProject(tmp_path / "data", client.url), service))


def _begun(site: Site) -> Site:
    site.declare("a")
    assert site.project.apply().code == ExitCode.DONE
    save_labels(site.folder, "a/1", [BOX, BUS])
    return site


def wanted(folder: str, keys: str = "k") -> dict[str, Any]:
    found = {f"{folder}/{one}": (f"{keys}/{one}.png", BUCKET, "car") for one in range(3)}
    return found | {f"{folder}/1": (*found[f"{folder}/1"], "bus")}


def test_items_in_a_bucket_are_moved_and_back_and_again(site: Site) -> None:
    # Ids are the same in either case.
    site.declare("b", storage=BUCKET.upper())
    ran = site.project.apply()
    blocked = [] if site.renames else ["b/1"]
    assert [one["name"] for one in site.project.plan()["actions"]] == blocked, ran
    assert site.project.apply(*CARRY).code == ExitCode.DONE
    assert site.tasks() == wanted("b")
    assert site.project.plan()["actions"] == []
    # Nobody has worked on it since: what people had made before is no reason against it.
    assert site.project.run("undo", "--yes").code == ExitCode.DONE
    assert "a/1" in site.tasks()
    assert site.project.apply(*CARRY).code == ExitCode.DONE
    assert "a/1" in site.tasks(), "what was taken back is held"
    assert site.project.run("undo", "--yes").code == ExitCode.DONE
    assert site.tasks() == wanted("b")


def test_what_people_did_after_a_move_is_a_conflict_of_its_undo(site: Site) -> None:
    site.declare("b")
    assert site.project.apply(*CARRY).code == ExitCode.DONE
    save_labels(site.folder, "b/1", [BOX, BUS, BUS])
    ran = site.project.run("undo", "--yes")
    assert ran.code == (ExitCode.DONE if site.renames else ExitCode.SOME_FAILED)
    assert {one: "bus" in told for one, told in site.tasks().items()} == {
        "a/0": False,
        "a/1" if site.renames else "b/1": True,
        "a/2": False,
    }


def test_a_declared_move_to_other_keys_is_held_once_it_was_taken_back(site: Site) -> None:
    site.declare("b", keys="new", more=MOVED)
    assert site.project.apply(*CARRY).code == ExitCode.DONE
    assert site.tasks() == wanted("b", keys="new")
    assert site.project.run("undo", "--yes").code == ExitCode.DONE
    assert site.tasks() == wanted("a")
    assert site.project.apply(*CARRY).code == ExitCode.DONE
    assert site.tasks() == wanted("a")
    assert site.project.apply(*CARRY, "--redo", "**").code == ExitCode.DONE
    assert site.tasks() == wanted("b", keys="new")

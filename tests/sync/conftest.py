"""A folder of three pictures with a manifest, and its workspace, open on real files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

import rbsync.files.tree_hashing as trees
from rbsync.files.cache import Cache
from rbsync.manifest.load import load_manifest
from rbsync.model.fingerprint import Algorithm
from rbsync.sync.applying import ApplyOptions, apply_plan
from rbsync.sync.planning import make_plan
from rbsync.sync.workspace import Workspace, open_workspace
from tests.scenarios.offline_service import Served, served
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_versions import commit, git

MANIFEST = (
    "project: {type: IMAGE_BBOX, taxonomy: [car, bus]}\n"
    "datapoints:\n"
    '  - glob: "*.png"\n'
    '    labels: "{stem}.json?"\n'
)
IN_FOLDERS = MANIFEST.replace('"*.png"', '"images/**/*.png"').replace("{stem}", "labels/{stem}")
MOVED_BOX = {**BOX, "bbox2d": {"xnorm": 0.6, "ynorm": 0.2, "wnorm": 0.3, "hnorm": 0.4}}
Open = Callable[..., AbstractContextManager[Workspace]]


def no_cache(path: str, algorithm: Algorithm) -> Cache:
    """A cache that remembers nothing, in place of that of a workspace."""
    return Cache(os.path.join(path, "nowhere", "cache.db"), algorithm)


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("service"), "--type", "IMAGE_MULTI") as one:
        yield one


@pytest.fixture
def old_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """What just changed may change again unseen, and waits a while; here it counts as old."""
    monkeypatch.setattr(trees, "RACY", -(10**9))


@pytest.fixture
def folder(tmp_path: Path) -> Project:
    made = Project(tmp_path / "data")
    made.manifest(MANIFEST)
    for number, name in enumerate("abc"):
        made.write(f"{name}.png", png(number))
    return made


@pytest.fixture
def committed(folder: Project) -> Project:
    """As `folder`, with labels of one picture and a lock, in a git repository as `v1`."""
    folder.write(".gitignore", ".rbsync/\n")
    folder.write("a.json", [BOX])
    git(folder, "init", "-q", "-b", "main")
    commit(folder)
    git(folder, "tag", "v1")
    return folder


@pytest.fixture
def opened(folder: Project) -> Open:
    """Opens the workspace as it is now; what was open before knows nothing of changed files."""

    @contextmanager
    def open_it(**more: Any) -> Iterator[Workspace]:
        manifest = load_manifest(str(folder.folder / "rbsync.yaml"))
        with open_workspace(manifest, **more) as workspace:
            yield workspace

    return open_it


@pytest.fixture
def applied(opened: Open) -> Open:
    """As `opened`, after an apply."""
    with opened() as workspace:
        apply_plan(workspace, make_plan(workspace), ApplyOptions())
    return opened

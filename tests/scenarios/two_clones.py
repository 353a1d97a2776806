"""Two clones of one repository, and a person at the project, in the embedded project or served."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from rbsync.backends.base import Draft, LabelText, NamedTask
from rbsync.backends.local.backend import LocalBackend
from rbsync.model.datapoint import OWN_METADATA, Settings
from rbsync.model.fingerprint import Facet, Fingerprint
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.project import Project, Ran
from tests.service.serving import Client, serving

NAMES = ("a", "b", "c")


def box(category: str, x: float = 0.1) -> dict[str, Any]:
    """A label of a category."""
    place = {"xnorm": x, "ynorm": 0.2, "wnorm": 0.3, "hnorm": 0.4}
    return {"category": [["object", category]], "attributes": [], "bbox2d": place}


class Team(ABC):
    """Two clones, ``mine`` and ``yours``, which the same files were copied to."""

    mine: Project
    yours: Project

    def write(self, *clones: Project, **changes: Any) -> None:
        """Writes the manifest with changes to datapoint ``a``, and its labels beside it."""
        labels = changes.get("labels", [box("car")])
        for clone in clones:
            clone.write(f"{self.prefix_of(clone)}a.json", labels)
            clone.manifest(self.manifest_of(prefix=self.prefix_of(clone), **changes))

    def prefix_of(self, clone: Project) -> str:
        """What the names of a clone's own files begin with."""
        return ""

    @staticmethod
    def manifest_of(
        item: str = "a",
        priority: float = 0.5,
        metadata: dict[str, str] | None = None,
        names: Sequence[str] = NAMES,
        policy: str = "{}",
        prefix: str = "",
        truth: bool = False,
        **_: Any,
    ) -> str:
        """A manifest of datapoints at public addresses."""
        lines = ["project: {type: IMAGE_BBOX, taxonomy: [car, bus]}", f"policy: {policy}"]
        lines.append("datapoints:")
        for name in names:
            own = item if name == "a" else name
            entry: dict[str, Any] = {
                "name": name,
                "items": [f"https://example.org/{own}.png"],
                "storage": "public",
            }
            if name == "a":
                entry |= {
                    "labels": f"{prefix}a.json",
                    "priority": priority,
                    "metadata": metadata or {"site": "A"},
                    **({"ground_truth": True} if truth else {}),
                }
            lines.append(f"  - {json.dumps(entry)}")
        return "\n".join(lines) + "\n"

    @abstractmethod
    def others(self, facet: Facet, **changes: Any) -> None:
        """Somebody changes a facet of ``a`` at the project."""

    @abstractmethod
    def delete(self) -> None:
        """Somebody deletes ``a``."""

    @abstractmethod
    def present(self) -> dict[str, Any]:
        """``a`` as the project has it: item, labels, priority and metadata."""


class LocalClone(Project):
    """A clone in a folder that others have in common with it, with its own manifest and state."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder)
        self.name = name

    def manifest(self, text: str) -> None:
        self.write(f"{self.name}.yaml", "version: 1\n" + text)

    def run(self, *arguments: str, **environment: str) -> Ran:
        own = ("-f", f"{self.name}.yaml", "--state", f"sqlite:.rbsync/{self.name}.db")
        return super().run(*own, *arguments, **environment)


class LocalTeam(Team):
    """The embedded project is in one folder with the manifests of both."""

    def __init__(self, folder: Path, backend: LocalBackend) -> None:
        self.mine, self.yours = LocalClone(folder, "mine"), LocalClone(folder, "yours")
        self.backend = backend

    def prefix_of(self, clone: Project) -> str:
        return f"{clone.name}-" if isinstance(clone, LocalClone) else ""

    def others(self, facet: Facet, **changes: Any) -> None:
        task = self.backend.find(["a"])["a"]
        stored = self.backend.stored(task.task_id)
        assert stored is not None
        labels = changes.get("labels", [])
        text = LabelText(json.dumps(labels), len(labels))
        settings = Settings(
            "public",
            task.ground_truth,
            changes.get("priority", task.priority),
            changes.get("metadata", task.metadata),
        )
        item = changes.get("item", "a")
        url = f"https://example.org/{item}.png"
        draft = Draft("a", ((url, url),), text, settings, task.stamp or Fingerprint("", "", ""))
        self.backend._project.update(
            task.task_id, draft._replace(mark=task.mark._replace(left=task.left)), [facet]
        )

    def delete(self) -> None:
        self.backend.delete([NamedTask("a", self.backend.find(["a"])["a"].task_id)])

    def present(self) -> dict[str, Any]:
        task = self.backend.find(["a"])["a"]
        return {
            "item": task.items[0],
            "labels": json.loads(self.backend.labels(task.task_id) or "[]"),
            "priority": task.priority,
            "metadata": task.metadata,
        }


class ServedTeam(Team):
    """Both name one service."""

    def __init__(self, folder: Path, service: Client) -> None:
        self.service = service
        self.mine = RemoteProject(folder / "mine", service.url)
        self.yours = RemoteProject(folder / "yours", service.url)

    def others(self, facet: Facet, **changes: Any) -> None:
        task = self.service.task("a")
        task_id, ask = task["taskId"], self.service.ask
        if facet == "labels":
            assert ask("putLabels", taskId=task_id, labelsData=json.dumps(changes["labels"]))["ok"]
        if facet == "items":
            url = f"https://example.org/{changes['item']}.png"
            storage = task["datapoint"]["storageMethod"]["storageId"]
            assert ask("updateTaskItems", taskId=task_id, storageId=storage, items=[url])["ok"]
        if "priority" in changes:
            priorities = [{"taskId": task_id, "priority": changes["priority"]}]
            assert ask("updateTasksPriorities", tasks=priorities)["ok"]
        if "metadata" in changes:
            kept = json.loads(task["datapoint"]["metaData"])
            ours = {key: one for key, one in kept.items() if key.startswith(OWN_METADATA)}
            text = json.dumps({**ours, **changes["metadata"]})
            storage = task["datapoint"]["storageMethod"]["storageId"]
            assert ask("updateTaskItems", taskId=task_id, storageId=storage, metaData=text)["ok"]

    def delete(self) -> None:
        task_id = self.service.task("a")["taskId"]
        assert self.service.ask("deleteTasks", taskIds=[task_id])["ok"]

    def present(self) -> dict[str, Any]:
        task = self.service.task("a")
        metadata = json.loads(task["datapoint"]["metaData"])
        return {
            "item": task["datapoint"]["items"][0],
            "labels": json.loads(task["latestTaskData"]["labelsData"]),
            "priority": task["priority"],
            "metadata": {k: v for k, v in metadata.items() if not k.startswith(OWN_METADATA)},
        }


@contextmanager
def team(kind: str, folder: Path) -> Iterator[Team]:
    """A team of a kind: ``local``, ``served`` or ``rewriting``; all is applied by the first."""
    applied = _applied(kind, int(time.monotonic() / FRESH))
    # What is known of states beside them is copied too: else a copy is an older state put back.
    for made_in, copied in ((applied, folder), (home_of(applied), home_of(folder))):
        shutil.copytree(made_in, copied, dirs_exist_ok=True)
    with _team(kind, folder) as made:
        if kind != "local":
            # The address of the service is another one.
            made.write(made.mine, made.yours)
        yield made


def home_of(folder: Path) -> Path:
    """The home of a team: below its manifests it would be theirs, and not believed."""
    return folder.with_name(f"{folder.name}-home")


@contextmanager
def _team(kind: str, folder: Path) -> Iterator[Team]:
    with mock.patch.dict(os.environ, {"XDG_STATE_HOME": str(home_of(folder))}):
        if kind == "local":
            with contextlib.closing(LocalBackend(folder / ".rbsync/project")) as backend:
                yield LocalTeam(folder, backend)
            return
        rewrites = kind == "rewriting"
        with serving(folder / "service", type="IMAGE_BBOX", rewrites=rewrites) as service:
            yield ServedTeam(folder, service)


FRESH = 15.0
"""Seconds for which a team is copied: what was looked at a minute ago is told with its age."""


@cache
def _applied(kind: str, _: int) -> Path:
    """The folder of a team whose clones have applied the same, so that both have a state.

    Hundreds of tests begin there. It is made now and then, and copied for each of them.
    """
    place = Path(tempfile.mkdtemp())
    # With the home beside it.
    atexit.register(shutil.rmtree, place)
    folder = place / "team"
    folder.mkdir()
    # The first of these tests may have set variables of its own before.
    known = {name: one for name, one in os.environ.items() if not name.startswith("RBSYNC_")}
    with mock.patch.dict(os.environ, known, clear=True), _team(kind, folder) as one:
        one.write(one.mine, one.yours)
        ran = one.mine.apply()
        assert ran.code == 0, ran
        assert one.yours.run("refresh").code == 0
        assert one.yours.plan()["actions"] == []
    return folder

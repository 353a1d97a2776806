"""A project, the people who draw in it, and the clones that apply to it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rbsync.applier.comparing import differing
from rbsync.backends.base import NamedTask, TaskContent
from rbsync.backends.local.backend import LocalBackend
from rbsync.backends.local.task_rows import ARCHIVED
from rbsync.backends.redbrick.stamp import read_metadata
from rbsync.stores.history.sqlite import FILE, SqliteHistory
from rbsync.stores.sqlite import SqliteStore
from tests.scenarios.annotating import save_labels
from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.scenarios.two_clones import box
from tests.service.serving import NearClient

NOTHING = 0
"""The drawing of a task without labels."""

_SCALE = 100_000


def labels_of(drawing: int) -> list[dict[str, Any]]:
    """The labels of a drawing: every drawing is a number, and no two are drawn alike."""
    return [box("car", drawing / _SCALE)] if drawing else []


def drawing_of(labels: str) -> int:
    """The drawing that labels are, whatever a service has added to them."""
    found = json.loads(labels)
    return round(found[0]["bbox2d"]["xnorm"] * _SCALE) if found else NOTHING


class Place:
    """The project in a folder; people use the service in front of it, where there is one."""

    def __init__(self, folder: Path, client: NearClient | None) -> None:
        self.folder = folder
        self.client = client

    def tasks(self) -> dict[str, TaskContent]:
        """All that is there, by name; no name is there twice."""
        with closing(LocalBackend(self.folder)) as backend:
            found = list(backend.read())
        tasks = {one.task.name: one for one in found}
        assert len(tasks) == len(found)
        return tasks

    def is_put_away(self, name: str) -> bool:
        """Tells whether nobody can save in the task of a name."""
        with closing(LocalBackend(self.folder)) as backend:
            stored = backend.stored(backend.find([name])[name].task_id)
        return stored is not None and stored.stage == ARCHIVED

    def draw(self, name: str, drawing: int) -> None:
        """Somebody saves a drawing."""
        if self.client is None:
            save_labels(self.folder, name, labels_of(drawing))
            return
        task_id = self.client.task(name)["taskId"]
        text = json.dumps(labels_of(drawing))
        assert self.client.ask("putLabels", taskId=task_id, labelsData=text)["ok"]

    def remove(self, name: str) -> None:
        """Somebody deletes a task."""
        task_id = self.tasks()[name].task.task_id
        if self.client is not None:
            assert self.client.ask("deleteTasks", taskIds=[task_id])["ok"]
            return
        with closing(LocalBackend(self.folder)) as backend:
            backend.delete([NamedTask(name, task_id)])


def base_of(one: TaskContent) -> str:
    """What the datapoint of a task was called at first: its items still are."""
    return one.task.items[0].rpartition("/")[2].partition("-")[0]


def is_as_stamped(one: TaskContent) -> bool:
    """Tells whether the labels are those that some rbsync has left there."""
    # A service keeps its clients' stamps in the metadata.
    stamp = one.task.stamp or read_metadata(json.dumps(one.task.metadata)).stamp
    one = one._replace(left=read_metadata(json.dumps(one.task.metadata)).left)
    return stamp is not None and not differing(one, [stamp], facets=["labels"])


@dataclass(frozen=True, slots=True)
class Declared:
    """A datapoint as a clone declares it; ``item`` and ``settings`` are versions.

    ``base`` is what it was called at first. Its items keep that when it is renamed.
    """

    base: str
    drawing: int = NOTHING
    item: int = 0
    settings: int = 0


@dataclass
class Clone:
    """A folder with a manifest, and what is known from it.

    ``seen`` are the drawings that stood in its files, that it sent itself, or that it took from the
    project's stamps; ``moved`` is what it declares as moved, new names by old ones, and stays
    declared for good; ``foreign`` are the names, and first names, that somebody else touched.
    """

    project: Project
    prefix: str
    state: Path
    history: Path
    files: dict[str, Declared] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    seen: set[int] = field(default_factory=lambda: {NOTHING})
    foreign: set[str] = field(default_factory=set)
    has_plan: bool = False

    def write(self) -> None:
        """Writes the manifest and its files."""
        moved = json.dumps([{"from": old, "to": new} for old, new in self.moved.items()])
        lines = ["project: {type: IMAGE_BBOX, taxonomy: [car, bus]}"]
        lines += [f"moved: {moved}", "datapoints:"]
        for name, one in sorted(self.files.items()):
            labels = f"{self.prefix}{name}.json"
            self.project.write(labels, labels_of(one.drawing))
            lines.append(f"  - {json.dumps(self._entry(name, one, labels))}")
            self.seen.add(one.drawing)
        if not self.files:
            lines[-1] = "datapoints: []"
        self.project.manifest("\n".join(lines) + "\n")

    def _entry(self, name: str, one: Declared, labels: str) -> dict[str, Any]:
        item, storage = f"https://example.org/{one.base}-{one.item}.png", "public"
        if one.base == "file":
            item, storage = f"file-{one.item}.png", "redbrick"
            self.project.write(item, png(one.item))
        entry = {"name": name, "items": [item], "storage": storage, "labels": labels}
        priority, metadata = one.settings / 10, {"site": str(one.settings)}
        return {**entry, "priority": priority, "metadata": metadata}

    def read(self) -> None:
        """Takes in what a pull wrote into the files."""
        for name, one in self.files.items():
            text = (self.project.folder / f"{self.prefix}{name}.json").read_text()
            self.files[name] = replace(one, drawing=drawing_of(text))
            self.seen.add(self.files[name].drawing)

    def names_of(self, name: str) -> set[str]:
        """A name, and what its datapoint was called at first."""
        return {name, self.files[name].base} if name in self.files else {name}

    def is_touched(self, name: str) -> bool:
        """Tells whether somebody else may have touched what a name is declared to be."""
        return not self.foreign.isdisjoint(self.names_of(name))

    def unrecorded(self, names: Iterable[str]) -> set[str]:
        """The names of which its state says nothing."""
        if not self.state.exists():
            return set(names)
        records = SqliteStore(self.state).records()
        return {one for one in names if one not in records or records[one].applied is None}


def kept_in(history: Path) -> set[int]:
    """The drawings that a history has."""
    if not (history / FILE).exists():
        return set()
    with closing(SqliteHistory(str(history))) as kept:
        documents = {one.before for one in kept.changes(run.id for run in kept.runs())} - {""}
        found = [json.loads(kept.content(one)).get("labels") for one in documents]
        return {drawing_of(kept.content(one["json"]).decode()) for one in found if one}

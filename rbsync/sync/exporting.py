"""Export: what the project holds, as files that rbsync reads again."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

from rbsync.backends.base import Task
from rbsync.errors import RbsyncError
from rbsync.masks import ClassMap, MaskError, complete_class_map, decode_pixel, read_class_map
from rbsync.sources.mask_settings import LIMIT, MaskSettings
from rbsync.sync.workspace import Workspace

CLASS_MAP, DATAPOINT_MAP = "class_map.json", "datapoint_map.json"
LONGEST_PART = 255 - len(".json")
UNFIT = "its name cannot be the name of a file"


@runtime_checkable
class GivesLabels(Protocol):
    """A backend that labels can be had back from."""

    def labels(self, task_id: str) -> str | None:
        """The labels of a task as the JSON text of a list, None when it has none."""


class Labelled(NamedTuple):
    """A task that has labels, and their JSON text."""

    task: Task
    labels: str


class Mask(NamedTuple):
    """A mask to be written: a path with ``/``, the bytes of its PNG, and what it is a mask of."""

    path: str
    png: bytes
    image: str


def labelled(workspace: Workspace, pattern: str | None = None) -> Iterator[Labelled]:
    """The tasks with labels, by name. Raises RbsyncError for a backend that keeps them."""
    backend = workspace.backend
    if not isinstance(backend, GivesLabels):
        message = "labels cannot be had back from this backend yet"
        raise RbsyncError(message, hint="export them from a local project")
    for task in backend.list():
        if pattern and not fnmatch.fnmatchcase(task.name, pattern):
            continue
        text = backend.labels(task.task_id) if task.labels else None
        if text is not None:
            yield Labelled(task, text)


@dataclass
class MaskExport:
    """Masks drawn one by one; ``class_map`` grows with the categories that are met.

    ``left_out`` says which tasks have no mask, and why.
    """

    class_map: ClassMap
    left_out: list[str] = field(default_factory=list)
    images: dict[str, str] = field(default_factory=dict)

    def masks(self, every: Iterator[Labelled]) -> Iterator[Mask]:
        """The masks of tasks with labels."""
        for task, text in every:
            labels = [one for one in json.loads(text) if one.get("pixel") is not None]
            why = _objection(task, labels)
            if why:
                self.left_out.append(f"{task.name}: {why}")
                continue
            path = task.name + ".png"
            self.images[path] = task.items[0]
            yield Mask(path, self._png(labels), task.items[0])

    def documents(self) -> Iterator[tuple[str, str]]:
        """The names and texts of the two files beside the masks, once those are drawn."""
        colours = {name: list(colour) for name, colour in self.class_map.items()}
        for name, content in ((CLASS_MAP, colours), (DATAPOINT_MAP, self.images)):
            yield name, json.dumps(content, indent=2, ensure_ascii=False) + "\n"

    def _png(self, labels: list[dict[str, Any]]) -> bytes:
        names = {label["category"][0][-1] for label in labels}
        if not names <= self.class_map.keys():
            every = dict.fromkeys([*self.class_map, *sorted(names)])
            self.class_map = complete_class_map(every, self.class_map)
        return _png(decode_pixel(labels, self.class_map))


def mask_export(workspace: Workspace) -> MaskExport:
    """An export in the colours of the manifest's class maps; other categories get new ones."""
    known: ClassMap = {}
    for source in workspace.manifest.masks:
        for name, colour in _colours(workspace, source.source).items():
            if name not in known and colour not in known.values():
                known[name] = colour
    names = [*(one.name for one in workspace.taxonomy.walk()), *known]
    return MaskExport(complete_class_map(dict.fromkeys(names), known))


def _colours(workspace: Workspace, source: Any) -> ClassMap:
    """The class map of a source; none where it has no colours or cannot be read."""
    path = source.colours_file if isinstance(source, MaskSettings) else None
    with suppress(OSError, ValueError, MaskError):
        return read_class_map(json.loads(workspace.ground.tree.read(path, LIMIT))) if path else {}
    return {}


def _objection(task: Task, labels: list[Any]) -> str:
    """Why a task has no mask; empty when it has one."""
    if not labels:
        return "none of its labels is a segmentation"
    if len(task.items) != 1:
        return f"it has {len(task.items)} items, and a mask is of one"
    return "" if fits_a_file(task.name) else UNFIT


def fits_a_file(name: str) -> bool:
    """Whether a datapoint's name can be a path below a folder, with a suffix to follow."""
    parts = name.split("/")
    return all(one and one[0] != "." and len(one.encode()) <= LONGEST_PART for one in parts)


def _png(picture: Any) -> bytes:
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()

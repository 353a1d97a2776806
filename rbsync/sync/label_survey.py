"""The label files of single images in a folder, by their names and their first bytes."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import NamedTuple

from rbsync.sources.tools.poses import Points, points_of
from rbsync.sources.tools.recognised import next_step, tool_of
from rbsync.sync.nearness import by_path, nearness, upwards
from rbsync.sync.survey import (
    LOOKED_AT,
    MOST_LISTS,
    PICTURES,
    SCANS,
    VIDEOS,
    Folder,
    text_of_beginning,
)

LABELS = ("json", "xml", "txt")
"""Suffixes of label files, of which an image has one."""

NAMES_OF_CLASSES = ("classes.txt", "predefined_classes.txt", "labels.txt")


class LabelFiles(NamedTuple):
    """The label files of a folder, and the folder whose images they are of.

    ``tool`` wrote them; it is empty for LabelObjects. ``number`` is how many belong to images.
    ``classes`` are the names of classes that have numbers, or the path of a file of them, and
    ``points`` those that a pose of YOLO has.
    """

    folder: Folder
    suffix: str
    tool: str
    home: Folder
    number: int
    classes: list[str] | str = ""
    points: Points | None = None

    @property
    def title(self) -> str:
        """Their number, tool and place in words."""
        files = "label file" if self.number == 1 else "label files"
        place = f"in {self.folder.path}/" if self.folder.path else "here"
        return f"{self.number:,} {files} of {self.tool or 'LabelObjects'} {place}"

    @property
    def why_unread(self) -> str:
        """The reason why a source cannot name them as they are; empty where it can."""
        match self.tool:
            case "" | "labelme":
                return ""
            case "Pascal VOC":
                return "" if find_spec("defusedxml") else "pip install 'rbsync[voc]' reads them"
            case "YOLO":
                return "" if self.classes else "nothing here says the names of their classes"
            case tool:
                return next_step(tool, f"{{stem}}.{self.suffix}")

    def line(self, stem: str) -> str:
        """The line of a source that names them, by a template without the suffix."""
        place = json.dumps(f"{stem}.{self.suffix}?", ensure_ascii=False)
        match self.tool:
            case "labelme":
                return f"    labels: {{format: labelme, file: {place}}}   # ?: if it exists"
            case "Pascal VOC":
                return f"    labels: {{format: voc, file: {place}}}"
            case "YOLO":
                names = json.dumps(self.classes, ensure_ascii=False)
                more = f", keypoints: {list(self.points)}" if self.points else ""
                return f"    labels: {{format: yolo, file: {place}, classes: {names}{more}}}"
            case _:
                return f"    labels: {place}   # the ? means: if it exists"

    @property
    def is_beside(self) -> bool:
        return self.folder is self.home

    def is_like(self, other: LabelFiles) -> bool:
        """Tells whether the template of others, beside their images, is that of these too."""
        if not (self.is_beside and self.folder.path):
            return self is other
        return self._like == other._like

    @property
    def _like(self) -> tuple[object, ...]:
        return self.tool, self.suffix, self.classes, self.points


def label_files(
    root: str, folders: Sequence[Folder], homes: Sequence[Folder]
) -> Iterator[LabelFiles]:
    """Yields the files that have labels of single images, folder by folder.

    An image has its labels from the nearest of the folders that have the same names as others.
    """
    stems = [one.stems((*PICTURES, *SCANS, *VIDEOS)) for one in homes]
    having: dict[str, list[int]] = {}
    for number, names in enumerate(stems):
        for name in names:
            having.setdefault(name, []).append(number)
    known = by_path(folders)
    for folder in folders:
        for suffix in LABELS:
            found = folder.stems([suffix])
            counts = Counter(number for stem in found for number in having.get(stem, ()))
            if not counts:
                continue
            at = max(counts, key=lambda one: (counts[one], nearness(homes[one].path, folder.path)))
            both = sorted(found.keys() & stems[at].keys())
            first = [f"{one}.{found[one]}" for one in both[:MOST_LISTS]]
            text = _first_text(os.path.join(root, folder.path), first)
            tool = tool_of(text)
            if not (tool or (text and _is_labels(text))):
                continue
            plain = LabelFiles(folder, found[both[0]], tool, homes[at], len(both))
            if tool != "YOLO":
                yield plain
                continue
            classes, points = _class_names(root, known, folder)
            yield plain._replace(classes=classes, points=points or _points_in(text))


def _points_in(text: str) -> Points | None:
    """The points of the poses in a file of YOLO; None for boxes and polygons."""
    found = points_of([line.split() for line in text.splitlines() if line.strip()])
    return found.points if found and found.is_sure else None


def _first_text(folder: str, names: Sequence[str]) -> str:
    """The beginning of the first file that has a text; empty where none has."""
    for name in names:
        try:
            with open(os.path.join(folder, name), "rb") as file:
                text = text_of_beginning(file.read(LOOKED_AT))
        except OSError:
            continue
        # An image without a label has an empty file with some tools.
        if text.strip():
            return text
    return ""


def _is_labels(text: str) -> bool:
    """Tells whether a text may be LabelObjects: sidecars of other programs are JSON as well."""
    if len(text) >= LOOKED_AT:
        return '"category"' in text
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    every = found if isinstance(found, list) else [None]
    return all(isinstance(one, dict) and "category" in one for one in every)


def _class_names(
    root: str, known: Mapping[str, Folder], folder: Folder
) -> tuple[list[str] | str, Points | None]:
    """The names of YOLO's classes, or the path of the text file that has them; empty for none.

    They stand in the folder of the label files or in the nearest one above, perhaps with the points
    of poses.
    """
    for one in upwards(known, folder.path):
        texts = [name for name in NAMES_OF_CLASSES if name in one.names.get("txt", ())]
        texts += one.names.get("names", ())
        if texts:
            return (f"{one.path}/{texts[0]}" if one.path else texts[0]), None
        for name in (*one.names.get("yaml", ()), *one.names.get("yml", ())):
            names, points = _described(os.path.join(root, one.path, name))
            if names:
                return names, points
    return [], None


def _described(path: str) -> tuple[list[str], Points | None]:
    """The names of classes in a data set's description as Ultralytics has it, empty for none, and
    the points that its poses have.
    """
    import yaml

    try:
        with open(path, "rb") as file:
            found = yaml.safe_load(file.read(LOOKED_AT))
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return [], None
    if not isinstance(found, dict):
        return [], None
    names = found.get("names")
    if isinstance(names, dict) and set(names) == set(range(len(names))):
        names = [names[number] for number in range(len(names))]
    match found.get("kpt_shape"):
        case [int(many), 2 | 3 as numbers]:
            points: Points | None = (many, numbers)
        case _:
            points = None
    # The text of what refers to itself again and again would fill the memory.
    every = names if isinstance(names, list) else [None]
    is_text = all(isinstance(one, str | int) for one in every)
    return (list(map(str, every)) if is_text else []), points

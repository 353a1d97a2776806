"""Export: what the project holds, as files that rbsync reads again."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rbsync.backends.base import TaskContent
from rbsync.masks import (
    ClassIndex,
    ClassMap,
    MaskError,
    complete_class_map,
    decode_pixel,
    read_class_map,
)
from rbsync.masks.classes.class_map import BLACK
from rbsync.masks.encodings.label_objects import category_name
from rbsync.masks.label_maps import LabelMap, picture_of, volumes_of
from rbsync.masks.volumes.label_volume import LabelVolume
from rbsync.sources.mask_settings import LIMIT, MaskSettings
from rbsync.sync.export_paths import Paths, UnfitError
from rbsync.sync.losses import Loss, loss_of
from rbsync.sync.workspace import Workspace

CLASS_MAP, DATAPOINT_MAP = "class_map.json", "datapoint_map.json"
SEGMENT_MAP = "segment_map.json"
OWN_FILES = (CLASS_MAP, DATAPOINT_MAP, SEGMENT_MAP)


class File(NamedTuple):
    """A file to be written: a path with ``/``, and its bytes."""

    path: str
    data: bytes


def labelled(workspace: Workspace, pattern: str | None = None) -> Iterator[TaskContent]:
    """The tasks with labels, in the order of the backend. Raises BackendError."""
    for found in workspace.backend.read():
        name = found.task.name
        if found.task.labels and (not pattern or fnmatch.fnmatchcase(name, pattern)):
            yield found


@dataclass
class MaskExport:
    """Masks drawn one by one; ``class_map`` grows with the categories that are met.

    ``left_out`` says which tasks have no mask, and why; ``is_partial`` whether one of them has a
    segmentation. ``losses`` is what the labels of the others say beside. ``written`` counts the
    files. Volumes are not drawn: their label maps are files as they are, told of in ``volumes``.
    """

    class_map: ClassMap
    left_out: list[str] = field(default_factory=list)
    is_partial: bool = False
    losses: list[Loss] = field(default_factory=list)
    images: dict[str, str] = field(default_factory=dict)
    volumes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    written: int = 0
    paths: Paths = field(default_factory=lambda: Paths(OWN_FILES))

    def masks(self, every: Iterator[TaskContent]) -> Iterator[File]:
        """The masks and label maps of tasks with labels."""
        for found in every:
            name = found.task.name
            labels = json.loads(found.labels)
            outlined = [one for one in labels if one.get("pixel") is not None]
            if not outlined and not found.maps:
                self.left_out.append(f"{name}: none of its labels is a segmentation")
                continue
            try:
                files = [self._outlines(found, outlined)] if outlined else self._maps(found, labels)
            except (UnfitError, MaskError) as why:
                self.left_out.append(f"{name}: {getattr(why, 'message', why)}")
                self.is_partial = True
                continue
            self._note_loss(name, labels, "pixel" if outlined else "dicom")
            self.written += len(files)
            yield from files

    def _note_loss(self, name: str, labels: list[dict[str, Any]], held: str) -> None:
        loss = loss_of(name, labels, held, is_picture=name not in self.volumes)
        if loss:
            self.losses.append(loss)

    def _outlines(self, found: TaskContent, outlined: list[dict[str, Any]]) -> File:
        return self._mask(found, lambda: self._drawn(outlined))

    def _maps(self, found: TaskContent, labels: list[dict[str, Any]]) -> list[File]:
        maps = [LabelMap(one.series, one.read()) for one in found.maps]
        volumes = volumes_of(labels, maps)
        picture = picture_of(volumes)
        if picture is not None and len(found.task.items) == 1:
            return [self._mask(found, lambda: self._coloured(picture))]
        return list(self._label_maps(found.task.name, maps, volumes))

    def _mask(self, found: TaskContent, draw: Callable[[], Any]) -> File:
        task = found.task
        if len(task.items) != 1:
            raise UnfitError(f"it has {len(task.items)} items, and a mask is of one")
        path = task.name + ".png"
        self.paths.take(task.name, [path])
        png = _png(draw())
        self.images[path] = task.items[0]
        return File(path, png)

    def _label_maps(
        self, name: str, maps: Sequence[LabelMap], volumes: Mapping[int, LabelVolume]
    ) -> Iterator[File]:
        alone = len(maps) == 1
        paths = [f"{name}.nii.gz" if alone else f"{name}/{one.series}.nii.gz" for one in maps]
        self.paths.take(name, paths)
        self.volumes[name] = entries = []
        for path, (series, data) in zip(paths, maps, strict=True):
            names = {str(value): one for value, one in volumes[series].names.items()}
            entries.append({"series": series, "segmentations": path, "segment_map": names})
            yield File(path, data)

    def documents(self) -> Iterator[tuple[str, str]]:
        """The names and texts of the files beside the masks, once those are drawn."""
        colours = {name: list(colour) for name, colour in self.class_map.items()}
        documents: dict[str, Any] = {CLASS_MAP: colours, DATAPOINT_MAP: self.images}
        if self.volumes:
            documents[SEGMENT_MAP] = self.volumes
        for name, content in documents.items():
            yield name, json.dumps(content, indent=2, ensure_ascii=False) + "\n"

    def _drawn(self, labels: list[dict[str, Any]]) -> Any:
        self._meet(set(map(category_name, labels)))
        return decode_pixel(labels, self.class_map)

    def _coloured(self, picture: ClassIndex) -> Any:
        import numpy as np

        self._meet(set(picture.names))
        colours = [BLACK, *(self.class_map[name] for name in picture.names)]
        return np.array(colours, np.uint8)[picture.pixels]

    def _meet(self, names: set[str]) -> None:
        """Gives categories that have no colour one."""
        if not names <= self.class_map.keys():
            every = dict.fromkeys([*self.class_map, *sorted(names)])
            self.class_map = complete_class_map(every, self.class_map)


def mask_export(workspace: Workspace) -> MaskExport:
    """An export in the colours of the manifest's class maps; other categories get new ones.

    So does one that is black, which is what stands for no category in the masks that are drawn.
    """
    known: ClassMap = {}
    for source in workspace.manifest.masks:
        for name, colour in _colours(workspace, source.source).items():
            if name not in known and colour not in (BLACK, *known.values()):
                known[name] = colour
    names = [*(one.name for one in workspace.taxonomy.walk()), *known]
    return MaskExport(complete_class_map(dict.fromkeys(names), known))


def _colours(workspace: Workspace, source: Any) -> ClassMap:
    """The class map of a source; none where it has no colours or cannot be read."""
    path = source.colours_file if isinstance(source, MaskSettings) else None
    with suppress(OSError, ValueError, MaskError):
        return read_class_map(json.loads(workspace.ground.tree.read(path, LIMIT))) if path else {}
    return {}


def _png(picture: Any) -> bytes:
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()

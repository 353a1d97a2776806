"""Segmentations as files that rbsync reads again: masks, label maps, and what they mean."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar

from rbsync.backends.base import TaskContent
from rbsync.exports.base import Export, File
from rbsync.exports.losses import loss_of
from rbsync.exports.paths import Paths, UnfitError
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
from rbsync.sync.workspace import Workspace

CLASS_MAP, DATAPOINT_MAP = "class_map.json", "datapoint_map.json"
SEGMENT_MAP = "segment_map.json"
OWN_FILES = (CLASS_MAP, DATAPOINT_MAP, SEGMENT_MAP)


class MaskExport(Export):
    """Write the segmentations: PNG masks, as `masks` of a manifest reads them, and volumes.

    A mask holds one class a pixel: labels of one category become one, and boxes, attributes and
    the like are left out, which is told; `export labels` writes all of it. Exits with 3 when a
    segmentation had to be left out, or labels lie over each other.

    \b
    Example:
      rbsync export masks exported/ --target "images/**"
    """

    noun: ClassVar[str] = "mask"
    loss_hint: ClassVar[str] = "a mask holds one class a pixel; `rbsync export labels` writes all"

    def __init__(self, workspace: Workspace) -> None:
        """Volumes are not drawn: their label maps are files as they are, told of in `volumes`."""
        super().__init__(workspace)
        self.class_map = known_colours(workspace)
        self.images: dict[str, str] = {}
        self.volumes: dict[str, list[dict[str, Any]]] = {}
        self.paths = Paths(OWN_FILES)

    def facts(self) -> dict[str, Any]:
        return {"lost": [one._asdict() for one in self.losses]}

    def files(self, tasks: Iterator[TaskContent]) -> Iterator[File]:
        # The maps come last: only the drawn masks tell which categories and files there are.
        yield from self.masks(tasks)
        for name, text in self.documents():
            yield File(name, text.encode())

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
            # After the files were made: of what is left out altogether nothing more is lost.
            self._note_loss(name, labels, "pixel" if outlined else "dicom")
            self.written += len(files)
            yield from files

    def _note_loss(self, name: str, labels: list[dict[str, Any]], held: str) -> None:
        loss = loss_of(name, labels, held, is_picture=name not in self.volumes)
        if loss:
            self.losses.append(loss)
            # Labels of one class become one, which says the same; pixels under others are gone.
            self.is_partial |= bool(loss.hidden)

    def _outlines(self, found: TaskContent, outlined: list[dict[str, Any]]) -> File:
        return self._mask(found, lambda: self._drawn(outlined))

    def _maps(self, found: TaskContent, labels: list[dict[str, Any]]) -> list[File]:
        maps = [LabelMap(one.series, one.read()) for one in found.maps]
        volumes = volumes_of(labels, maps)
        picture = picture_of(volumes)
        # A mask says of one picture: with several, the label map is the only file that says which
        # is meant.
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
            # Sorted, so that the colours do not depend on the order in which the service lists its
            # tasks.
            every = dict.fromkeys([*self.class_map, *sorted(names)])
            self.class_map = complete_class_map(every, self.class_map)


def known_colours(workspace: Workspace) -> ClassMap:
    """The colours of the manifest's class maps, and new ones for the taxonomy's other categories.

    One that is black gets a new one too: black stands for no category in the masks that are drawn.
    """
    known: ClassMap = {}
    for source in (*workspace.manifest.masks, *workspace.manifest.datapoints):
        for name, colour in _colours(workspace, source.source).items():
            # Two categories of one colour could not be told apart when the mask is read again.
            if name not in known and colour not in (BLACK, *known.values()):
                known[name] = colour
    names = [*(one.name for one in workspace.taxonomy.walk()), *known]
    return complete_class_map(dict.fromkeys(names), known)


def _colours(workspace: Workspace, source: Any) -> ClassMap:
    """The class map of a source; none where it has no colours or cannot be read."""
    path = source.colours_file if isinstance(source, MaskSettings) else None
    # Colours are a convenience here: a class map that is gone must not keep labels from being
    # saved.
    with suppress(OSError, ValueError, MaskError):
        return read_class_map(json.loads(workspace.inputs.tree.read(path, LIMIT))) if path else {}
    return {}


def _png(picture: Any) -> bytes:
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()

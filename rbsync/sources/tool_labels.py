"""Labels in the files of other tools, made into LabelObjects where a source names them."""

from __future__ import annotations

import posixpath
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from rbsync.errors import Location, Problem
from rbsync.files.written_text import encoding_fault, text_of
from rbsync.labels.amounts import Limits, labels_for, more_labels
from rbsync.shapes.setting import setting
from rbsync.sources.context import Context
from rbsync.sources.entry import DeclaredSize, InlineLabels, MadeLabels
from rbsync.sources.mask_settings import checked_json
from rbsync.sources.tools import amount, reader
from rbsync.sources.tools.drawn import DrawingError, Drawings

if TYPE_CHECKING:
    from rbsync.masks.coco.annotations import Annotated, CocoLabels, ImageLabels

LIMIT = 64 << 20
COCO = "coco"
_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class ToolLabels:
    """The label files of another tool."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    format: Literal["labelme", "yolo", "voc", "coco"] = setting(
        description="The tool: labelme, yolo (boxes and polygons), voc (Pascal VOC's XML; needs "
        "`pip install rbsync[voc]`) or coco (one file for all images).",
        examples=["labelme"],
    )
    file: str = setting(
        description="The label file of each, as under `labels` itself; with `?` at its end: if it "
        "exists.",
        examples=["labels/{stem}.txt?"],
    )
    classes: list[str] | str | None = setting(
        default=None,
        description="For yolo: the names of the classes from 0 on, or a text file with one a line.",
        examples=[["car", "bus"]],
    )


class ToolFiles:
    """Reads the label files of a source; what is wrong with one is a problem of its datapoint."""

    def __init__(self, given: ToolLabels, context: Context) -> None:
        """Reports what is wrong with the settings."""
        self._given, self._context = given, context
        self._left_out = Counter[str]()
        self._classes = self._read_classes()

    @property
    def is_one_file(self) -> bool:
        """Tells whether one file has the labels of all images."""
        return self._given.format == COCO

    def read(self, path: str, item: str) -> InlineLabels | Problem | None:
        """The labels of an item in a file; None when it has none."""
        if self.is_one_file:
            return self._of_coco(item)
        if self._classes is None:
            return None
        try:
            text = text_of(self._context.tree.read(path, LIMIT))
            _refuse_much(text, self._given.format, self._context.limits)
            found = reader(self._given.format)(text, self._classes)
        except FileNotFoundError:
            return Problem("missing-file", f"there is no file `{path}`", self._place)
        except OSError as error:
            message = f"`{path}` cannot be read: {error.strerror or error}"
            return Problem("unreadable", message, self._place)
        except DrawingError as error:
            place = Location(path, error.line, error.column)
            return Problem("label-file", str(error), place, error.hint)
        except UnicodeDecodeError as error:
            message = encoding_fault(error)
            return Problem("encoding", message, Location(path))
        self._left_out.update(found.left_out)
        return _inline(found, path)

    def conclude(self) -> None:
        """Tells what the files have and labels cannot."""
        for what, count in sorted((+self._left_out).items()):
            message = f"{count:,} {what} of the label files are left out: labels have no place"
            self._context.warn(Problem("left-out", message, self._place))

    @property
    def _place(self) -> Location:
        return self._context.locate(("labels", "file"))

    def _read_classes(self) -> tuple[str, ...] | None:
        """The names of classes that have numbers; None after reporting that there are none."""
        given = self._given.classes
        if self._given.format != "yolo":
            return ()
        if given is None:
            message = "the classes of yolo are numbers, and nothing says their names"
            hint = "write `classes: [NAME, …]`, or the path of a file with one name a line"
            self._context.report(Problem("classes", message, self._place, hint))
            return None
        return tuple(given) if isinstance(given, list) else self._named_in(given)

    def _named_in(self, path: str) -> tuple[str, ...] | None:
        place = self._context.locate(("labels", "classes"))
        try:
            text = text_of(self._context.tree.read(path, LIMIT))
        except (OSError, UnicodeDecodeError) as error:
            if isinstance(error, UnicodeDecodeError):
                why = encoding_fault(error)
            else:
                why = error.strerror or str(error)
            message = f"`{path}` cannot be read: {why}"
            self._context.unread(Problem("unreadable", message, place))
            return None
        return tuple(one.strip() for one in text.splitlines() if one.strip())

    def _of_coco(self, item: str) -> InlineLabels | Problem | None:
        if self._coco is None:
            return None
        found = self._images.get(posixpath.basename(item), [])
        # Folders of the same file names: the one whose path ends as the image's does.
        found = [one for one in found if _ends_alike(item, one.image.file_name)] or found
        if len(found) != 1:
            return None if not found else self._several(item, found)
        one = self._coco.labels(found[0])
        if one.flaws:
            return self._flawed(one)
        self._left_out["annotations that cover no pixel"] += one.unseen
        place = Location(self._given.file, 1, 1)
        size = DeclaredSize(one.image.width, one.image.height, self._given.file)
        titles = tuple(f"{title} of `{one.image.file_name}`" for title in one.titles)
        labels = MadeLabels.of(one.texts, one.kinds)
        return InlineLabels(labels, lambda _: place, size, titles) if one.texts else None

    def _flawed(self, one: ImageLabels) -> Problem:
        """All that is wrong with the annotations of an image, in one message."""
        first, *others = (flaw.at(self._place) for flaw in one.flaws)
        said = "; ".join(flaw.message for flaw in (first, *others[:_SHOWN]))
        more = f"; and {len(others) - _SHOWN:,} more" if len(others) > _SHOWN else ""
        return first._replace(message=f"{said}{more} (image `{one.image.file_name}`)")

    def _several(self, item: str, found: list[Annotated]) -> Problem:
        names = ", ".join(f"`{one.image.file_name}`" for one in found[:3])
        message = f"`{item}` may be any of several images of the file: {names}"
        hint = "name the file under `masks`: `- coco: FILE`, with `images: FOLDER/`"
        return Problem("several-files", message, self._place, hint)

    @cached_property
    def _coco(self) -> CocoLabels | None:
        """The one file; None after reporting what is wrong with it."""
        from rbsync.masks.coco.annotations import read_annotations

        def read(data: Any) -> CocoLabels:
            return read_annotations(data, file=path, limits=self._context.limits)

        limits = self._context.limits if self._context.limits.of_all else None
        path = self._given.file.removesuffix("?")
        # One file has the labels of all images, and may be larger than that of one.
        return checked_json(self._context, path, "labels", read, limit=1 << 30, limits=limits)

    @cached_property
    def _images(self) -> dict[str, list[Annotated]]:
        """The images of the one file by their names without folders."""
        for flaw in self._coco.flaws if self._coco else ():
            self._context.report(flaw.at(self._place))
        by_name: dict[str, list[Annotated]] = {}
        for one in self._coco.images if self._coco else ():
            by_name.setdefault(posixpath.basename(one.image.file_name), []).append(one)
        return by_name


def _refuse_much(text: str, tool: str, limits: Limits) -> None:
    """Raises DrawingError for a file that has more than the labels of one datapoint may have."""
    number, marks = amount(text, tool)
    if number > limits.labels:
        message = f"the file has more than {limits.labels:,} labels; so many are allowed"
        raise DrawingError(message, hint=more_labels(max(number, labels_for(marks))))
    if marks > limits.marks:
        message = (
            f"the file has more values than {limits.labels:,} labels have; so many are allowed"
        )
        raise DrawingError(message, hint=more_labels(labels_for(marks)))


def _ends_alike(item: str, name: str) -> bool:
    return item == name or item.endswith("/" + name.lstrip("./"))


def _inline(found: Drawings, path: str) -> InlineLabels | None:
    """The labels of a file; None where it has none."""
    if not found.labels:
        return None

    def locate(steps: tuple[str | int, ...]) -> Location:
        number = steps[0] if steps else 0
        line = found.lines[number] if found.lines and isinstance(number, int) else 1
        return Location(path, line, 1)

    size = DeclaredSize(*found.size, path) if found.size else None
    return InlineLabels(found.labels, locate, size, tuple(found.titles))

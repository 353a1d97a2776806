"""Labels in the files of other tools, made into LabelObjects where a source names them."""

from __future__ import annotations

import posixpath
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from rbsync.errors import Location, Problem
from rbsync.files.kinds import suffix_of
from rbsync.files.roots import outside_hint
from rbsync.files.spelling import composed, folded
from rbsync.files.written_text import encoding_fault, text_of, xml_text_of
from rbsync.labels.amounts import Limits, labels_for, more_labels
from rbsync.shapes.setting import Checked, refuse_value, setting
from rbsync.sources.context import Context
from rbsync.sources.entry import DeclaredSize, InlineLabels, MadeLabels
from rbsync.sources.mask_settings import checked_json
from rbsync.sources.template_files import OPTIONAL_HINT
from rbsync.sources.tools import amount, reader
from rbsync.sources.tools.drawn import DrawingError, Drawings
from rbsync.sources.tools.recognised import OWN, is_own, next_step, tool_of

if TYPE_CHECKING:
    from rbsync.masks.coco.annotations import Annotated as Drawn
    from rbsync.masks.coco.annotations import CocoLabels, ImageLabels

LIMIT = 64 << 20
COCO = "coco"
MOST_POINTS = 1_000
_SHOWN = 5


def _points(given: list[int]) -> list[int]:
    """The number of points that a pose has, and of the numbers of each."""
    if len(given) != 2 or not 0 <= given[0] <= MOST_POINTS or given[1] not in (2, 3):
        message = f"keypoints are how many (to {MOST_POINTS:,}), and 2 or 3 numbers each"
        refuse_value("keypoints", message, "write it as `kpt_shape` has it, such as [17, 3]")
    return given


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
    keypoints: Annotated[list[int], Checked(_points)] | None = setting(
        default=None,
        description="For yolo: of poses how many points each has and the numbers of a point, as "
        "`kpt_shape` says it; the boxes are read. [0, 2] says that there are none.",
        examples=[[17, 3]],
    )


class ToolFiles:
    """Reads the label files of a source; what is wrong with one is a problem of its datapoint."""

    def __init__(self, given: ToolLabels, context: Context) -> None:
        """Reports what is wrong with the settings."""
        self._given, self._context = given, context
        self._left_out = Counter[str]()
        self._doubtful: list[str] = []
        self._strange: list[str] = []
        self._used: set[str] = set()
        self._asked = False
        self._classes = self._read_classes()

    @property
    def is_one_file(self) -> bool:
        """Tells whether one file has the labels of all images."""
        return self._given.format == COCO

    def read(self, path: str, item: str) -> tuple[InlineLabels | None, list[Problem]]:
        """The labels of an item in a file, None when it has none, and what is wrong with them."""
        if self.is_one_file:
            made = self._of_coco(item)
            return (None, [made]) if isinstance(made, Problem) else (made, [])
        if self._classes is None:
            return None, []
        try:
            found = self._drawn(path)
        except FileNotFoundError:
            message = f"there is no file `{path}`"
            hint = OPTIONAL_HINT if "{" in self._given.file else ""
            return None, [Problem("missing-file", message, self._place, hint)]
        except OSError as error:
            message = f"`{path}` cannot be read: {error.strerror or error}"
            hint = outside_hint(error)
            return None, [Problem("unreadable", message, self._place, hint)]
        except DrawingError as error:
            return None, [_problem(path, error)]
        except UnicodeDecodeError as error:
            return None, [Problem("encoding", encoding_fault(error), Location(path))]
        self._note(found, path, item)
        problems = [_problem(path, one) for one in found.wrong[:_SHOWN]]
        if (more := len(found.wrong) - _SHOWN) > 0:
            message = f"{problems[-1].message}; and {more:,} more"
            problems[-1] = problems[-1]._replace(message=message)
        return _inline(found, path), problems

    def _drawn(self, path: str) -> Drawings:
        """The shapes of a file. Raises DrawingError, OSError, UnicodeDecodeError."""
        data = self._context.tree.read(path, LIMIT)
        text = xml_text_of(data) if self._given.format == "voc" else text_of(data)
        _refuse_much(text, self._given.format, self._context.limits)
        given = self._given.keypoints
        points = (given[0], given[1]) if given else None
        try:
            found = reader(self._given.format)(text, self._classes or (), points)
        except DrawingError as error:
            raise self._of_another(text) or error from error
        if found.wrong and not found.labels and (other := self._of_another(text)):
            raise other
        return found

    def _of_another(self, text: str) -> DrawingError | None:
        """The error for a file that another tool wrote; None for one that is not known as such."""
        tool = tool_of(text)
        if is_own(text):
            message, hint = "a list of LabelObjects", f'write `labels: "{self._given.file}"`'
        elif tool and OWN.get(tool) != self._given.format:
            message, hint = f"a file of {tool}", next_step(tool, self._given.file)
        else:
            return None
        title = next(one for one, name in OWN.items() if name == self._given.format)
        return DrawingError(f"this is {message}, and no file of {title}", hint=hint)

    def _note(self, found: Drawings, path: str, item: str) -> None:
        """Remembers what is to be told of all files together."""
        self._left_out.update(found.left_out)
        if found.doubt:
            self._doubtful.append(path)
        if found.picture and _stem(found.picture) != _stem(item):
            self._strange.append(f"`{path}`, of `{item}`, says `{found.picture}`")

    def conclude(self) -> None:
        """Tells what the files have and labels cannot, and what is doubtful."""
        for what, count in sorted((+self._left_out).items()):
            message = f"{count:,} {what} of the label files are left out: labels have no place"
            self._context.warn(Problem("left-out", message, self._place))
        if self.is_one_file:
            self._tell_of_coco()
        if self._doubtful:
            message = (
                f"the polygons of {_many_files(self._doubtful)} may be poses, which have a box and "
                "points within it"
            )
            self._context.warn(Problem("poses", message, self._place, _POSES_HINT))
        if self._strange:
            number = len(self._strange)
            files = "a label file says" if number == 1 else f"{number:,} label files say"
            message = f"{files} that it is of another picture: {self._strange[0]}"
            self._context.warn(Problem("other-picture", message, self._place, _PICTURE_HINT))

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
        if suffix_of(path) in ("yaml", "yml"):
            message = f"`{path}` is a description of a data set, and no list of names"
            hint = "write its `names` here: `classes: [NAME, …]`"
            self._context.report(Problem("classes", message, place, hint))
            return None
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
        self._asked = True
        found = self._images.get(folded(posixpath.basename(item)), [])
        # Folders of the same file names: the one whose path ends as the image's does.
        found = [one for one in found if _ends_alike(item, one.image.file_name)] or found
        if len(found) != 1:
            return None if not found else self._several(item, found)
        self._used.add(found[0].image.file_name)
        one = self._coco.labels(found[0])
        if one.flaws:
            return self._flawed(one)
        self._left_out["annotations that cover no pixel"] += one.unseen
        place = Location(self._given.file, 1, 1)
        size = DeclaredSize(one.image.width, one.image.height, self._given.file)
        titles = tuple(f"{title} of `{one.image.file_name}`" for title in one.titles)
        labels = MadeLabels.of(one.texts, one.kinds)
        return InlineLabels(labels, lambda _: place, size, titles) if one.texts else None

    def _tell_of_coco(self) -> None:
        """Tells of crowds, and of images that no datapoint is, where all datapoints were seen."""
        if not self._asked or self._context.rest is not None or self._coco is None:
            return
        if self._coco.crowds:
            what = "annotations of crowds (iscrowd) become labels as all others do"
            message = f"{self._given.file}: {what}; there are {self._coco.crowds:,}"
            self._context.warn(Problem("coco", message, self._place))
        left = [
            one.image.file_name
            for one in self._coco.images
            if one.annotations and one.image.file_name not in self._used
        ]
        if not left:
            return
        number = "1 image" if len(left) == 1 else f"{len(left):,} images"
        verb = "is" if len(left) == 1 else "are"
        message = f"{number} of `{self._given.file}` {verb} no datapoint here: `{left[0]}`"
        hint = "images are found by their file names; name those files too, or take the images out"
        self._context.warn(Problem("no-labels", message, self._place, hint))

    def _flawed(self, one: ImageLabels) -> Problem:
        """All that is wrong with the annotations of an image, in one message."""
        first, *others = (flaw.at(self._place) for flaw in one.flaws)
        said = "; ".join(flaw.message for flaw in (first, *others[:_SHOWN]))
        more = f"; and {len(others) - _SHOWN:,} more" if len(others) > _SHOWN else ""
        return first._replace(message=f"{said}{more} (image `{one.image.file_name}`)")

    def _several(self, item: str, found: list[Drawn]) -> Problem:
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
    def _images(self) -> dict[str, list[Drawn]]:
        """The images of the one file by their names without folders."""
        for flaw in self._coco.flaws if self._coco else ():
            self._context.report(flaw.at(self._place))
        by_name: dict[str, list[Drawn]] = {}
        for one in self._coco.images if self._coco else ():
            # Tools of Windows write its paths.
            name = one.image.file_name.replace("\\", "/")
            by_name.setdefault(folded(posixpath.basename(name)), []).append(one)
        return by_name


_POSES_HINT = (
    "for poses write `keypoints: [HOW MANY, 2]` into `labels`, and for polygons `keypoints: [0, 2]`"
)
_PICTURE_HINT = "look whether the labels are of that picture; else correct the name in the file"


def _problem(path: str, error: DrawingError) -> Problem:
    return Problem("label-file", str(error), Location(path, error.line, error.column), error.hint)


def _stem(path: str) -> str:
    """The name of a file without its folders and suffix, however it is spelt."""
    name = path.replace("\\", "/").rpartition("/")[2]
    return composed(name[: len(name) - len(suffix_of(name))].rstrip(".")).casefold()


def _many_files(paths: list[str]) -> str:
    more = f" and {len(paths) - 1:,} more label files" if len(paths) > 1 else ""
    return f"`{paths[0]}`{more}"


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
    name = folded(name.replace("\\", "/"))
    return folded(item) == name or folded(item).endswith("/" + name.lstrip("./"))


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

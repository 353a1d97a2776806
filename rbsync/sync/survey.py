"""The content of a folder, told by a first look: images, scans, masks, frames, labels and lists.

Names and first bytes alone are looked at, so that a look at a whole disk of data takes seconds.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from typing import Any, Literal, NamedTuple

from rbsync.files.kinds import suffix_of
from rbsync.files.written_text import text_of
from rbsync.sources.tools.recognised import tool_of

# Files that are looked at; what does not show up among them can wait, and `init` in a home folder
# must not walk the whole disk.
MOST_FILES = 200_000
MOST_JSON = 64 << 20
MOST_LISTS = 20
"""Files of a folder that are looked into."""

LOOKED_AT = 1 << 20
"""Bytes of a label file by which its tool is known."""

PICTURES = ("png", "jpg", "jpeg", "bmp")
SCANS = ("nii", "nii.gz", "nrrd")
VIDEOS = ("mp4", "avi")
UNSENT = {
    **dict.fromkeys(("tif", "tiff", "webp", "heic", "gif"), "png or jpg"),
    **dict.fromkeys(("mov", "mkv", "webm"), "mp4"),
    **dict.fromkeys(("mha", "mhd", "mgz", "hdr"), "NIfTI or NRRD"),
}
"""Suffixes of pictures, videos and scans that nobody takes, and what to make of them."""

DICOMS = ("dcm", "dicom", "ima")
LISTS = ("json", "jsonl", "csv", "xml")
# As other tools call their folders: VOC, nnU-Net, CVAT, medical decathlons.
_MASKS = re.compile(
    r"(^|[-_ ])(masks?|labels?(tr|ts)?|annotations?|segmentations?|segmentation(class|object)|"
    r"gt|ground[-_ ]?truths?)$",
    re.IGNORECASE,
)
_MASK_END = re.compile(r"[-_](masks?|seg(mentation)?|label|gt)$", re.IGNORECASE)
_SEGMENTATION = re.compile(r"(seg|segmentation|mask|label)[-_]?(?=\d)", re.IGNORECASE)
_FRAME = re.compile(r"(frame|frm)[-_ ]?\d+$", re.IGNORECASE)
_DICM_AT = 128


class Folder(NamedTuple):
    """A folder by its path (empty for the first), and its files' names by suffix."""

    path: str
    names: Mapping[str, Sequence[str]]

    def stems(self, suffixes: Sequence[str]) -> dict[str, str]:
        """The files of some suffixes: their suffixes as written, by their stems."""
        return {
            name[: -len(suffix) - 1]: name[-len(suffix) :]
            for suffix in suffixes
            for name in self.names.get(suffix, ())
        }

    def has(self, name: str) -> bool:
        """Tells whether it has a file of a name."""
        return name in self.names.get(suffix_of(name), ())

    @property
    def is_export(self) -> bool:
        """Tells whether it is a folder of masks as RedBrick exports it."""
        return self.has("class_map.json") and self.has("datapoint_map.json")

    @property
    def title(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


def exported_images(folder: str) -> frozenset[str]:
    """The paths that the map of an exported folder names as those of images; none if unreadable."""
    try:
        with open(os.path.join(folder, "datapoint_map.json"), "rb") as file:
            found = json.loads(text_of(file.read(MOST_JSON)))
    except (OSError, ValueError, RecursionError):
        return frozenset()
    values = found.values() if isinstance(found, dict) else ()
    return frozenset(one for one in values if isinstance(one, str))


def folders_of(root: str) -> list[Folder]:
    """The folders below one, without hidden ones, in the order of their paths."""
    found: list[Folder] = []
    count = 0
    for at, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        names: dict[str, list[str]] = {}
        for name in sorted(files):
            if not name.startswith("."):
                names.setdefault(suffix_of(name), []).append(name)
        path = os.path.relpath(at, root).replace(os.sep, "/")
        found.append(Folder("" if path == "." else path, names))
        count += len(files)
        if count >= MOST_FILES:
            break
    return found


def masks_among(pictures: Sequence[Folder], images: Sequence[Folder]) -> list[Folder]:
    """The folders that are called as masks are, and have PNGs of the names of images.

    One above may be called so, `masks/val`, where `images/val` or `val` has the images.
    """
    # Each folder of images is looked at once: there may be thousands, and as many of masks.
    everywhere: set[str] = set()
    at_place: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for one in images:
        stems = one.stems(PICTURES).keys()
        everywhere |= stems
        for place in _places(one.path):
            at_place[place] |= stems
    return [one for one in pictures if _is_masks(one, everywhere, at_place)]


def _is_masks(
    folder: Folder, everywhere: Set[str], at_place: Mapping[tuple[str, ...], Set[str]]
) -> bool:
    stems = folder.stems(["png"])
    if not stems:
        return False
    known = [everywhere]
    if not _MASKS.search(folder.title):
        known = [at_place[one] for one in _mirrored(folder.path) if one in at_place]
    without_end = map(without_mask_end, stems)
    return 2 * sum(any(stem in one for one in known) for stem in without_end) >= len(stems)


def _mirrored(path: str) -> Set[tuple[str, ...]]:
    """The places of the images of a folder below one that is called as masks are."""
    parts = path.split("/")
    return {
        (*parts[:at], *parts[at + 1 :]) for at, one in enumerate(parts[:-1]) if _MASKS.search(one)
    }


def _places(path: str) -> frozenset[tuple[str, ...]]:
    """The path of a folder of images, whole and without one part that may name their kind."""
    parts = path.split("/")
    without = (
        (*parts[:at], *parts[at + 1 :])
        for at, one in enumerate(parts[:-1])
        if not _MASKS.search(one)
    )
    return frozenset((*without, tuple(parts)))


def without_mask_end(stem: str) -> str:
    """The name of an image, from that of its mask: `a` for `a_mask`."""
    return _MASK_END.sub("", stem)


class MaskEnd(NamedTuple):
    """The number of ``masks`` that belong to images, and the end that their names have."""

    masks: int
    end: str


def mask_end(masks: Collection[str], images: Collection[str]) -> MaskEnd:
    """The end that most masks of these images have, by their stems."""
    ends = Counter(
        stem[len(without_mask_end(stem)) :] if without_mask_end(stem) in images else ""
        for stem in masks
        if stem in images or without_mask_end(stem) in images
    )
    return max((MaskEnd(count, end) for end, count in ends.items()), default=MaskEnd(0, ""))


def masks_beside_images(folder: Folder) -> str:
    """The end that masks have which lie beside their images, empty for none."""
    stems = folder.stems(["png"])
    known = folder.stems(PICTURES)
    ends = (
        stem[len(without_mask_end(stem)) :] for stem in stems if without_mask_end(stem) in known
    )
    return next((one for one in ends if one), "")


def segmentations_beside_scans(folder: Folder) -> Iterator[str]:
    """Yields patterns of the files that are called as segmentations beside their scans."""
    for suffix in SCANS:
        stems = folder.stems([suffix])
        own = [stem for stem in stems if _MASK_END.search(stem) or _SEGMENTATION.match(stem)]
        # Where all are, they are no segmentations of any of them.
        if len(own) == len(stems):
            continue
        for stem in own:
            end, start = _MASK_END.search(stem), _SEGMENTATION.match(stem)
            yield f"*{end[0]}.{suffix}" if end else f"{start[0] if start else stem}*.{suffix}"


def is_called_as_labels(folder: Folder) -> bool:
    """Tells whether a folder is called as those of labels or masks are."""
    return _MASKS.search(folder.title) is not None


def is_video(folder: Folder) -> bool:
    """Tells whether all pictures of a folder are called as the frames of a video are."""
    stems = folder.stems(PICTURES)
    return len(stems) > 1 and all(map(_FRAME.search, stems))


def dicom_pattern(root: str, folder: Folder) -> str:
    """The pattern of a folder's DICOM files, empty where there are none."""
    for suffix in DICOMS:
        if names := folder.names.get(suffix):
            return f"*.{names[0].rpartition('.')[2]}"
    bare = folder.names.get("", ())
    if bare and all(_is_dicom(os.path.join(root, folder.path, name)) for name in bare[:3]):
        return "*"
    return ""


def _is_dicom(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(_DICM_AT + 4)[_DICM_AT:] == b"DICM"
    except OSError:
        return False


def pattern_of_folders(wanted: Sequence[Folder], every: Sequence[Folder]) -> str:
    """The pattern of folders that are all below one and equally deep, and no others are.

    Empty where there is none.
    """
    top = os.path.commonpath(["/" + one.path for one in wanted]).lstrip("/")
    depths = {one.path.count("/") for one in wanted}
    if len(depths) != 1 or any(one.path == top for one in wanted):
        return ""
    (depth,) = depths
    below = f"{top}/" if top else ""
    alike = [one for one in every if one.path.startswith(below) and one.path.count("/") == depth]
    if len(alike) != len(wanted):
        return ""
    return below + "*/" * (depth - below.count("/") + 1)


class Listed(NamedTuple):
    """A file that lists datapoints or annotations; ``first`` is a file name that it has.

    ``folders`` are those of all its file names. Of a ``kind`` that is not read ``first`` is the
    tool that wrote it, or what a table's first columns are called.
    """

    path: str
    kind: Literal["items", "coco", "other", "table"]
    first: str = ""
    folders: tuple[str, ...] = ()


def lists_of(root: str, folders: Sequence[Folder]) -> Iterator[Listed]:
    """Yields the annotation files of COCO and other tools and the items lists, by their content."""
    for folder in folders:
        # Labels of single images lie in folders of thousands, and are no lists.
        names = [name for suffix in LISTS for name in folder.names.get(suffix, ())]
        for name in names[:MOST_LISTS]:
            path = f"{folder.path}/{name}" if folder.path else name
            if found := _listed(os.path.join(root, path), path):
                yield found


def _listed(file: str, path: str) -> Listed | None:
    try:
        with open(file, "rb") as opened:
            head = opened.read(LOOKED_AT)
            if suffix_of(path) == "csv":
                return _of_table(head, path)
            if suffix_of(path) == "xml":
                return _of_other(head, path)
            if os.path.getsize(file) > MOST_JSON:
                return _long_coco(head, path) or _of_other(head, path)
            text = head.split(b"\n")[0] if suffix_of(path) == "jsonl" else head + opened.read()
        return _known(json.loads(text), path) or _of_other(head, path)
    except (OSError, ValueError, RecursionError):
        return None


def _of_table(head: bytes, path: str) -> Listed:
    lines = text_of_beginning(head).lower().split("\n")
    # The first line of a spreadsheet may say its separator.
    first = next((one for one in lines if one.strip() and not one.startswith("sep=")), "")
    words = re.findall(r"\w+", first)
    if {"name", "item"} <= set(words):
        return Listed(path, "items")
    return Listed(path, "table", ", ".join(words[:_FEW]))


_FEW = 4
"""Columns of a table that are shown."""


def _known(data: Any, path: str) -> Listed | None:
    if isinstance(data, dict) and {"images", "annotations", "categories"} <= data.keys():
        images = data["images"] if isinstance(data["images"], list) else []
        names = [one.get("file_name") for one in images if isinstance(one, dict)]
        return _coco(path, [one for one in names if isinstance(one, str)])
    entry = data[0] if isinstance(data, list) and data else data
    if isinstance(entry, dict) and "name" in entry and not entry.keys().isdisjoint(_ENTRY):
        return Listed(path, "items")
    return None


def _coco(path: str, names: Sequence[str]) -> Listed:
    folders = dict.fromkeys(one.rpartition("/")[0] for one in names)
    return Listed(path, "coco", names[0] if names else "", tuple(folders))


def _long_coco(head: bytes, path: str) -> Listed | None:
    """A file of COCO that is too long to be read here, by its beginning."""
    names = re.findall(rb'"file_name"\s*:\s*"([^"\\]+)"', head)
    is_coco = b'"images"' in head and names
    return _coco(path, [one.decode("utf-8", "replace") for one in names]) if is_coco else None


def _of_other(head: bytes, path: str) -> Listed | None:
    tool = tool_of(text_of_beginning(head))
    return None if tool in _NOT_OTHER else Listed(path, "other", tool)


def text_of_beginning(head: bytes) -> str:
    """The text of a beginning, which may end within a letter."""
    try:
        return text_of(head)
    except UnicodeDecodeError:
        return head.decode("utf-8", "replace")


# Those of single images are looked at image by image, and lists of COCO without images say nothing.
_NOT_OTHER = ("", "Pascal VOC", "labelme", "COCO")
_ENTRY = ("items", "series")


def below(path: str, what: str) -> str:
    """The path, or pattern, of something in a folder; the first folder's path is empty."""
    return f"{path}/{what}" if path else what

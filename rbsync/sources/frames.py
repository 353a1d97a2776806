"""One video for every folder that matches, its frames in natural order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rbsync.errors import Problem
from rbsync.files.listing import Listing
from rbsync.files.patterns import Pattern
from rbsync.shapes.setting import setting
from rbsync.sources.context import Context
from rbsync.sources.entry import Entry
from rbsync.sources.masked import FileLabels, MaskedSource
from rbsync.sources.matching import Search, captures_of, label_file, may_be_empty, pattern_at
from rbsync.sources.naming import nameless, template_at

NAMES = ("path", "dir", "parent", "file", "stem")


class FramesSource(MaskedSource):
    """One datapoint for every folder that matches; its files are the frames."""

    key: ClassVar[str] = "frames"
    is_group: ClassVar[bool] = True

    frames: str = setting(
        description="A pattern of folders, one video each.", examples=["videos/*/"]
    )
    pattern: str = setting(
        default="*.{png,jpg,jpeg,bmp}",
        description="Which files of the folder are frames; they are put in natural order "
        "(frame2 before frame10).",
        examples=["*.png"],
    )
    name: str = setting(
        default="{dir}",
        description="The datapoint's name: {dir} or {path} is the folder, {file} or {stem} its "
        "last part, {parent} the part before; also the pattern's captures.",
        examples=["{dir}"],
    )
    labels: str | None = label_file()
    allow_empty: bool = may_be_empty()

    def expand(self, context: Context) -> Iterator[Entry]:
        folders = pattern_at(context, ("frames",), self.frames.rstrip("/") + "/*")
        frames = self._frame_pattern(context)
        written = captures_of(folders, self.frames)
        captures = [*written, *(f for f in NAMES if f not in written)]
        names = template_at(context, "name", self.name, captures, NAMES)
        labels = FileLabels(self, context, captures, NAMES, labels=self.labels, mask=self.mask)
        search = Search(context, "frames")
        if folders is None or frames is None:
            if folders is not None:
                search.look(folders)
            return
        for path, items, fields in _videos(search, folders, frames):
            name = names.fill(path, fields) if names else path
            found = labels.entry(name, items, path, fields)
            yield found if names else found._replace(barred=nameless(context))
        labels.conclude()
        search.report_empty(self.frames, allowed=self.allow_empty)

    def _frame_pattern(self, context: Context) -> Pattern | None:
        pattern = pattern_at(context, ("pattern",), self.pattern)
        if pattern is None or not pattern.has_folders:
            return pattern
        message = f"`{self.pattern}` is matched against the names of one folder's files"
        hint = "name the folder of the frames itself under `frames`"
        context.report(Problem("pattern", message, context.locate(("pattern",)), hint))
        return None


def _videos(
    search: Search, folders: Pattern, frames: Pattern
) -> Iterator[tuple[str, tuple[str, ...], dict[str, str]]]:
    """Each folder that matches, with its frames in order and the fields of its name."""
    for listing, captures in search.walk(folders):
        items = _in_order(search, listing, frames)
        if items:
            yield listing.path, items, {**_folder_fields(listing.path), **captures}
        # With `**` the folders in between match as well and have no frames of their own. Any other
        # folder without a frame is a mistake to be told.
        elif not (folders.is_deep and _has_only_folders(search, listing)):
            search.found = True
            search.context.report(_no_frames(search, listing.path))


def _has_only_folders(search: Search, listing: Listing) -> bool:
    """Tells whether a folder is but the way to others, as ``**`` finds them."""
    return bool(listing.folders) and not any(search.visible(listing))


def _folder_fields(path: str) -> dict[str, str]:
    parent, _, last = path.rpartition("/")
    own = {"path": path, "dir": path, "file": last, "stem": last}
    return {**own, "parent": parent.rpartition("/")[2]}


def _in_order(search: Search, listing: Listing, frames: Pattern) -> tuple[str, ...]:
    # Here, so that a manifest without frames does not load it.
    from natsort import natsorted

    names = sorted(name for name in search.visible(listing) if frames.file(name) is not None)
    prefix = f"{listing.path}/" if listing.path else ""
    # Sorted by name before, so that names which natural order holds for equal keep one order on
    # every machine.
    paths = (prefix + name for name in natsorted(names))
    return tuple(path for path in paths if search.takes(path))


def _no_frames(search: Search, path: str) -> Problem:
    return Problem(
        "empty-video",
        f"the folder `{path}` has no file that is a frame",
        search.where,
        "change `pattern`, or leave the folder out in `.rbsyncignore`",
    )

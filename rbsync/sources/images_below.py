"""Local images, found by the end of a path that they had elsewhere."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import unquote, urlsplit

from rbsync.files.spelling import composed, folded
from rbsync.sources.context import Context
from rbsync.sources.matching import Search


class NotOneError(Exception):
    """A mask has no image, or nobody can tell which."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class ImagesBelow:
    """The images below a folder, listed when the first is looked for."""

    def __init__(self, context: Context, folder: str) -> None:
        self._context = context
        self._folder = folder_named(folder)

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in files_below(Search(self._context, "images"), self._folder):
            found.setdefault(folded(path.rpartition("/")[2]), []).append(path)
        return found

    def look(self) -> None:
        """Lists the images; a folder that is not there is reported, whatever else is wrong."""
        self._by_name  # noqa: B018 - a cached property, which reports

    def find(self, mapped: str, mask: str) -> str:
        """The image whose path shares the most last parts with the mapped one.

        Raises NotOneError when there is none, or several share as many.
        """
        wanted = _parts(mapped)
        paths = self._by_name.get(folded(wanted[-1]), [])
        # Exported maps have the paths of another machine, or URLs. Their ends are what is left in
        # common.
        most = _most(paths, wanted)
        best = [one for one in paths if _shared(one, wanted) == most]
        if len(best) == 1:
            return best[0]
        where = f"below `{self._folder or '.'}`"
        if not best:
            message = f"the mask `{mask}` has no image: there is no `{wanted[-1]}` {where}"
            raise NotOneError(message, f"datapoint_map.json says `{mapped}`; add it, or `images`")
        message = f"the mask `{mask}` has several images {where}: `{best[0]}`, `{best[1]}`"
        raise NotOneError(message, f"datapoint_map.json says `{mapped}`; write more of the path")


def folder_named(text: str) -> str:
    """A folder as the tree names it: empty for the manifest's own."""
    path = posixpath.normpath(text)
    return "" if path == "." else path


def _parts(mapped: str) -> list[str]:
    """The parts of a path, or of a URL's, of which a storage may have made an escaped name."""
    path = unquote(urlsplit(mapped).path) if "://" in mapped else mapped
    return composed(path.rstrip("/")).split("/")


def _most(paths: list[str], wanted: list[str]) -> int:
    return max((_shared(one, wanted) for one in paths), default=0)


def _shared(path: str, wanted: list[str]) -> int:
    count = 0
    parts = composed(path).split("/")
    # The last one has been found by its name already, in whatever case its suffix is.
    for mine, theirs in zip(reversed(parts), reversed(wanted), strict=False):
        if mine != theirs and count:
            break
        count += 1
    return count


def files_below(search: Search, folder: str) -> Iterator[str]:
    """The files below a folder that are neither hidden nor ignored, by folder and name."""
    for listing in search.context.tree.walk(folder, lambda _: True, search.unreadable):
        prefix = f"{listing.path}/" if listing.path else ""
        for name in sorted(search.visible(listing)):
            if search.takes(prefix + name):
                yield prefix + name

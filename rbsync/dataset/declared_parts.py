"""The rule of a manifest for when the files of a datapoint are all there, beside the disk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rbsync.files.tree import Tree
from rbsync.files.tree_hashing import Place
from rbsync.sources.complete_when import CompleteWhen, beside
from rbsync.sources.entry import Entry

_LONGEST_LIST = 16 << 20
_MOST_LISTED = 500_000
# A line as sha256sum, md5sum and their like write it: the sum, a space, a space or a star.
_SUMMED = re.compile(r"[0-9a-fA-F]{32,128} [ *]?(?=\S)")
_LINE_END = re.compile(r"\r?\n")
_ESCAPED = re.compile(r"\\([\\nr])")
_PLAIN = {"\\": "\\", "n": "\n", "r": "\r"}


class Missing(NamedTuple):
    """The reason that files are not all there; empty when they are.

    They are in doubt where a file came to its place after the marker: by its own time it is older,
    as one that was copied together with the marker is.
    """

    message: str = ""
    is_doubtful: bool = False


def missing_part(
    tree: Tree,
    entry: Entry,
    places: Sequence[Place],
    wanted: CompleteWhen,
    lists: dict[str, str],
) -> Missing:
    """Returns what is missing of an entry, whose files are at ``places``.

    ``lists`` keeps what is missing of each list: thousands of entries may name the same one.
    """
    if wanted.count is not None and len(entry.items) < wanted.count:
        return Missing(f"{len(entry.items):,} of its {wanted.count:,} files are there")
    if wanted.listed_in is not None:
        path = beside(wanted.listed_in, entry.items[0])
        if path not in lists:
            lists[path] = _missing_of_list(tree, path)
        if lists[path]:
            return Missing(lists[path])
    if wanted.marker is not None:
        return _missing_marker(tree, places, beside(wanted.marker, entry.items[0]))
    return Missing()


def _missing_marker(tree: Tree, places: Sequence[Place], marker: str) -> Missing:
    try:
        mtime, ctime = tree.contents.changed(tree.place(marker))
    except FileNotFoundError:
        return Missing(f"its marker `{marker}` is not there yet")
    except OSError as error:
        return Missing(f"its marker `{marker}` cannot be looked at: {error.strerror or error}")
    times = [(tree.contents.changed(place), place) for place in places if str(place) != marker]
    newer = next((place for found, place in times if found[0] > mtime), None)
    if newer is not None:
        return Missing(f"its marker `{marker}` is older than `{newer}`")
    return Missing(is_doubtful=any(found[1] > ctime for found, _ in times))


def _missing_of_list(tree: Tree, path: str) -> str:
    try:
        # Names on a disk are bytes, and need not be UTF-8.
        text = tree.read(path, _LONGEST_LIST).decode("utf-8", "surrogateescape")
    except OSError as error:
        return f"the list of its files `{path}` cannot be read: {error.strerror or error}"
    folder = path.rpartition("/")[0]
    names = list(_listed(text))
    if len(names) > _MOST_LISTED:
        most = f"{_MOST_LISTED:,}"
        return f"the list of its files `{path}` names more than {most}; so many are allowed"
    if not names:
        return f"the list of its files `{path}` is empty"
    gone = [name for name in names if not _is_there(tree, f"{folder}/{name}" if folder else name)]
    more = f" and {len(gone) - 1:,} more" if len(gone) > 1 else ""
    return f"`{gone[0]}`{more} of `{path}` is not there yet" if gone else ""


def _listed(text: str) -> Iterator[str]:
    # Not by `splitlines`: a name may have any other character that begins a line elsewhere.
    for line in _LINE_END.split(text):
        name = _named(line)
        if name.strip() and not name.startswith("#"):
            # `find . -type f -exec sha256sum` writes names so.
            yield name.strip().removeprefix("./")


def _named(line: str) -> str:
    """The name in a line, with or without a sum before it."""
    bare = line.removeprefix("\\")
    found = _SUMMED.match(bare)
    if found is None:
        return line
    name = bare[found.end() :]
    # sha256sum begins a line with a backslash where it escaped something in the name.
    return name if bare == line else _ESCAPED.sub(lambda one: _PLAIN[one[1]], name)


def _is_there(tree: Tree, path: str) -> bool:
    try:
        tree.place(path)
    except OSError:
        return False
    return True

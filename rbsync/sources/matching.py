"""Files that a pattern finds, and the fields of the sources that have patterns."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from rbsync.errors import Location, Problem
from rbsync.files.bucket_listings import BucketError, bucket_fault
from rbsync.files.listing import Listing
from rbsync.files.patterns import Pattern, PatternError, compile_pattern
from rbsync.files.roots import outside_hint
from rbsync.guessing import nearest_name
from rbsync.model.bucket_paths import is_bucket, key_of, split
from rbsync.model.names import LONGEST_NAME, hidden_in
from rbsync.reasons import EMPTY_SOURCE, FOLDER_LINK
from rbsync.shapes.setting import setting
from rbsync.sources.context import MOST_SEARCHED, SOURCES_OF_ALL, Context
from rbsync.sources.excluding import Exclusions


def exclusions() -> Any:
    """The setting of patterns of what is left out."""
    return setting(
        default=(), description="Patterns of what to leave out.", examples=[["**/thumbs/**"]]
    )


def label_file() -> Any:
    """The setting of a label file beside each datapoint."""
    return setting(
        default=None,
        description="The label file of each; with `?` at its end: if it exists.",
        examples=["labels/{stem}.json?"],
    )


def label_files() -> Any:
    """The setting of a label file, or one of another tool, beside each datapoint."""
    return setting(
        default=None,
        description="The label file of each; with `?` at its end: if it exists. Files of another "
        "tool: {format: labelme, file: …}.",
        examples=["labels/{stem}.json?", {"format": "labelme", "file": "labels/{stem}.json?"}],
    )


def may_be_empty() -> Any:
    """The setting that allows a pattern to match nothing."""
    return setting(
        default=False,
        description="Whether it is right that nothing matches.",
        examples=[False],
    )


MOST_EXCLUSIONS = 1_000
"""Each is tried on every file that the source finds."""


class Search:
    """A walk through folders for a source, and what is to be said of it."""

    def __init__(self, context: Context, key: str) -> None:
        self.context = context
        self.found = False
        self._key = key
        self._unread = False
        self._manifest = os.path.basename(context.origin.file)

    @property
    def where(self) -> Location:
        """The pattern's place in the manifest."""
        return self.context.locate((self._key,))

    @property
    def is_whole(self) -> bool:
        """Tells whether all that may match was seen, and something does."""
        return (self.found or self.context.rest is not None) and not self._unread

    def walk(self, pattern: Pattern) -> Iterator[tuple[Listing, dict[str, str]]]:
        """The folders that may have what the pattern matches, with their captures."""
        searched = self.context.searched
        for listing in self.context.tree.walk(pattern.base, pattern.enters, self.unreadable):
            if searched is not None and not searched.takes(listing):
                self._too_much()
                return
            captures = pattern.folder(listing.path)
            if captures is not None:
                if listing.odd and is_bucket(listing.path):
                    self._left_out(listing)
                yield listing, captures

    def _left_out(self, listing: Listing) -> None:
        """Warns of the keys of a bucket's folder that no name can be made of."""
        first, others = f"{split(listing.path).root}/{listing.odd[0]}", len(listing.odd) - 1
        more = f", and {others:,} more of its folder" if others else ""
        message = f"`{first}` is no path, and left out{more}"
        hint = "it has an empty part, `.`, `..` or a control character: give the object another key"
        self.context.warn(Problem("nameless-key", message, self.where, hint))

    def _too_much(self) -> None:
        self._unread = True
        message = "too much is searched for: the patterns up to this one are held against more "
        hint = (
            f"{SOURCES_OF_ALL} sources may look through all files: one pattern may stand for many, "
            "with {a,b} or `**`, or look into a folder of its own"
        )
        names = f"than {MOST_SEARCHED:,} names"
        self.context.unread(Problem("too-many", message + names, self.where, hint))

    def unreadable(self, path: str, error: OSError) -> None:
        """Reports a folder that cannot be listed: one that is missing, or one that is unknown."""
        # A folder that cannot be read may have had a match. It is told as unread, not as empty.
        self._unread = True
        if isinstance(error, BucketError):
            problem = Problem(*bucket_fault(error), self.where, error.hint)
            (self.context.unread if error.is_certain else self.context.unknown)(problem)
            return
        hint = outside_hint(error)
        if not isinstance(error, FileNotFoundError):
            message = f"the folder `{path or '.'}` cannot be read: {error.strerror or error}"
        elif target := self.context.tree.link_target(path):
            message = f"`{path}` is a link that leads nowhere: `{target}` is not there"
            hint = DEAD_LINK_HINT
        else:
            message, hint = f"the folder `{path}` does not exist", self._meant_folder(path)
        self.context.unread(Problem("unreadable", message, self.where, hint))

    def _meant_folder(self, path: str) -> str:
        """The hint for a folder that is not there."""
        if "\\" in path:
            return slashes_hint(path)
        if hidden_in(path):
            return ESCAPES_HINT
        if path and path[0] in _TYPOGRAPHIC:
            return _quote_hint(path)
        if path[:1] in ("~", "$"):
            return "write the whole path, and name its folder under `roots`"
        if path.partition(":")[0] in ("http", "https", "ftp", "file"):
            return "a pattern is of files; write addresses one by one, with `storage: public`"
        if is_bucket(path):
            return "check the spelling of the bucket's prefix, and that the objects are there"
        parent, _, name = path.rpartition("/")
        try:
            near = nearest_name(name, self.context.tree.listing(parent).folders)
        except OSError:
            return ""
        return f"did you mean `{parent}/{near}/`?".replace("`/", "`") if near else ""

    def visible(self, listing: Listing) -> Collection[str]:
        """The names of a folder that may match: not its folders, not what is hidden, and not the
        manifest itself, beside which scans without suffixes may lie.
        """
        own = "" if listing.path else self._manifest
        # Links too: datasets are often folders of links into one store.
        names = self.context.tree.names_in(listing)
        if not (own or listing.links or listing.odd or listing.has_hidden()):
            return names
        return [name for name in names if name[0] != "." and name != own]

    def look(self, pattern: Pattern) -> None:
        """Reports the folder of a pattern that cannot be listed, where no file is looked for.

        Other patterns of the source are wrong, and what is wrong with this one is told beside.
        """
        next(self.walk(pattern), None)

    def takes(self, path: str) -> bool:
        """Tells whether a path that matches may be used.

        Reports one that nobody could write down.
        """
        if self.context.tree.ignored(path):
            return False
        if not self.found:
            self.found = True
            self.context.witness(path)
        # Most are ASCII, and a million paths are not encoded to see that they can be.
        if path.isascii() or _is_text(path):
            return True
        message = f"the path {path!a} is not UTF-8"
        hint = "rename the file or its folder"
        self.context.report(Problem("encoding", message, self.where, hint))
        return False

    def takes_all(self, folder: Matching) -> bool:
        """Takes the files of a folder together, where nothing is to be said of any; tells whether.

        False says nothing.
        """
        listing, names, _ = folder
        if listing.links or not (names and self.context.tree.ignores_nothing()):
            return False
        text = "".join((folder.prefix, *names))
        return text.isascii() and self.takes(folder.prefix + names[0])

    def report_empty(self, text: str, *, allowed: bool) -> None:
        """Reports a pattern that matches nothing: a warning where that is allowed."""
        if self.found or self._unread or not self.context.may_tell(EMPTY_SOURCE, self.where):
            return
        message = f"no file matches `{text}`"
        if allowed:
            self.context.warn(Problem(EMPTY_SOURCE, message, self.where))
        else:
            hint = self._meant(text)
            self.context.report(Problem("empty-glob", message, self.where, hint))

    def _meant(self, text: str) -> str:
        """The hint for a pattern that matches nothing."""
        if "\\" in text:
            return slashes_hint(text)
        if hidden_in(text):
            return ESCAPES_HINT
        if text[0] in _TYPOGRAPHIC:
            return _quote_hint(text)
        if text[-1] in ("'", '"') and text.count(text[-1]) == 1:
            return f"the `{text[-1]}` at its end belongs to the text: begin it with one too"
        # A name with brackets is a choice of letters in a pattern.
        folder, slash, name = text.rpartition("/")
        if "[" in folder and self._is_folder(folder):
            return f"for a folder with brackets in its name write `{as_named(folder)}{slash}{name}`"
        if "[" in name and self._is_file(text):
            return f"for a file with brackets in its name write `{as_named(text)}`"
        return "check the spelling and the case, or say `allow_empty: true`"

    def _is_folder(self, path: str) -> bool:
        try:
            self.context.tree.listing(path)
        except OSError:
            return False
        return True

    def _is_file(self, path: str) -> bool:
        try:
            self.context.tree.place(path)
        except OSError:
            return False
        return True


ESCAPES_HINT = "in double quotes a backslash begins an escape: write / between folders"
DEAD_LINK_HINT = "put back what it leads to, or take the link away"
_TYPOGRAPHIC = "\u201c\u201d\u201e\u2018\u2019\u00ab"
"""Quotes that word processors make of the plain ones."""


def _quote_hint(text: str) -> str:
    return f"`{text[0]}` is no quote of YAML, and belongs to the text: write \" or '"


def slashes_hint(path: str) -> str:
    """The hint for a path that is written as on Windows."""
    slashed = path.replace("\\", "/")
    return f"write / between folders: `{slashed}`"


def as_named(path: str) -> str:
    """The pattern of one path as it is written."""
    # Between brackets a bracket stands for itself.
    return path.replace("[", "[[]")


def pattern_at(context: Context, key: tuple[str | int, ...], text: str) -> Pattern | None:
    """The pattern that stands under a key of the source; None after reporting what is wrong."""
    try:
        return compile_pattern(text)
    except PatternError as error:
        context.report(Problem("pattern", str(error), context.locate(key)))
        return None


def captures_of(pattern: Pattern | None, text: str) -> tuple[str, ...]:
    """The captures of a pattern, and what looks like some in a text that is none.

    Its templates are looked through all the same, so that all is told in one run.
    """
    return pattern.captures if pattern else tuple(re.findall(r"\{(\w+)\}", text))


def excluded_at(context: Context, texts: Sequence[str]) -> Exclusions | None:
    """The patterns under ``exclude``; None after reporting what is wrong with any of them."""
    if len(texts) > MOST_EXCLUSIONS:
        message = f"there are {len(texts):,} patterns; {MOST_EXCLUSIONS:,} are allowed"
        hint = "leave out whole folders, or write a `.rbsyncignore` into each"
        context.report(Problem("exclude", message, context.locate(("exclude",)), hint))
        return None
    patterns = [pattern_at(context, ("exclude", at), text) for at, text in enumerate(texts)]
    good = [one for one in patterns if one is not None]
    return Exclusions(context, texts, good) if len(good) == len(patterns) else None


_INDEX = "DICOMDIR"


class Matching(NamedTuple):
    """The files of a folder that match, sorted, and the captures that they have of the folder."""

    listing: Listing
    names: list[str]
    captures: dict[str, str]

    @property
    def prefix(self) -> str:
        """The text that makes a name a path."""
        return f"{self.listing.path}/" if self.listing.path else ""

    @property
    def is_plain(self) -> bool:
        """Tells whether all paths are names that nobody objects to, of files that are none else."""
        text = key_of(self.prefix) + "".join(self.names)
        longest = LONGEST_NAME - len(self.prefix)
        return (
            bool(self.names)
            and text.isascii()
            and text.isprintable()
            and not (self.listing.links or self.listing.odd)
            # Such a path is made plain before its file is looked up.
            and not (self.prefix.startswith((".", "/")) or "/." in text or "//" in text)
            and max(map(len, self.names)) <= longest
            # Of a million names none is looked at by itself where it is in none.
            and not (_INDEX in text.upper() and any(one.upper() == _INDEX for one in self.names))
        )


def matching_files(
    search: Search, pattern: Pattern, excluded: Exclusions
) -> Iterator[tuple[str, dict[str, str]]]:
    """The paths that match, by folder and name, with their captures.

    Warns of exclusions that had no effect, once all have been found.
    """
    for folder in matching_folders(search, pattern, excluded):
        yield from with_captures(folder, pattern)


def with_captures(folder: Matching, pattern: Pattern) -> Iterator[tuple[str, dict[str, str]]]:
    """Yields the paths of a folder, with all of their captures."""
    prefix, own = folder.prefix, folder.captures
    for name in folder.names:
        captures = pattern.file(name) or {}
        yield prefix + name, {**own, **captures} if own else captures


def matching_folders(search: Search, pattern: Pattern, excluded: Exclusions) -> Iterator[Matching]:
    """The folders in which something matches. Warns as `matching_files` does."""
    yield from _matching(search, pattern, excluded)
    if search.is_whole:
        # They are walked again only where a warning is due.
        every = _matching(search, pattern, excluded)
        excluded.warn_of_unused(key_of(one.prefix) + name for one in every for name in one.names)


def _matching(search: Search, pattern: Pattern, excluded: Exclusions) -> Iterator[Matching]:
    for listing, captures in search.walk(pattern):
        names = sorted(pattern.files(search.visible(listing)))
        folder = Matching(listing, names, captures)
        without = excluded.of_folder(key_of(listing.path))
        if not without and search.takes_all(folder):
            yield folder
            continue
        taken = [name for name in names if _takes(search, folder, name, without, excluded)]
        if taken:
            yield folder._replace(names=taken)


def _takes(
    search: Search, folder: Matching, name: str, without: Sequence[int], excluded: Exclusions
) -> bool:
    path = folder.prefix + name
    if (without and excluded.take(path, without)) or not search.takes(path):
        return False
    # Followed, a link to a folder above would be walked for ever.
    if name in folder.listing.links and _is_folder_link(search.context, path):
        search.context.warn_at(_not_followed(search, path), path)
        return False
    return True


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_folder_link(context: Context, path: str) -> bool:
    return os.path.isdir(os.path.join(context.tree.roots.main, path))


def _not_followed(search: Search, path: str) -> Problem:
    return Problem(
        FOLDER_LINK,
        f"`{path}` is a link to a folder and is not followed",
        search.where,
        "name the folder in a source of its own",
    )

"""One datapoint for every file that matches a pattern."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from rbsync.errors import Problem
from rbsync.files.listing import Listing
from rbsync.files.patterns import Pattern, PatternError, compile_pattern
from rbsync.files.roots import OutsideError
from rbsync.sources.base import Context, Entry, SourceModel
from rbsync.sources.labels_beside import LabelFiles, template_at


class GlobSource(SourceModel):
    """One datapoint for every file that matches."""

    key: ClassVar[str] = "glob"

    glob: str = Field(
        description="A pattern: `**`, `*`, `?`, `[…]`, `{a,b}` and captures such as `{case}`. "
        "Hidden files and what `.rbsyncignore` names are left out.",
        examples=["images/**/*.{png,jpg}"],
    )
    exclude: list[str] = Field(
        default=[], description="Patterns of what to leave out.", examples=[["**/thumbs/**"]]
    )
    name: str = Field(
        "{path}",
        description="The datapoint's name: {path} {dir} {parent} {stem} {suffix} {file} and the "
        "pattern's captures.",
        examples=["{path}"],
    )
    labels: str | None = Field(
        None,
        description="The label file of each; with `?` at its end: if it exists.",
        examples=["labels/{stem}.json?"],
    )
    allow_empty: bool = Field(
        False, description="Whether it is right that nothing matches.", examples=[False]
    )

    def expand(self, context: Context) -> Iterator[Entry]:
        pattern = pattern_at(context, ("glob",), self.glob)
        excluded = [pattern_at(context, ("exclude", i), t) for i, t in enumerate(self.exclude)]
        if pattern is None or None in excluded:
            return
        names = template_at(context, "name", self.name, pattern.captures)
        labels = LabelFiles(context, self.labels, pattern.captures)
        if names is None:
            return
        search = Search(context, "glob")
        for path, captures in matching_files(search, pattern, [one for one in excluded if one]):
            yield Entry(
                names.fill(path, captures),
                (path,),
                labels.of(path, captures),
                context.settings,
                context.origin,
            )
        search.report_empty(self.glob, allowed=self.allow_empty)


class Search:
    """A walk through folders for a source, and what is to be said of it."""

    def __init__(self, context: Context, key: str) -> None:
        self.context = context
        self.found = False
        self._key = key
        self._unread = False

    def walk(self, pattern: Pattern) -> Iterator[tuple[Listing, dict[str, str]]]:
        """The folders that may have what the pattern matches, with their captures."""
        for listing in self.context.tree.walk(pattern.base, pattern.enters, self.unreadable):
            captures = pattern.folder(listing.path)
            if captures is not None:
                yield listing, captures

    def unreadable(self, path: str, error: OSError) -> None:
        """Reports a folder that cannot be listed: one that is missing, or one that is unknown."""
        self._unread = True
        if isinstance(error, FileNotFoundError):
            message = f"the folder `{path}` does not exist"
        else:
            message = f"the folder `{path or '.'}` cannot be read: {error.strerror or error}"
        hint = error.hint if isinstance(error, OutsideError) else ""
        self.context.unread(Problem("unreadable", message, self.context.locate((self._key,)), hint))

    def visible(self, listing: Listing) -> Iterator[str]:
        """The names of a folder that may match: not its folders, not what is hidden."""
        for name in (*listing.names, *listing.links, *listing.odd):
            if name[0] != ".":
                yield name

    def takes(self, path: str) -> bool:
        """Whether a path that matches may be used; reports one that nobody could write down."""
        if self.context.tree.ignored(path):
            return False
        self.found = True
        if path.isascii() or _is_text(path):
            return True
        message = f"the path {path!a} is not UTF-8"
        where = self.context.locate((self._key,))
        self.context.report(Problem("encoding", message, where, "rename the file or its folder"))
        return False

    def report_empty(self, text: str, *, allowed: bool) -> None:
        """Reports a pattern that matches nothing: a warning where that is allowed."""
        if self.found or self._unread:
            return
        message, where = f"no file matches `{text}`", self.context.locate((self._key,))
        if allowed:
            self.context.warn(Problem("empty-source", message, where))
        else:
            hint = "check the spelling and the case, or say `allow_empty: true`"
            self.context.report(Problem("empty-glob", message, where, hint))


def pattern_at(context: Context, key: tuple[str | int, ...], text: str) -> Pattern | None:
    """The pattern that stands under a key of the source; None after reporting what is wrong."""
    try:
        return compile_pattern(text)
    except PatternError as error:
        context.report(Problem("pattern", str(error), context.locate(key)))
        return None


def matching_files(
    search: Search, pattern: Pattern, excluded: list[Pattern]
) -> Iterator[tuple[str, dict[str, str]]]:
    """The paths that match, by folder and name, with their captures."""
    context = search.context
    for listing, folder in search.walk(pattern):
        prefix = f"{listing.path}/" if listing.path else ""
        without = [one for one in excluded if one.folder(listing.path) is not None]
        for name in sorted(search.visible(listing)):
            captures = pattern.file(name)
            if captures is None or any(one.file(name) is not None for one in without):
                continue
            path = prefix + name
            if not search.takes(path):
                continue
            if name in listing.links and _is_folder_link(context, path):
                context.warn(_not_followed(context, path))
                continue
            yield path, {**folder, **captures} if folder else captures


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_folder_link(context: Context, path: str) -> bool:
    return os.path.isdir(os.path.join(context.tree.roots.main, path))


def _not_followed(context: Context, path: str) -> Problem:
    return Problem(
        "link",
        f"`{path}` is a link to a folder and is not followed",
        context.locate(("glob",)),
        "name the folder in a source of its own",
    )

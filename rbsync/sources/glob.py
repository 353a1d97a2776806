"""One datapoint for every file that matches a pattern."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import ClassVar

from pydantic import Field

from rbsync.errors import Problem
from rbsync.files.listing import Listing
from rbsync.files.patterns import Pattern, PatternError, compile_pattern
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
        found = False
        for path, captures in matching_files(context, pattern, [one for one in excluded if one]):
            found = True
            yield Entry(
                names.fill(path, captures),
                (path,),
                labels.of(path, captures),
                context.settings,
                context.origin,
            )
        if not found:
            report_empty(context, "glob", self.glob, allowed=self.allow_empty)


def pattern_at(context: Context, key: tuple[str | int, ...], text: str) -> Pattern | None:
    """The pattern that stands under a key of the source; None after reporting what is wrong."""
    try:
        return compile_pattern(text)
    except PatternError as error:
        context.report(Problem("pattern", str(error), context.locate(key)))
        return None


def report_empty(context: Context, key: str, text: str, *, allowed: bool) -> None:
    """Reports a pattern that matches nothing: a warning where that is allowed."""
    message, where = f"no file matches `{text}`", context.locate((key,))
    if allowed:
        context.warn(Problem("empty-source", message, where))
    else:
        hint = "check the spelling and the case, or say `allow_empty: true`"
        context.report(Problem("empty-glob", message, where, hint))


def unreadable_at(context: Context, key: str) -> Callable[[str, OSError], None]:
    """Reports folders that cannot be listed: one that is missing, or one that is unknown."""

    def report(path: str, error: OSError) -> None:
        where = context.locate((key,))
        if isinstance(error, FileNotFoundError):
            message = f"the folder `{path}` does not exist"
        else:
            message = f"the folder `{path or '.'}` cannot be read: {error.strerror or error}"
        context.unread(Problem("unreadable", message, where))

    return report


def matching_files(
    context: Context, pattern: Pattern, excluded: list[Pattern]
) -> Iterator[tuple[str, dict[str, str]]]:
    """The paths that match, by folder and name, with their captures."""
    tree = context.tree
    for listing in tree.walk(pattern.base, pattern.enters, unreadable_at(context, "glob")):
        folder = pattern.folder(listing.path)
        if folder is None:
            continue
        prefix = f"{listing.path}/" if listing.path else ""
        for name in _visible(listing):
            captures = pattern.file(name)
            if captures is None:
                continue
            path = prefix + name
            if any(one.matches(path) for one in excluded) or tree.ignored(path):
                continue
            if listing.links and name in listing.links and _is_folder_link(tree.roots.main, path):
                context.warn(_not_followed(context, path))
                continue
            yield path, {**folder, **captures} if folder else captures


def _visible(listing: Listing) -> list[str]:
    return sorted(name for name in (*listing.names, *listing.links) if name[0] != ".")


def _is_folder_link(main: str, path: str) -> bool:
    return os.path.isdir(os.path.join(main, path))


def _not_followed(context: Context, path: str) -> Problem:
    return Problem(
        "link",
        f"`{path}` is a link to a folder and is not followed",
        context.locate(("glob",)),
        "name the folder in a source of its own",
    )

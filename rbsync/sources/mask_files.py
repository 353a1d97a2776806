"""Mask files that a pattern finds, each with the name and image of its datapoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rbsync.files.patterns import Pattern
from rbsync.sources.base import Context, Entry, MaskLabels
from rbsync.sources.glob import Search, matching_files, pattern_at
from rbsync.sources.labels_beside import template_at


class MaskFile(NamedTuple):
    """A mask file, and what its path says of its datapoint."""

    path: str
    name: str
    image: str
    captures: dict[str, str]


class MaskFiles:
    """The mask files of a source, whose pattern stands under ``key``."""

    def __init__(self, context: Context, key: str, text: str, exclude: Sequence[str]) -> None:
        self.context = context
        self._key, self._text = key, text
        self.pattern = pattern_at(context, (key,), text)
        self._excluded = [pattern_at(context, ("exclude", i), t) for i, t in enumerate(exclude)]

    @property
    def captures(self) -> tuple[str, ...]:
        """The captures of the pattern."""
        return self.pattern.captures if self.pattern else ()

    def find(self, name: str, image: str, *, allow_empty: bool) -> Iterator[MaskFile]:
        """The files, with the templates of name and image filled; none when one is wrong."""
        images = template_at(self.context, "image", image, self.captures)
        names = template_at(self.context, "name", name, self.captures)
        if self.pattern is None or None in self._excluded or not images or not names:
            return
        search = Search(self.context, self._key)
        for path, captures in self._matching(search, self.pattern):
            filled = names.fill(path, captures), images.fill(path, captures)
            yield MaskFile(path, *filled, captures)
        search.report_empty(self._text, allowed=allow_empty)

    def _matching(self, search: Search, pattern: Pattern) -> Iterator[tuple[str, dict[str, str]]]:
        return matching_files(search, pattern, [one for one in self._excluded if one])

    def entry(self, name: str, image: str, labels: MaskLabels) -> Entry:
        """The datapoint of an image with its masks."""
        return Entry(name, (image,), labels, self.context.settings, self.context.origin)

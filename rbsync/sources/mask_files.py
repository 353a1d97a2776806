"""Mask files that a pattern finds, each with the name and image of its datapoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rbsync.errors import Problem
from rbsync.model.storages import is_uploaded
from rbsync.sources.any_suffix import AnySuffix
from rbsync.sources.context import Context
from rbsync.sources.entry import UNREADABLE, Entry, MaskLabels, Members
from rbsync.sources.images_below import NotOneError
from rbsync.sources.matching import Search, captures_of, excluded_at, matching_files, pattern_at
from rbsync.sources.naming import nameless, template_at


class MaskFile(NamedTuple):
    """A mask file, and what its path says of its datapoint.

    ``image`` may end in ``.*``; ``name`` is empty where the template of names is wrong.
    """

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
        self._excluded = excluded_at(context, exclude)
        self._images = AnySuffix(context.tree)
        self._members = Members(context.locate, "image", key)

    @property
    def captures(self) -> tuple[str, ...]:
        """The captures of the pattern."""
        return captures_of(self.pattern, self._text)

    def check(self, name: str, image: str) -> None:
        """Reports what is wrong with the templates of name and image."""
        template_at(self.context, "image", image, self.captures)
        template_at(self.context, "name", name, self.captures)

    def find(self, name: str, image: str, *, allow_empty: bool) -> Iterator[MaskFile]:
        """The files, with the templates of name and image filled; none when one is wrong."""
        images = template_at(self.context, "image", image, self.captures)
        names = template_at(self.context, "name", name, self.captures)
        search = Search(self.context, self._key)
        if self.pattern is None or self._excluded is None:
            if self.pattern is not None:
                search.look(self.pattern)
            return
        for path, captures in matching_files(search, self.pattern, self._excluded):
            # That nothing matches is told beside what is wrong with the templates.
            if images:
                filled = names.fill(path, captures) if names else ""
                yield MaskFile(path, filled, images.fill(path, captures), captures)
        search.report_empty(self._text, allowed=allow_empty)

    def entry(self, one: MaskFile, labels: MaskLabels | None) -> Entry:
        """The datapoint of an image with its masks; None where nobody can read them."""
        image, problems = one.image, []
        if is_uploaded(self.context.settings.storage):
            try:
                # What is not there is told where files are looked for.
                image = self._images.find(image) or image
            except NotOneError as error:
                message = f"the mask `{one.path}` has no image of its own: {error}"
                where = self.context.locate(("image",))
                problems.append(Problem("several-files", message, where, error.hint))
                image = ""
        settings, origin = self.context.settings, self.context.origin
        barred = None if labels else Problem("class-map", UNREADABLE, origin)
        return Entry(
            one.name or one.path,
            (image,),
            labels,
            settings,
            origin,
            tuple(problems),
            members=self._members,
            barred=barred if one.name else nameless(self.context),
        )

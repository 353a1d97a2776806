"""A YAML or JSON file as plain values, with the line and column of each of them.

Values are as they were written: quoted and ordinary text is ``str``, what JSON would read as a
number or boolean is ``Plain``, a ``str`` too, and an empty value or ``null`` is None. Of tags
only YAML's own on scalars are allowed: ``!!str`` makes text of anything, ``!!int``, ``!!float``,
``!!bool`` and ``!!null`` change nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from rbsync.collector import paused_collector
from rbsync.errors import Location, Problem, UserError
from rbsync.manifest.builder import Builder
from rbsync.manifest.file_text import check_text
from rbsync.manifest.json_events import JsonEvents, json_error, looks_like_json
from rbsync.manifest.limits import LIMITS, Limits
from rbsync.manifest.positions import Path, Places, Tree, unpack
from rbsync.manifest.yaml_events import YamlEvents

__all__ = ["Document", "Path", "read_document"]


class Document:
    """The content of a file, with the place of each part.

    ``value`` consists of ``dict``, ``list``, ``str`` and None. ``problems`` are those that left
    something out: repeated keys, of which the first counts, and tags.
    """

    def __init__(self, value: Any, file: str, tree: Tree, problems: Sequence[Problem]) -> None:
        self.value = value
        self.file = file
        self.problems = tuple(problems)
        self._tree = tree

    def locate(self, path: Path, *, key: bool = False) -> Location:
        """The place of a value, or of its key in its mapping.

        Where the path leads beyond what there is, it is the last place on the way.
        """
        # An empty file has no first line either.
        if not self._tree.places:
            return Location(self.file)
        node = self._tree.find(self.value, path, key=key)
        return unpack(self._tree.places[node], self.file)

    def locations_of_items(self, path: Path) -> Sequence[Location]:
        """The places of all entries of a list, in one pass; none when there is no list."""
        value = self.value
        for step in path:
            value = _member(value, step)
        if not isinstance(value, list):
            return ()
        nodes = self._tree.items_of(self._tree.find(self.value, path), len(value))
        return Places(array("Q", map(self._tree.places.__getitem__, nodes)), self.file)

    def moves_to(self, other: Document) -> Mapping[Location, Location] | None:
        """The place of each part here with its place in another document that says the same.

        None where the other one is not written of the same parts.
        """
        mine, others = self._tree, other._tree
        if (mine.sizes, mine.aliases) != (others.sizes, others.aliases):
            return None
        pairs = set(zip(mine.places, others.places, strict=True))
        # A mapping begins where its first key does, and with a new anchor before it no more.
        if len({place for place, _ in pairs}) < len(pairs):
            return None
        return {unpack(one, self.file): unpack(there, other.file) for one, there in pairs}


def read_document(
    data: bytes, file: str, *, limits: Limits = LIMITS, strict: bool = True
) -> Document:
    """Read YAML or JSON.

    Raises ``UserError`` for what is not UTF-8 text or not YAML, for a second document, for keys
    that are not scalars, and for what passes a limit; with ``strict`` also for the problems
    that a document can be read in spite of. An empty file's value is None.
    """
    check_text(data, file)
    with paused_collector():
        builder = _build(data, file, limits)
    if strict and builder.problems:
        raise UserError(builder.problems)
    return Document(builder.value, file, builder.tree, builder.problems)


def _build(data: bytes, file: str, limits: Limits) -> Builder:
    builder = Builder(file, limits)
    try:
        YamlEvents(data, builder).feed()
    except UserError as error:
        # YAML first, also for JSON: nearly every JSON text is YAML, and libyaml is the quicker
        # reader.
        if error.problems[0].code != "syntax" or not looks_like_json(data):
            raise
        return _build_json(data, file, limits, error)
    return builder


def _build_json(data: bytes, file: str, limits: Limits, error: UserError) -> Builder:
    text = data.decode().removeprefix("\ufeff")
    # Python's reader judges, and only then the events are made: these know no grammar.
    json_says = json_error(text, file)
    if json_says is not None:
        # The one that read further knows better which of the two the text was to be.
        raise max(error, json_says, key=_place)
    builder = Builder(file, limits)
    JsonEvents(text, builder).feed()
    return builder


def _place(error: UserError) -> Location:
    return error.problems[0].location or Location("")


def _member(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None

"""Builds a document's value and its tree of places from what a parser reads, one event a call."""

from __future__ import annotations

from typing import Any

from rbsync.errors import Problem, UserError
from rbsync.manifest.limits import Limits
from rbsync.manifest.plain import resolve
from rbsync.manifest.positions import Tree, unpack

_DROPPED = "\0dropped"
_MERGE = "\0merge"


class _Frame:
    """A mapping or list that is still open.

    ``key`` is the key that waits for its value, ``merge`` the node of a key ``<<`` and
    ``source`` what it merges. ``extra`` is what aliases had added before.
    """

    __slots__ = ("anchor", "extra", "key", "merge", "node", "source", "value")

    def __init__(self, value: Any, node: int, anchor: str | None, extra: int) -> None:
        self.value = value
        self.node = node
        self.anchor = anchor
        self.extra = extra
        self.key: str | None = None
        self.merge: int | None = None
        self.source: tuple[int, Any] | None = None


class Builder:
    """Takes scalars, starts, ends and aliases; has the value, its tree and the problems after.

    Every method takes a packed place and raises ``UserError`` where a limit is passed. What can
    be left out is left out and told in ``problems``.
    """

    def __init__(self, file: str, limits: Limits) -> None:
        self.file = file
        self.limits = limits
        self.tree = Tree()
        self._places = self.tree.places
        self._sizes = self.tree.sizes
        self.problems: list[Problem] = []
        self._root: list[Any] = []
        self._frame = _Frame(self._root, -1, None, 0)
        self._open: list[_Frame] = []
        self._anchors: dict[str, tuple[int, Any, int]] = {}
        # The same few keys come in every one of millions of entries: each is kept as one text.
        self._names: dict[str, str] = {}
        self._extra = 0

    @property
    def value(self) -> Any:
        """Returns what was read, None when nothing was."""
        return self._root[0] if self._root else None

    def problem(self, place: int, code: str, message: str, hint: str = "") -> None:
        """Note what is wrong and can be left out."""
        self.problems.append(Problem(code, message, unpack(place, self.file), hint))

    def refuse(self, place: int, code: str, message: str, hint: str = "") -> UserError:
        """The error for what ends the reading."""
        return UserError([Problem(code, message, unpack(place, self.file), hint)])

    def too_deep(self, place: int) -> UserError:
        """The error for a document that is nested deeper than the limit."""
        message = f"nested deeper than {self.limits.depth} levels, the limit"
        return self.refuse(place, "too-deep", message)

    def scalar(self, place: int, text: str, plain: bool, anchor: str | None = None) -> None:
        # One call for each of millions: what it does is written out rather than called.
        frame = self._frame
        node = len(self._places)
        self._places.append(place)
        self._sizes.append(1)
        key = frame.key
        if key is None and frame.value.__class__ is dict:
            value: str | None = text
            self._name(frame, node, text, plain)
        else:
            value = resolve(text) if plain else text
            if key is None:
                frame.value.append(value)
            else:
                self._put(frame, key, node, value)
        if anchor is not None:
            self._anchors[anchor] = (node, value, 1)
        # After the node was entered: a document of exactly the limit is still read.
        if node >= self.limits.nodes:
            raise self._too_many(place)
        if len(text) > self.limits.value:
            message = f"a text of {len(text):,} letters; {self.limits.value:,} are allowed"
            raise self.refuse(place, "too-large", message)

    def start(
        self, place: int, value: dict[str, Any] | list[Any], anchor: str | None = None
    ) -> None:
        """Open ``value``, which is empty and will be filled."""
        if len(self._open) >= self.limits.depth:
            raise self.too_deep(place)
        # YAML allows a mapping as a key, which no Python dict can have.
        self._no_key(place, "a mapping or a list")
        node = self.tree.add(place)
        self._open.append(self._frame)
        self._frame = _Frame(value, node, anchor, self._extra)
        if anchor is not None:
            # An anchor counts from its start, with no size yet: `&a [*a]` is told as recursive, not
            # as unknown.
            self._anchors[anchor] = (node, value, 0)

    def end(self) -> None:
        frame = self._frame
        tree = self.tree
        tree.sizes[frame.node] = size = len(tree.places) - frame.node
        # Not before the end: a key that is written below `<<` wins over what it merges.
        if frame.source is not None:
            self._merge(frame, *frame.source)
        if frame.anchor is not None:
            # What aliases inside added counts too, or nine levels of nine aliases each would look
            # small.
            size += self._extra - frame.extra
            self._anchors[frame.anchor] = (frame.node, frame.value, size)
        self._frame = outer = self._open.pop()
        if outer.key is None:
            outer.value.append(frame.value)
        else:
            self._put(outer, outer.key, frame.node, frame.value)

    def alias(self, place: int, name: str) -> None:
        if name not in self._anchors:
            raise self.refuse(
                place,
                "unknown-alias",
                f"the alias `*{name}` has no anchor before it",
                "for text that begins with `*`, put quotes around it",
            )
        self._no_key(place, "an alias")
        target, value, size = self._anchors[name]
        if not size:
            raise self.refuse(place, "recursive-alias", f"the alias `*{name}` contains itself")
        node = self.tree.add(place)
        self.tree.aliases[node] = target
        # An alias is never written out, and yet counts as if: whoever walks the value later walks
        # it all.
        self._extra += size - 1
        self._check_growth(place)
        if self._frame.key is None:
            self._frame.value.append(value)
        else:
            self._put(self._frame, self._frame.key, node, value)

    def _name(self, frame: _Frame, node: int, text: str, plain: bool) -> None:
        mapping = frame.value
        # Quoted, `<<` is an ordinary key.
        merge = plain and text == "<<"
        if merge or text in mapping:
            self._irregular(frame, node, text, merge)
            return
        frame.key = text = self._names.setdefault(text, text)
        # The key is entered before its value, so that both keep the order of the tree.
        mapping[text] = None
        if frame.node in self.tree.keys:
            self.tree.keys[frame.node][text] = node

    def _irregular(self, frame: _Frame, node: int, text: str, merge: bool) -> None:
        keys = self.tree.keys
        if frame.node not in keys:
            keys[frame.node] = self.tree.keys_of(frame.node, frame.value)
        first = frame.merge if merge else keys[frame.node][text]
        if first is None:
            frame.key, frame.merge = _MERGE, node
            return
        # The first of two counts. YAML's readers take the last, and a line far below would change
        # what stands above without a word.
        frame.key = _DROPPED
        line = unpack(self.tree.places[first], self.file).line
        self.problem(
            self.tree.places[node],
            "duplicate-key",
            f"the key `{text}` is given twice, first in line {line}",
            "keep one of them",
        )

    def _put(self, frame: _Frame, key: str, node: int, value: Any) -> None:
        frame.key = None
        if key is _MERGE:
            frame.source = (node, value)
        elif key is not _DROPPED:
            frame.value[key] = value

    def _merge(self, frame: _Frame, node: int, merged: Any) -> None:
        """Enter the keys that ``<<`` adds: written ones win, and earlier ones over later."""
        keys = self.tree.keys[frame.node]
        sources = [(node, merged)]
        if isinstance(merged, list):
            sources = list(zip(self.tree.items_of(node, len(merged)), merged, strict=True))
        for source, mapping in sources:
            if not isinstance(mapping, dict):
                place = self.tree.places[source]
                self.problem(place, "wrong-type", "`<<` takes a mapping or a list of mappings")
                continue
            for key, there in self.tree.keys_of(source, mapping).items():
                if key not in frame.value:
                    frame.value[key] = mapping[key]
                    keys[key] = there

    def _no_key(self, place: int, what: str) -> None:
        if self._frame.key is None and self._frame.value.__class__ is dict:
            raise self.refuse(place, "bad-key", f"a key must be plain text, not {what}")

    def _check_growth(self, place: int) -> None:
        written = len(self.tree.places)
        total = written + self._extra
        if total > self.limits.nodes:
            raise self._too_many(place)
        # Small documents may repeat themselves as they like: a list of defaults that every entry
        # merges is usual.
        if total > self.limits.free and total > self.limits.growth * written:
            raise self.refuse(
                place,
                "alias-growth",
                f"aliases make the document more than {self.limits.growth} times as large as it "
                "is written, the limit",
            )

    def _too_many(self, place: int) -> UserError:
        return self.refuse(
            place, "too-large", f"more than {self.limits.nodes:,} keys and values, the limit"
        )

"""Feeds a builder from libyaml's event stream.

The stream is read event by event and nothing is composed: libyaml's composer recurses in C and
a deep enough document ends the process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

from rbsync.errors import UserError
from rbsync.manifest.builder import Builder
from rbsync.manifest.plain import NULLS
from rbsync.manifest.positions import pack
from rbsync.manifest.syntax import syntax_error

# Of the loader only the parser is used; the slow one is for a PyYAML without libyaml.
_PARSER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_TOO_DEEP = "exceeded maximum nesting depth"
_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null"))


class YamlEvents:
    """One reading of a YAML document into a builder."""

    def __init__(self, data: bytes, builder: Builder) -> None:
        self._data = data
        self._builder = builder
        self._documents = 0

    def feed(self) -> None:
        """Read to the end; raises ``UserError`` for what is not YAML or passes a limit."""
        handlers = self._handlers()
        parser = _PARSER(self._data)
        next_event = parser.get_event
        try:
            while (event := next_event()) is not None:
                handlers[event.__class__](event)
        except yaml.YAMLError as error:
            raise self._refusal(error) from None
        finally:
            parser.dispose()

    def _refusal(self, error: yaml.YAMLError) -> UserError:
        if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
            mark = error.problem_mark
            # It looks ahead, and newer ones have a limit of their own, far beyond ours.
            if error.problem == _TOO_DEEP:
                return self._builder.too_deep(pack(mark.line, mark.column))
        return syntax_error(error, self._data, self._builder.file)

    def _handlers(self) -> dict[type, Callable[[Any], None]]:
        return {
            yaml.ScalarEvent: self._scalar,
            yaml.SequenceStartEvent: self._sequence,
            yaml.SequenceEndEvent: self._end,
            yaml.MappingStartEvent: self._mapping,
            yaml.MappingEndEvent: self._end,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
            yaml.DocumentEndEvent: _ignore,
            yaml.StreamStartEvent: _ignore,
            yaml.StreamEndEvent: _ignore,
        }

    def _scalar(self, event: Any) -> None:
        mark = event.start_mark
        place = mark.line << 32 | mark.column
        # Quoted text is text, whatever it looks like: `"0123"` is how a user says so.
        plain = not event.style
        if event.tag is not None:
            plain = self._plain_by_tag(place, event)
        self._builder.scalar(place, event.value, plain, event.anchor)

    def _plain_by_tag(self, place: int, event: Any) -> bool:
        tag = event.tag
        # `!!null 5` and `!!int null` contradict themselves, and nobody can know which half was
        # meant.
        if tag in _PLAIN_TAGS and (tag[-4:] == "null") == (event.value in NULLS):
            return True
        if tag not in _TEXT_TAGS:
            self._refuse_tag(place, tag)
        return False

    def _sequence(self, event: Any) -> None:
        self._start(event, [])

    def _mapping(self, event: Any) -> None:
        self._start(event, {})

    def _start(self, event: Any, value: dict[str, Any] | list[Any]) -> None:
        mark = event.start_mark
        place = pack(mark.line, mark.column)
        if event.tag is not None:
            self._refuse_tag(place, event.tag)
        self._builder.start(place, value, event.anchor)

    def _end(self, _event: yaml.Event) -> None:
        self._builder.end()

    def _alias(self, event: Any) -> None:
        self._builder.alias(pack(event.start_mark.line, event.start_mark.column), event.anchor)

    def _document(self, event: Any) -> None:
        # The second is refused, not ignored: a `---` in the middle would silently drop half of the
        # datapoints.
        self._documents += 1
        if self._documents > 1:
            place = pack(event.start_mark.line, event.start_mark.column)
            raise self._builder.refuse(
                place, "two-documents", "a second document begins here; a file holds one"
            )

    def _refuse_tag(self, place: int, tag: str) -> None:
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        self._builder.problem(place, "tag", f"the tag `{shown}` is not allowed", _TAG_HINT)


_TAG_HINT = "remove it, or put quotes around the value"


def _ignore(_event: yaml.Event) -> None:
    pass

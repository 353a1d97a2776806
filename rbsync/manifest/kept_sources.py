"""Sources of a manifest as JSON, and made of it again without reading or checking any text.

Only sources of ours that were right are kept. What is wrong with a text is found by reading it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from rbsync.errors import Location
from rbsync.manifest.manifest import LISTS, Head, Manifest, Placed, Sources
from rbsync.manifest.positions import Path
from rbsync.mask_formats import MASK_FORMATS, RGB
from rbsync.sources import DATAPOINT_SOURCES, MASK_SOURCES, SourceKinds
from rbsync.sources.base import Common
from rbsync.sources.complete_when import CompleteWhen
from rbsync.sources.tool_labels import ToolLabels

_KINDS: Mapping[str, SourceKinds] = {"datapoints": DATAPOINT_SOURCES, "masks": MASK_SOURCES}
_OF_JSON = frozenset({dict, list, str, int, float, bool, type(None)})
_MOST = 1_000
"""Sources that are kept: of more, each has little to say, and the text is read by its parts."""


def packed(manifest: Manifest) -> Any:
    """The sources and their defaults as values of JSON; None where they are not kept."""
    head, sources = manifest.parts.head, manifest.parts.sources
    every = (*sources.datapoints, *sources.masks)
    if head.moved or sources.doubtful or len(every) > _MOST or not all(map(_is_ours, every)):
        return None
    try:
        lists = ([_placed(one, manifest) for one in getattr(sources, key)] for key in LISTS)
        kept = [_said(head.defaults), *lists]
        again = unpacked(json.loads(json.dumps(kept)), manifest.file)
    except (TypeError, ValueError):
        return None
    # Tried before it is kept: nothing must come back as something else.
    return kept if (again[0], again[1]._replace(places={})) == (head, sources) else None


def unpacked(kept: Any, file: str) -> tuple[Head, Sources]:
    """The parts of a manifest that `packed` kept; ``file`` is its name."""
    defaults, *lists = kept
    places: dict[Path, Location] = {}
    datapoints, masks = (
        tuple(_made(file, key, places, *one) for one in some)
        for key, some in zip(LISTS, lists, strict=True)
    )
    return Head(Common(**_values(defaults)), ()), Sources(datapoints, masks, (), places)


def _is_ours(one: Placed) -> bool:
    # The plug-in of a format may be gone by the next time, which reading the text would tell.
    return getattr(one.source, "format", RGB) in MASK_FORMATS.built_in


def _placed(one: Placed, manifest: Manifest) -> list[Any]:
    said = _said(one.source)
    places = {key: manifest.locate((*one.path, key))[1:] for key in said}
    return [one.path[1], one.location[1:], places, one.source.key, said]


def _made(
    file: str,
    key: str,
    into: dict[Path, Location],
    at: int,
    place: Sequence[int],
    places: Mapping[str, Sequence[int]],
    kind: str,
    said: Any,
) -> Placed:
    source = _KINDS[key].member(kind)(**_values(said))
    into.update({(key, at, name): Location(file, *one) for name, one in places.items()})
    return Placed(source, (key, at), Location(file, *place))


def _said(value: Any) -> dict[str, list[Any]]:
    """All that differs from the defaults of its kind, each value with its type."""
    given = ((one, getattr(value, one.name)) for one in fields(value))
    return {one.name: _typed(found) for one, found in given if found != one.default}


def _typed(value: Any) -> list[Any]:
    if is_dataclass(value):
        return [type(value).__name__, _said(value)]
    if isinstance(value, tuple):
        return ["()", list(value)]
    if isinstance(value, list) and value and is_dataclass(value[0]):
        return ["[]", [_typed(one) for one in value]]
    _check(value)
    return ["", value]


def _check(value: Any) -> None:
    """Raises TypeError for a value that JSON would give back as another one.

    An unquoted number of labels in the manifest is such: it is no text, and equal to one.
    """
    if type(value) not in _OF_JSON:
        raise TypeError(f"{type(value)} is kept by nobody")
    if isinstance(value, dict):
        _check([*value, *value.values()])
    elif isinstance(value, list):
        for one in value:
            _check(one)


def _values(said: Mapping[str, list[Any]]) -> dict[str, Any]:
    return {name: _value(*one) for name, one in said.items()}


def _value(type_of: str, given: Any) -> Any:
    if type_of == "()":
        return tuple(given)
    if type_of == "[]":
        return [_value(*one) for one in given]
    return _part(type_of)(**_values(given)) if type_of else given


def _part(name: str) -> Any:
    if name in _PARTS:
        return _PARTS[name]
    # Loaded by studies alone.
    from rbsync.sources.series import Series

    return {Series.__name__: Series}[name]


_PARTS = {one.__name__: one for one in (CompleteWhen, ToolLabels)}

"""What the service's own client sends, and in what our requests differ from that.

`recorded.json` has the requests of that client, version 2.35.4, in the scenarios that rbsync
covers: methods, headers, variables and order, as they came in at a server on loopback.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.backends.redbrick.wire import KEY, Request

_FILE = Path(__file__).with_name("recorded.json")
_FACTS: dict[str, list[dict[str, Any]]] = json.loads(_FILE.read_text("utf-8"))
_NOT_RECORDED = {"host", "content-length"}
ABSENT = "absent"
"""What stands for a value that one of the two lacks."""


class Sent(NamedTuple):
    """A request: what it is called, and all that is compared of it by its place."""

    label: str
    values: dict[str, Any]


class Difference(NamedTuple):
    """A place at which a value is not as recorded."""

    place: str
    recorded: Any
    ours: Any


class Listed(NamedTuple):
    """A difference that there is to be: why, and which pairs of values it is."""

    reason: str
    allows: Callable[[Any, Any], bool]


SCENARIOS = frozenset(_FACTS)


def differences(scenario: str, ours: Sequence[Request]) -> list[Difference]:
    """All in which our requests are not those of a recorded scenario."""
    there = [_recorded(one) for one in _FACTS[scenario]]
    here = [_ours(one) for one in ours]
    return [*_order(there, here), *_values(there, here)]


def _order(there: Sequence[Sent], here: Sequence[Sent]) -> Iterator[Difference]:
    """What is asked more often or in another order."""
    labels, found = [one.label for one in there], [one.label for one in here]
    for label in dict.fromkeys(labels + found):
        if labels.count(label) != found.count(label):
            yield Difference(f"number of {label}", labels.count(label), found.count(label))
    common = set(labels) & set(found)
    first, second = (
        [one for one in dict.fromkeys(many) if one in common] for many in (labels, found)
    )
    if first != second:
        yield Difference("order", first, second)


def _values(there: Sequence[Sent], here: Sequence[Sent]) -> Iterator[Difference]:
    for label in dict.fromkeys(one.label for one in there):
        pairs = zip(_named(label, there), _named(label, here), strict=False)
        for recorded, ours in pairs:
            for place in recorded.values.keys() | ours.values.keys():
                one = recorded.values.get(place, ABSENT)
                other = ours.values.get(place, ABSENT)
                if one != other:
                    # Headers are those of all operations.
                    where = place if place.startswith("header ") else f"{label} {place}"
                    yield Difference(where, one, other)


def _named(label: str, many: Sequence[Sent]) -> list[Sent]:
    return [one for one in many if one.label == label]


def _recorded(fact: Mapping[str, Any]) -> Sent:
    headers = {name.lower(): value for name, value in fact["headers"].items()}
    if "apikey" in headers:
        headers["apikey"] = KEY
    return _sent(fact["method"], fact.get("operation", ""), headers, fact)


def _ours(request: Request) -> Sent:
    headers = {key: one for key, one in request.headers.items() if key not in _NOT_RECORDED}
    facts: dict[str, Any] = {"variables": request.variables}
    if request.method == "POST":
        facts["path"] = request.target
    elif request.body[:1] == b"[":
        facts["sha256"] = hashlib.sha256(request.body).hexdigest()
    return _sent(request.method, request.operation, headers, facts)


def _sent(method: str, operation: str, headers: Mapping[str, str], fact: Mapping[str, Any]) -> Sent:
    variables = fact.get("variables", {})
    # A count and a page of a listing go by one name.
    counts = operation == "tasksPagedSDK" and variables.get("first") == 0
    values = {f"header {name} of {method}": value for name, value in headers.items()}
    values |= {key: fact[key] for key in ("path", "sha256") if key in fact}
    return Sent("count" if counts else operation or method, values | dict(_leaves(variables, "")))


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """The values in nested variables by their places, such as ``labelsMap[0].seriesIndex``."""
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _leaves(one, f"{place}.{key}" if place else key)
    elif isinstance(value, list) and value:
        for at, one in enumerate(value):
            yield from _leaves(one, f"{place}[{at}]")
    else:
        yield place, value

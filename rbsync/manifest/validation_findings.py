"""The findings of a validation in terms of the document: a path in it, and what it should be.

Pydantic's own places name the members of unions between the keys; its own words are for
programmers. Neither leaves this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from rbsync.manifest.positions import Path

UNKNOWN = "extra_forbidden"
MISSING = "missing"
_UNKNOWN_KINDS = (UNKNOWN, "unexpected_keyword_argument")
"""Of a model, and of a dataclass."""
_TYPES = {
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "dataclass_type": "a mapping",
    "model_attributes_type": "a mapping",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
}
# All other kinds are raised by our own validators, whose words are for the people who write
# manifests.
_PYDANTICS = frozenset(get_args(ErrorType))


class Finding(NamedTuple):
    """One thing that a model objects to.

    ``path`` is the value's, or for a missing key that of its mapping. ``expected`` names types
    (of all the members of a union), ``words`` is what a rule of ours says.
    """

    path: Path
    kind: str
    value: Any
    expected: tuple[str, ...] = ()
    words: str = ""
    hint: str = ""
    bounds: dict[str, Any] = {}  # noqa: RUF012 - a named tuple's default, never changed
    in_union: bool = False


def findings_of(error: ValidationError, value: Any) -> list[Finding]:
    """Returns what was found wrong with ``value``, in one entry for each place and reason."""
    details = error.errors(include_url=False)
    return _merged(_settled([_finding(one, value) for one in details]))


def member(value: Any, path: Path) -> Any:
    """Returns what stands at a path of a document's value."""
    for step in path:
        value = value[step]
    return value


def _finding(detail: ErrorDetails, value: Any) -> Finding:
    kind, context = detail["type"], detail.get("ctx", {})
    steps = detail["loc"][:-1] if kind == MISSING else detail["loc"]
    path, skipped = _walk(value, steps)
    if kind == MISSING:
        return Finding(path, kind, str(detail["loc"][-1]))
    if kind in _TYPES:
        return Finding(path, "type", member(value, path), (_TYPES[kind],), in_union=skipped)
    if kind == "value_error":
        return Finding(path, "rule", member(value, path), words=str(context["error"]))
    if kind not in _PYDANTICS:
        hint = str(context.get("hint", ""))
        return Finding(path, "rule", member(value, path), words=detail["msg"], hint=hint)
    kind = UNKNOWN if kind in _UNKNOWN_KINDS else kind
    return Finding(path, kind, member(value, path), bounds=context)


def _walk(value: Any, steps: Sequence[str | int]) -> tuple[Path, bool]:
    """The steps that lead through the value, and whether others stood between or after them."""
    path: list[str | int] = []
    skipped = False
    for step in steps:
        # Pydantic puts the names of union members among the keys; what the value does not have is
        # one of those.
        if not _has(value, step):
            skipped = True
            continue
        value = value[step]
        path.append(step)
    return tuple(path), skipped


def _has(value: Any, step: str | int) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int) and step < len(value)


def _settled(findings: list[Finding]) -> list[Finding]:
    """Without the union members that were not meant, as something deeper is wrong in another."""
    deeper = {one.path[:length] for one in findings for length in range(len(one.path))}
    return [
        one for one in findings if not (one.kind == "type" and one.in_union and one.path in deeper)
    ]


def _merged(findings: list[Finding]) -> list[Finding]:
    """With one finding for all the types that a place may have."""
    merged: dict[Any, Finding] = {}
    for one in findings:
        key = (one.path, one.kind, one.words, one.value if one.kind == MISSING else None)
        before = merged.get(key)
        if before is not None:
            names = dict.fromkeys(before.expected + one.expected)
            one = before._replace(expected=tuple(names))
        merged[key] = one
    return list(merged.values())

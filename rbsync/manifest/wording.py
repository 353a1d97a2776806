"""Says in the manifest's own terms what is wrong with a value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rbsync.backends import BACKENDS
from rbsync.errors import Problem
from rbsync.guessing import nearest
from rbsync.manifest.document import Document
from rbsync.manifest.model_keys import keys_of, models_in
from rbsync.manifest.positions import Path
from rbsync.manifest.quoting import quoted
from rbsync.manifest.source_kinds import known_keys
from rbsync.manifest.validation_findings import MISSING, UNKNOWN, Finding, member

_SECRET = re.compile(r"key|token|secret|password|credential", re.IGNORECASE)
_LONGEST = 40
UNKNOWN_KEY = "unknown-key"
# More choices than these are told in the hint.
_MANY = 6
_KEY_HINT = (
    "the API key is never written in a manifest: set RBSYNC_API_KEY or RBSYNC_API_KEY_COMMAND"
)
_BOUNDS = {
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_long": "must have at most {max_length} entries",
}


def problem_of(finding: Finding, model: type[Any], document: Document, base: Path) -> Problem:
    """A finding about the value at ``base`` as a problem with its place and next step."""
    path = (*base, *finding.path)
    if finding.kind != MISSING:
        # As it is written: what a variable became is never told.
        finding = finding._replace(value=member(document.value, path))
    if finding.kind == UNKNOWN:
        code, message, hint = _unknown(finding, model)
        return Problem(code, message, document.locate(path, key=True), hint)
    if finding.kind == MISSING:
        code, message, hint = _missing(finding, model)
    elif finding.kind.startswith("union_tag"):
        code, message, hint = _kind(finding)
        path = (*path, "kind")
    else:
        code, message, hint = _value(finding, model)
    return Problem(code, message, document.locate(path), hint)


def _unknown(finding: Finding, model: type[Any]) -> tuple[str, str, str]:
    key = str(finding.path[-1])
    holders = list(_models_at(model, finding.path[:-1]))
    known = [name for holder in holders for name in known_keys(holder)]
    near = nearest(key, known)
    # No guess at another key: who wrote a secret here shall take it away, not move it.
    if _SECRET.search(key) and key not in known:
        return UNKNOWN_KEY, f"unknown key `{key}`", _KEY_HINT
    if is_too_deep(finding, model):
        outer = finding.path[-2]
        message = f"`{key}` stands under `{outer}` and belongs beside it"
        return UNKNOWN_KEY, message, f"write `{key}` at the level of `{outer}`"
    if near is not None:
        return UNKNOWN_KEY, f"unknown key `{key}`; did you mean `{near}`?", ""
    return UNKNOWN_KEY, f"unknown key `{key}`", f"known here: {', '.join(known)}"


def is_too_deep(finding: Finding, model: type[Any]) -> bool:
    """Tells whether a finding is an unknown key that the mapping around its own one has."""
    if finding.kind != UNKNOWN or len(finding.path) < 2 or not isinstance(finding.path[-2], str):
        return False
    *above, _, key = finding.path
    return any(key in known_keys(one) for one in _models_at(model, tuple(above)))


def _missing(finding: Finding, model: type[Any]) -> tuple[str, str, str]:
    hint = ""
    for holder in _models_at(model, finding.path):
        key = keys_of(holder).get(finding.value)
        if key is not None:
            # The description says what belongs there, in the same words as the schema.
            hint = key.description
    if finding.value == "version":
        hint = "write `version: 1` into the first line"
    return "missing-key", f"`{finding.value}` is missing", hint


def _kind(finding: Finding) -> tuple[str, str, str]:
    known = BACKENDS.names()
    written = finding.value.get("kind") if isinstance(finding.value, dict) else None
    if written is None:
        return "missing-key", "`kind` is missing", f"it is {_either(known)}"
    return _choice(known, written, ("kind",))


def _value(finding: Finding, model: type[Any]) -> tuple[str, str, str]:
    value, path = finding.value, finding.path
    if finding.kind == "type":
        message = f"expected {' or '.join(finding.expected)}, found {_found(value, path)}"
        return "wrong-type", message, _type_hint(finding) or _mapping_hint(finding, model)
    if finding.kind == "rule":
        return "wrong-value", finding.words, finding.hint
    if finding.kind in ("literal_error", "enum"):
        code, message, hint = _choice(_quoted(str(finding.bounds["expected"])), value, path)
        return code, message, _OTHER_TOOLS if path[-2:] == ("labels", "format") else hint
    if finding.kind == "too_short":
        return "wrong-value", "must not be empty", ""
    if finding.kind in _BOUNDS:
        bounds = {name: _number(bound) for name, bound in finding.bounds.items()}
        message = _BOUNDS[finding.kind].format(**bounds)
        return "wrong-value", f"{message}, found {_found(value, path)}", ""
    return "wrong-value", f"this value is not allowed: {_found(value, path)}", ""


_OTHER_TOOLS = "labels of other tools, such as CVAT: export them from there as COCO or Pascal VOC"


def _type_hint(finding: Finding) -> str:
    if finding.value is None and "text" in finding.expected:
        return "quote it if the word itself is meant"
    if isinstance(finding.value, str) and finding.expected == ("a list",):
        return "write a list of one entry as [entry]"
    if "text" in finding.expected and isinstance(finding.value, dict | list):
        return _flow_hint(finding.value)
    return ""


def _mapping_hint(finding: Finding, model: type[Any]) -> str:
    if finding.expected == ("a list",):
        return "begin each entry with a dash: `- `"
    if finding.expected != ("a mapping",):
        return ""
    holders = _models_at(model, finding.path)
    known = dict.fromkeys(name for one in holders for name in known_keys(one))
    return f"its keys are {', '.join(known)}" if known else "write it as `KEY: VALUE`, a line each"


def _flow_hint(value: dict[Any, Any] | list[Any]) -> str:
    """The advice for text in braces or brackets, which YAML reads as a mapping or a list."""
    inner = [str(one) for one in value]
    if isinstance(value, dict):
        is_text = all(one is None for one in value.values())
        return quoted("{" + ",".join(inner) + "}") if is_text and inner else ""
    is_text = all(isinstance(one, str | int) for one in value)
    return f"write one text, or {quoted('[' + ','.join(inner) + ']')}" if is_text else ""


def _choice(known: list[str], value: Any, path: Path) -> tuple[str, str, str]:
    near = None
    if isinstance(value, str):
        # Project types are in capitals, and people write `image_multi`.
        near = nearest(value, known) or nearest(value.upper(), known)
    guess = f"; did you mean `{near}`?" if near else ""
    found = _found(value, path)
    if len(known) > _MANY:
        return "wrong-value", f"{found} is not known here{guess}", f"known: {', '.join(known)}"
    return "wrong-value", f"expected {_either(known)}, found {found}{guess}", ""


def _found(value: Any, path: Path) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    secret = any(isinstance(step, str) and _SECRET.search(step) for step in path)
    # A URL may be signed, and its signature is as good as a password.
    if secret or len(text) > _LONGEST or not text.isprintable() or "://" in text:
        return "other text"
    return f"`{text}`"


def _either(words: list[str]) -> str:
    quoted = [f"`{word}`" for word in words]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}" if quoted[1:] else quoted[0]


def _quoted(text: str) -> list[str]:
    return re.findall(r"'([^']*)'", text)


def _number(bound: Any) -> Any:
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def _models_at(model: type[Any], path: Path) -> Iterator[type[Any]]:
    """The models that a mapping at a path below ``model`` may be of."""
    if not path:
        yield model
        return
    step, *rest = path
    if isinstance(step, int):
        yield from _models_at(model, tuple(rest))
    elif step in keys_of(model):
        for inner in models_in(keys_of(model)[step].annotation):
            yield from _models_at(inner, tuple(rest))

"""The identity of what a manifest says, wherever in its text that stands."""

from __future__ import annotations

import json
from typing import Any

from rbsync.manifest.plain import Plain
from rbsync.model.fingerprint import Algorithm, digest


def meaning_of(value: Any, algorithm: Algorithm) -> str:
    """The identity of a document's value, with its variables replaced.

    Comments, blank lines and quotes that change nothing are no part of it. The order of keys is.
    """
    return digest(json.dumps(_typed(value), separators=(",", ":")).encode(), algorithm)


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return ["{", *([key, _typed(member)] for key, member in value.items())]
    if isinstance(value, list):
        return ["[", *map(_typed, value)]
    # `1` is a number where a place takes one, and `"1"` is text.
    return ["plain", value] if isinstance(value, Plain) else value

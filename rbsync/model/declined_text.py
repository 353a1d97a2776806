"""Declined parts as JSON, for a state and for a task's stamp."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rbsync.model.fingerprint import FACETS, Fingerprint
from rbsync.model.record import Declined


def declined_json(declined: Sequence[Declined]) -> list[Any]:
    """JSON of what is declined."""
    return [[one.why, one.fingerprint, list(one.facets)] for one in declined]


def declined_of(value: Any) -> tuple[Declined, ...]:
    """Returns what is declined, from its JSON. Raises ValueError for what is none."""
    try:
        return tuple(_one(*entry) for entry in value)
    except TypeError as error:
        raise ValueError(f"this is nothing declined: {value!r}") from error


def declined_text(declined: Sequence[Declined]) -> str:
    """JSON text, empty for nothing."""
    return json.dumps(declined_json(declined), separators=(",", ":")) if declined else ""


def declined_in(text: str | None) -> tuple[Declined, ...]:
    """Returns what is declined, from its JSON text. Raises ValueError for what is none."""
    return declined_of(json.loads(text)) if text else ()


def _one(why: str, fingerprint: Sequence[str] | None, facets: Sequence[str]) -> Declined:
    if why not in ("undone", "theirs"):
        raise ValueError(f"nothing is declined for being {why!r}")
    # A facet of a later version is dropped: it cannot be compared here, and need not keep the rest
    # from being read.
    known = tuple(one for one in FACETS if one in facets)
    made = None if fingerprint is None else Fingerprint(*map(str, fingerprint))
    return Declined("undone" if why == "undone" else "theirs", made, known)

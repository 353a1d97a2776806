"""The policies that a manifest may only tighten.

Each of them can be used to take other people's work away, or to hide that it was. So the values
that weaken one count only from the command line, the environment or the user's own file. A new
policy is one line here: of which values a stranger's manifest must not make use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_NO_TIME = re.compile(r"\s*(0+(\.0*)?\s*[a-z]*|none|off|false)\s*", re.IGNORECASE)


def _is(*values: Any) -> Callable[[Any], bool]:
    return lambda value: value in values


def _is_no_time(value: Any) -> bool:
    return _NO_TIME.fullmatch(str(value)) is not None


WEAKENS: Mapping[str, Callable[[Any], bool]] = {
    "on_conflict": _is("ours"),
    "history": _is_no_time,
    "refresh": _is("never"),
    "on_change": _is("replace"),
    "stamp": _is(False),
    "on_move": _is("recreate"),
}
"""Says of each policy which of its values weaken it."""

GUARDED = frozenset({"prune", "max_delete"})
"""Policies that a manifest may set as it likes: the guard holds whatever they say."""


def weakens(key: str, value: Any) -> bool:
    """Tells whether a policy's value is one that a manifest may not choose by itself."""
    check = WEAKENS.get(key)
    return check is not None and check(value)

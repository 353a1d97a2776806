"""The policies that a manifest may only tighten.

Each of them can be used to take other people's work away, or to hide that it was. So the values
that weaken one count only from the command line, the environment or the user's own file. A new
policy is one line here: which values a stranger's manifest must not make use of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Weakens = Callable[[Any, Any], bool]
"""Says of a value, and of the one that holds without the manifest, whether it protects less."""


def _becomes(weak: Any) -> Weakens:
    return lambda value, own: value == weak != own


def _is_less(value: Any, own: Any) -> bool:
    return bool(value < own)


WEAKENS: Mapping[str, Weakens] = {
    "on_conflict": _becomes("ours"),
    "history": _is_less,  # what is older than a day is swept with `1d`, too
    "refresh": _becomes("never"),
    "on_change": _becomes("replace"),
    "stamp": _becomes(False),
    "on_move": _becomes("recreate"),
}

# Policies that a manifest may set as it likes: the guard holds whatever they say.
GUARDED = frozenset({"prune", "max_delete"})


def weakens(key: str, value: Any, own: Any) -> bool:
    """Tells whether a manifest may not choose a policy's value, where ``own`` holds without it."""
    check = WEAKENS.get(key)
    return check is not None and check(value, own)

"""The words on which exit codes and later decisions depend, each in one place.

They are types too: what is compared with a word that nobody says is a type error.
"""

from __future__ import annotations

from typing import Literal

Reason = Literal[
    "new",
    "missing",
    "retry",
    "changed",
    "unchanged",
    "orphan",
    "unknown",
    "invalid",
    "unsettled",
    "refused",
    "protected",
    "not-updatable",
    "conflict",
    "worked-on",
    "adopted",
    "theirs",
    "undone",
]
"""Why a datapoint has its action; programs that read plans rely on the words."""

MISSING: Reason = "missing"
"""Of a create of what the project had before."""

UNKNOWN: Reason = "unknown"
"""Of a blocked action of which something could not be read: the plan is incomplete."""

UNSETTLED: Reason = "unsettled"
"""Of a blocked action while nobody knows what became of an earlier one of the same name."""

CONFLICT: Reason = "conflict"
"""Of a blocked action that would overwrite what others did."""

WORKED_ON: Reason = "worked-on"
"""Of a blocked action that would take away what somebody is working on."""

UNDONE: Reason = "undone"
"""Of an action that takes back what a run did, and of one that is blocked since then."""

THEIRS: Reason = "theirs"
"""Of what stays as others made it, until something else is declared."""

PROTECTED: Reason = "protected"
"""Of a blocked action that the user wished to be blocked, so that it is no failure."""

FailureKind = Literal[
    "transient", "throttled", "auth", "quota", "conflict", "invalid", "changed", "ambiguous"
]
"""The classes of failures, of an action and of a request to a backend."""

Phase = Literal["read", "upload", "create", "take in", "update", "delete"]
"""Where an action failed; ``take in`` is a create that the service agreed to do later."""

Operation = Literal["create", "update", "delete"]
"""What an intent is about."""

EMPTY_SOURCE = "empty-source"
"""The code of the warning that a source which may be empty is empty: it stops deletes."""

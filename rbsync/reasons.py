"""The words on which exit codes and later decisions depend, each in one place.

They are types too: what is compared with a word that nobody says is a type error.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

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
    "accepted",
    "refused",
    "protected",
    "not-updatable",
    "conflict",
    "worked-on",
    "theirs",
    "undone",
    "moved",
    "kept",
]
"""Why a datapoint has its action; programs that read plans rely on the words."""

NEW: Final = "new"
"""Of a create of what the project has never had."""

MISSING: Final = "missing"
"""Of a create of what the project had before."""

RETRY: Final = "retry"
"""Of an action whose last attempt failed."""

CHANGED: Final = "changed"
UNCHANGED: Final = "unchanged"
ORPHAN: Final = "orphan"
"""Of what is not declared any more."""

UNKNOWN: Final = "unknown"
"""Of a blocked action of which something could not be read: the plan is incomplete."""

INVALID: Final = "invalid"
"""Of a blocked action whose content is wrong."""

UNSETTLED: Final = "unsettled"
"""Of a blocked action while nobody knows what became of an earlier one of the same name."""

ACCEPTED: Final = "accepted"
"""Of a blocked action of what the service agreed to make and does not show yet."""

REFUSED: Final = "refused"
"""Of a blocked action that the service refused, until its content changes."""

CONFLICT: Final = "conflict"
"""Of a blocked action that would overwrite what others did."""

WORKED_ON: Final = "worked-on"
"""Of a blocked action that would take away what somebody is working on."""

UNDONE: Final = "undone"
"""Of an action that takes back what a run did, and of one that is blocked since then."""

MOVED: Final = "moved"
"""Of what is declared under another name than the one that the project has it under."""

KEPT: Final = "kept"
"""Of a blocked move: the project keeps the old name, for people have worked on it."""

THEIRS: Final = "theirs"
"""Of what stays as others made it, until something else is declared."""

PROTECTED: Final = "protected"
"""Of a blocked action that the user wished to be blocked, so that it is no failure."""

NOT_UPDATABLE: Final = "not-updatable"
"""Of a blocked action that the backend cannot do in place."""

ObstacleReason = Literal["invalid", "unknown"]
"""Why something declared cannot be planned: its content is wrong, or it could not be read."""

DeclinedFor = Literal["undone", "theirs"]
"""Why something declared is not wanted: it was taken back, or what others made was preferred."""

FailureKind = Literal[
    "transient", "throttled", "auth", "quota", "conflict", "invalid", "changed", "ambiguous"
]
"""The classes of failures, of an action and of a request to a backend."""

FAILURE_KINDS: Final[tuple[FailureKind, ...]] = get_args(FailureKind)

AUTH: Final = "auth"
"""Of a failure that meets all others too: the key is not accepted."""

AMBIGUOUS: Final = "ambiguous"
"""Of a failure after which nobody knows whether it was done; it must not be done again."""

QUOTA: Final = "quota"
"""Of a failure for want of room or rights that the organization has to buy or make."""

REFUSALS: Final = ("invalid", "quota")
"""The kinds of failures that the service gives for what is asked: it will not do it."""

PASSING: Final = ("transient", "throttled")
"""The kinds of failures that another attempt may get over."""

Phase = Literal["read", "upload", "create", "take in", "update", "move", "delete"]
"""Where an action failed."""

TAKE_IN: Final = "take in"
"""The phase of a create that the service agreed to do later: it must not be sent again."""

Operation = Literal["create", "update", "delete"]
"""What an intent is about."""

OPERATIONS: Final[tuple[Operation, ...]] = get_args(Operation)

FOLDER_LINK: Final = "link"
"""The code of the warning of a link to a folder, which is not followed."""

EMPTY_SOURCE: Final = "empty-source"
"""The code of the warning that a source which may be empty is empty: it stops deletes."""

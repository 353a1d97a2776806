"""May what the project has now be overwritten: asked right before each change of it.

The plan looked before; in between, people go on working. So each change has a look of its own, and
only what is as it was left, or already as it shall be, is changed without another word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from rbsync.applier.attempts import Attempts, no_attempts
from rbsync.applier.comparing import differing, has_moved_on
from rbsync.backends.base import Progress, TaskContent
from rbsync.model.datapoint import REMOTE, Settings
from rbsync.model.fingerprint import FACETS, Facet, Fingerprint
from rbsync.model.outcome import Failure
from rbsync.model.plan import Delete, Move, Overwriting, Update
from rbsync.model.record import UNKNOWN, Record
from rbsync.reasons import Phase

CONFLICT_HINT = (
    "look at both with `rbsync plan`; then --ours NAME overwrites, and --theirs NAME keeps what "
    "is there"
)
WORKED_ON_HINT = "wait for them, or take it away all the same with --ours NAME"


class Keeper(Protocol):
    """Is told of what is about to be overwritten, once it is sure that it may be.

    Called by any thread, right before the change: what it raises keeps the change from being
    made. The first call for an action may be the only one that has all of its facets.
    """

    def __call__(
        self, action: Overwriting | Move, present: TaskContent, facet: Facet | None, /
    ) -> None:
        """``facet`` is what will be changed, None when the whole datapoint will be deleted.

        For another facet than the labels, ``present.labels`` may be empty text: not looked at.
        """


def keep_nothing(
    _action: Overwriting | Move, _present: TaskContent, _facet: Facet | None, /
) -> None:
    """Satisfies ``Keeper``."""


class Check:
    """Decides if one action may change what is there; satisfies ``backends.base.Before``.

    ``refusal`` says why not, once it was asked and said no. ``left`` are the digests of the
    settings that an earlier run of ours may have left.
    """

    def __init__(
        self,
        action: Overwriting,
        record: Record | None,
        keeper: Keeper,
        *,
        attempts: Attempts = no_attempts,
    ) -> None:
        self._action = action
        self._known = [*known_fingerprints(record, action), *attempts(record)]
        self.left = tuple({one.settings for one in left_in(record) if one != UNKNOWN})
        self._keeper = keeper
        self.refusal: Failure | None = None

    def __call__(self, present: TaskContent, facet: Facet | None, /) -> bool:
        self.refusal = self._objection(present, facet)
        if self.refusal is not None:
            return False
        self._keeper(self._action, present, facet)
        return True

    def _objection(self, present: TaskContent, facet: Facet | None) -> Failure | None:
        if UNKNOWN in self._known:
            # It was taken over by force, for what is declared to be put in its place.
            return None
        phase: Phase = "update" if isinstance(self._action, Update) else "delete"
        # With `over`, the user has decided about what people do with it.
        if facet is None and self._action.over is None:
            busy = worked_on(present, self._known)
            if busy:
                message = f"{busy}; deleting it would take that away"
                return Failure("conflict", phase, message, hint=WORKED_ON_HINT)
        facets = FACETS if facet is None else (facet,)
        changed = differing(
            present,
            self._known,
            facets=facets,
            declared=declared_settings(self._action),
        )
        if "items" in changed and _has_items(present, self._action):
            # A run of ours was cut off between the items and the stamp.
            changed = tuple(one for one in changed if one != "items")
        if not changed:
            return None
        message = f"{', '.join(changed)} changed at the project meanwhile"
        return Failure("conflict", phase, message, hint=CONFLICT_HINT)


def declared_settings(action: Overwriting) -> Settings | None:
    """Returns the settings that an action is to leave, None when it leaves nothing."""
    return None if isinstance(action, Delete) else action.datapoint.settings


def _has_items(present: TaskContent, action: Overwriting) -> bool:
    """Tells whether the items are where they shall be, for those that are not sent from here."""
    if not isinstance(action, Update):
        return False
    wanted = action.datapoint.items
    places = tuple(one.content.removeprefix(REMOTE) for one in wanted if not one.is_local)
    return len(places) == len(wanted) and places == present.refs


def known_fingerprints(
    record: Record | None, action: Overwriting, *, with_desired: bool = True
) -> list[Fingerprint]:
    """All that a task may have without anybody but us having changed it, or as it shall be.

    What an earlier run was about to leave is ours, and so is what the user has decided about.
    """
    desired = None
    if isinstance(action, Update) and with_desired:
        desired = action.datapoint.fingerprint
    return [one for one in (*left_in(record), action.over, desired) if one is not None]


def left_in(record: Record | None) -> list[Fingerprint]:
    """The fingerprints that a run of ours has left, or was about to leave."""
    if record is None:
        return []
    pending = record.pending.fingerprint if record.pending else None
    return [one for one in (record.applied, record.attempted, pending) if one is not None]


def worked_on(present: TaskContent, left: Sequence[Fingerprint]) -> str:
    """Returns what people are doing with a task, in words; empty when it lies as it was left."""
    doing = in_progress(present.progress)
    if not doing and has_moved_on(present, left):
        return "people have finished it"
    return doing


def in_progress(progress: Progress) -> str:
    """Returns what people are in the middle of, in words; empty for nothing."""
    return " and ".join(_doings(progress))


def _doings(progress: Progress) -> Sequence[str]:
    whom = f" to {progress.who}" if progress.who else ""
    told: Sequence[tuple[bool, str]] = (
        (progress.is_begun, f"it is assigned{whom} and begun"),
        (progress.has_draft, "it has labels that are saved as a draft"),
        (progress.is_moved_on, "people moved it on to another stage"),
    )
    return [text for is_so, text in told if is_so]


Checks = Callable[[Overwriting], Check]
"""The check of an action."""

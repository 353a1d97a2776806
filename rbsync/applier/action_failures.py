"""Failures of an action, from what went wrong."""

from __future__ import annotations

from rbsync.applier.retrying import GivenUpError
from rbsync.files.file_facts import ChangingError
from rbsync.files.roots import OutsideError
from rbsync.model.outcome import Failure
from rbsync.reasons import AMBIGUOUS, PASSING, Phase

CHANGED_HINT = "run plan again to take it as it is now"
SETTLE_HINT = "run apply again to settle it"


class FailedError(Exception):
    """A step of an action failed for good.

    ``answered`` says that the backend has done with it, whatever came of it.
    """

    def __init__(self, failure: Failure, *, answered: bool = False) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.answered = answered


def failure_of(error: GivenUpError, phase: Phase) -> Failure:
    """The failure that several attempts at a phase amount to."""
    cause = error.error
    # A lost upload leaves at most a file that nothing names. A lost create or update may be in
    # effect: to call it transient would have the next run send it again, and the project have it
    # twice.
    kind = AMBIGUOUS if error.lost and phase != "upload" else cause.kind
    return Failure(
        kind,
        phase,
        str(cause),
        max(error.attempts, cause.attempts),
        cause.status,
        cause.hint,
    )


def changed(path: str, phase: Phase) -> Failure:
    """The failure of what needs a file that is another one now."""
    message = f"{path}: the file is no longer the one that was planned"
    return Failure("changed", phase, message, hint=CHANGED_HINT)


def unreadable(path: str, error: OSError) -> Failure:
    """The failure of what needs a file that cannot be read."""
    # A file that is gone, or became a link out of the tree, is not what was planned. Its mend is a
    # new plan; another attempt would read the same again.
    if isinstance(error, FileNotFoundError):
        return Failure("changed", "read", f"{path}: the file is gone", hint=CHANGED_HINT)
    if isinstance(error, ChangingError):
        return changed(path, "read")
    reason = error.strerror or str(error)
    if isinstance(error, OutsideError):
        return Failure("changed", "read", f"{path} {reason}", hint=CHANGED_HINT)
    message = f"{path} cannot be read: {reason}"
    return Failure("transient", "read", message, hint="see that the file can be read, then retry")


def unsettled(phase: Phase, why: str) -> Failure:
    """The failure of what was sent and may or may not have had its effect."""
    message = f"nobody knows whether it was done: {why}"
    return Failure(AMBIGUOUS, phase, message, hint=SETTLE_HINT)


def is_outage(failure: Failure | None) -> bool:
    """Tells whether a failure says that the service may be out of order."""
    # A folder that cannot be read says nothing of the service. Twenty such files in a row must not
    # stop the upload of the other thousands.
    if failure is None or failure.phase == "read":
        return False
    return failure.kind in (*PASSING, AMBIGUOUS)

"""The errors, each with its meaning to the person or program that ran rbsync.

Every error knows its exit code; the command line is the one place that turns it into one.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from rbsync.reasons import AUTH, FailureKind


class ExitCode(IntEnum):
    """The exit codes of the command line; scripts may rely on them."""

    DONE = 0
    ERROR = 1
    CHANGES = 2
    SOME_FAILED = 3
    LOCKED = 4
    STALE = 5
    REFUSED = 6
    AUTH = 7
    INCOMPLETE = 9
    UNSETTLED = 10
    STATE = 12
    USAGE = 64
    INVALID = 65
    INTERRUPTED = 130


class Location(NamedTuple):
    """A place in a text file: 1-based line and column, 0 where unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"


class Problem(NamedTuple):
    """One thing that is wrong with the input, where it is, and what to do about it.

    ``code`` is a stable slug such as ``unknown-key``; ``hint`` is the next step or empty.
    """

    code: str
    message: str
    location: Location | None = None
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location else ""
        hint = f"\n    {self.hint}" if self.hint else ""
        return f"{where}{self.message}{hint}"


class RbsyncError(Exception):
    """The base of every error that rbsync raises on purpose.

    ``hint`` is the next step for the user, or empty.
    """

    exit_code = ExitCode.ERROR

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UserError(RbsyncError):
    """The manifest, a file that it names, or an argument is wrong; nothing was sent.

    ``problems`` has all that was found in one pass, in the order of their places.
    """

    exit_code = ExitCode.INVALID

    def __init__(self, problems: Sequence[Problem] | str, *, hint: str = "") -> None:
        if isinstance(problems, str):
            problems = [Problem("invalid", problems, hint=hint)]
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems), hint=hint)


class BackendError(RbsyncError):
    """A call to the backend failed as a whole.

    ``kind`` is the class of the failure. ``sent`` says whether the request may have
    reached the backend: what was not sent may be sent again, what was sent is ambiguous unless
    the backend said that it refused. ``answered`` says that it has done with the request,
    whatever came of it. ``misset`` says that it looks like a wrong setting, such as a mistyped
    address, rather than like an outage. ``attempts`` is how often it was tried before the error was
    raised, and ``is_counted`` whether it was taken for a sign of an outage.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: FailureKind = "transient",
        sent: bool = False,
        answered: bool = False,
        status: int | None = None,
        retry_after: float | None = None,
        hint: str = "",
        misset: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.misset = misset
        self.kind: FailureKind = kind
        self.sent = sent
        self.answered = answered
        self.status = status
        self.retry_after = retry_after
        self.attempts = 1
        self.is_counted = False
        self.exit_code = ExitCode.AUTH if kind == AUTH else ExitCode.ERROR


class StoreError(RbsyncError):
    """The state cannot be read or written now, or not by this run; it may be sound."""


class StateError(StoreError):
    """The state is not to be used: it is damaged, foreign, or of a newer version."""

    exit_code = ExitCode.STATE


class LockedError(RbsyncError):
    """Somebody else is applying to this project now."""

    exit_code = ExitCode.LOCKED


class StaleError(RbsyncError):
    """The plan was made against another state or another manifest."""

    exit_code = ExitCode.STALE


class RefusedError(RbsyncError):
    """The guard stopped a plan that would change more than the user is likely to want."""

    exit_code = ExitCode.REFUSED


class UsageError(RbsyncError):
    """The command line itself is wrong."""

    exit_code = ExitCode.USAGE


class PluginError(RbsyncError):
    """An installed plug-in cannot be used; the message names its distribution."""

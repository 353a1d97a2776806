"""The documents of what went wrong: of a command that ended in an error, and of failures."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from rbsync.documents.parts import Document, ProblemPart, problem_json
from rbsync.documents.report_document import ErrorPart
from rbsync.errors import Problem, RbsyncError, UserError


class ErrorDocument(Document):
    """A command that ended in an error. Any command may print this instead of its own document."""

    problems: list[ProblemPart] = Field(min_length=1)
    exit_code: int = Field(description="The exit code of the command.")


class FailurePart(ErrorPart):
    """A datapoint that failed, and why."""

    name: str


class FailuresDocument(Document):
    """The failures that were not mended since."""

    failures: list[FailurePart]


def error_json(error: RbsyncError) -> dict[str, Any]:
    """An error as an `ErrorDocument`, but for the version."""
    if isinstance(error, UserError):
        problems = error.problems
    else:
        problems = (Problem("error", str(error), hint=error.hint),)
    return {
        "problems": [problem_json(one) for one in problems],
        "exit_code": int(error.exit_code),
    }

"""Hints that tests follow: the words of a hint, what gets it, and what succeeds by following it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from rbsync.checks import Check
from rbsync.errors import Problem, RbsyncError, UserError

Test = TypeVar("Test", bound=Callable[..., None])


class Followed(NamedTuple):
    """A call that gets a hint with these words, and the call that the hint leads to."""

    said: str
    wrong: Callable[[], Any]
    right: Callable[[], Any]


def follows(*said: str) -> Callable[[Test], Test]:
    """Marks a test that gets the hints with these words and goes on until the command succeeds."""
    assert all(said)

    def mark(test: Test) -> Test:
        return test

    return mark


def told(call: Callable[[], Any]) -> str:
    """The errors and hints of a call, whether it raises them or returns them; empty for none."""
    try:
        result = call()
    except UserError as error:
        return "\n".join(map(str, error.problems))
    except RbsyncError as error:
        return f"{error}\n    {error.hint}"
    problems = getattr(result, "problems", result)
    if isinstance(problems, Problem | Check):
        problems = [problems]
    found = problems if isinstance(problems, Iterable) else ()
    # What is looked at and is well is told too, by doctor.
    return "\n".join(
        one.hint if isinstance(one, Check) else str(one)
        for one in found
        if isinstance(one, Problem | Exception | Check)
    ).strip()


def follow(one: Followed) -> None:
    """Asserts that the hint is given, and that nothing is wrong once it is followed."""
    assert one.said in told(one.wrong)
    assert told(one.right) == ""

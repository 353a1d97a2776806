"""Hints that tests follow: the words of a hint, what gets it, and what succeeds by following it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

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
    if isinstance(problems, Problem):
        return str(problems)
    found = problems if isinstance(problems, Iterable) else ()
    return "\n".join(str(one) for one in found if isinstance(one, Problem | Exception))


def follow(one: Followed) -> None:
    """Asserts that the hint is given, and that nothing is wrong once it is followed."""
    assert one.said in told(one.wrong)
    assert told(one.right) == ""

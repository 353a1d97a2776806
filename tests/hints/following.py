"""Hints that tests follow: the words of a hint, what gets it, and what succeeds by following it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from inspect import signature
from typing import Any, NamedTuple, TypeVar, cast
from unittest import mock

from rbsync.checks import Check
from rbsync.errors import Problem, RbsyncError, UserError
from rbsync.labels.problem import LabelProblem
from rbsync.masks.error import MaskError
from rbsync.model.outcome import Failure
from rbsync.watcher.telling import Message

Test = TypeVar("Test", bound=Callable[..., None])


class Followed(NamedTuple):
    """A call that gets a hint with these words, and the call that the hint leads to."""

    said: str
    wrong: Callable[[], Any]
    right: Callable[[], Any]


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Records the hints that are given within its block, in this process."""
    given: list[str] = []
    with ExitStack() as patched:
        for kind, maker in MAKERS:
            made = getattr(kind, maker)
            patched.enter_context(mock.patch.object(kind, maker, _recording(made, given)))
        yield given


def _recording(made: Callable[..., Any], given: list[str]) -> Callable[..., Any]:
    at = list(signature(made).parameters).index("hint")

    def make(*arguments: Any, **named: Any) -> Any:
        given.append(str(named.get("hint") or "".join(map(str, arguments[at : at + 1]))))
        return made(*arguments, **named)

    return make


MAKERS: tuple[tuple[Any, str], ...] = (
    (Problem, "__new__"),
    (LabelProblem, "__new__"),
    (Failure, "__new__"),
    (Message, "__new__"),
    (Check, "__new__"),
    (RbsyncError, "__init__"),
    (MaskError, "__init__"),
)
"""What has a hint, and makes it."""


def follows(*said: str, elsewhere: bool = False) -> Callable[[Test], Test]:
    """Marks a test that gets the hints with these words and goes on until the command succeeds.

    One that gets none of them fails, unless another process gives it, ``elsewhere``.
    """
    assert all(said)

    def mark(test: Test) -> Test:
        @wraps(test)
        def run(*arguments: Any, **named: Any) -> None:
            with recorded() as given:
                test(*arguments, **named)
            assert [one for one in given if any(words in one for words in said)], (said, given)

        return test if elsewhere else cast("Test", run)

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

"""Tasks: calls that are made together, by whoever has the files, with what came of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from rbsync.errors import UserError

T = TypeVar("T")
Call = Callable[[], Any]


class Unsure:
    """In place of an answer that is not to be believed: the call is made again, here."""


UNSURE = Unsure()


@dataclass(frozen=True, slots=True)
class Share:
    """The size of one task: at most so many bytes, and so many calls."""

    size: int
    calls: int

    def tasks(self, calls: Iterable[T], size_of: Callable[[T], int]) -> Iterator[list[T]]:
        """Parts calls into tasks, in their order. A call that is larger is a task of its own."""
        task: list[T] = []
        room = self.size
        for one in calls:
            size = size_of(one)
            if task and (size > room or len(task) >= self.calls):
                yield task
                task, room = [], self.size
            task.append(one)
            room -= size
        if task:
            yield task

    def is_worth_it(self, calls: int, size: int) -> bool:
        """Tells whether so much is worth the way: less than a task is done sooner here."""
        return size >= self.size or calls >= self.calls


MASKS = Share(2 << 20, 64)
"""Pictures are decoded, which takes long for their bytes: some tenths of a second each task.

Each takes six thousandths of a second of scheduler, worker and command beside; and its texts, seven
times as large, are in memory here until they are sent.
"""
BYTES = Share(64 << 20, 512)
"""Files that are only hashed."""


def do_all(calls: Sequence[Call]) -> list[Any]:
    """Makes calls, one after the other; a problem of the user's is an answer as any other."""
    return [_done(one) for one in calls]


def _done(call: Call) -> Any:
    try:
        return call()
    except UserError as problem:
        # The frames that it was raised in hold the picture.
        return problem.with_traceback(None)
    except Exception:
        # A worker that lacks a disk, or memory, or a plug-in says so of sound files. What is really
        # wrong is found again here, and told as it is told on one machine.
        return UNSURE


def settled(calls: Sequence[Call], answers: Sequence[Any]) -> Iterator[Any]:
    """Yields the answers of a task. Those that are not to be believed are found out here."""
    for call, answer in zip(calls, answers, strict=True):
        yield call_again(call) if isinstance(answer, Unsure) else answer


def call_again(call: Call) -> Any:
    """The answer to a call; a UserError or an OSError is one, too."""
    try:
        return call()
    except (UserError, OSError) as error:
        return error

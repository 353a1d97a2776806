"""Masks that somebody else converts; all else of a plan's files is read here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple

from rbsync.applier.content import LocalContent, failed
from rbsync.backends.base import Body, LabelText
from rbsync.errors import UserError
from rbsync.executors.assured import Helpers, Task
from rbsync.executors.batches import MASKS, call_again, settled
from rbsync.model.bucket_paths import is_bucket
from rbsync.model.datapoint import Labels

_Text = tuple[LabelText, str]
_Call = Callable[[], _Text]


class _Wanted(NamedTuple):
    """Labels that are made of masks, and the call that makes them."""

    labels: Labels
    call: _Call


class _Mine(threading.local):
    """The labels that this thread was promised, and the task that brings them."""

    def __init__(self) -> None:
        self.wanted: list[_Wanted] = []
        self.task: Task | None = None
        self.texts: dict[Labels, _Text | UserError | OSError] = {}


class ConvertedElsewhere:
    """The files of a plan; its masks are converted by helpers. Satisfies ``Content``."""

    def __init__(self, local: LocalContent, helpers: Callable[[], Helpers]) -> None:
        self._local, self._helpers = local, helpers
        self._mine = _Mine()

    def open(self, path: str) -> AbstractContextManager[Body]:
        """As `LocalContent.open`."""
        return self._local.open(path)

    def expect(self, labels: Sequence[Labels]) -> None:
        """Hands out the masks among them, where they are worth the way."""
        mine, wanted = self._mine, list(self._wanted(labels))
        mine.texts, mine.task = {}, None
        size = sum(item.size for one in wanted for item in one.labels.inputs)
        # Two are more than one: what is expected is as much as makes a task, or all that is left.
        if len(wanted) > 1 or size >= MASKS.size:
            mine.wanted, mine.task = wanted, self._helpers().hand_out([one.call for one in wanted])

    def labels(self, labels: Labels) -> tuple[LabelText, str]:
        """As `LocalContent.labels`."""
        mine = self._mine
        if mine.task is not None:
            answers = settled([one.call for one in mine.wanted], mine.task.result())
            mine.texts = {
                one.labels: _planned(one, answer)
                for one, answer in zip(mine.wanted, answers, strict=True)
            }
            mine.task = None
        # Once: a file that has changed since is read again by whoever tries again.
        text = mine.texts.pop(labels, None)
        if text is None:
            return self._local.labels(labels)
        if isinstance(text, UserError):
            raise failed(text) from text
        if isinstance(text, OSError):
            raise text
        return text

    def _wanted(self, every: Sequence[Labels]) -> Iterator[_Wanted]:
        # Two datapoints may have one mask.
        for one in dict.fromkeys(every):
            kind = _kind(one)
            if kind is not None and not any(is_bucket(item.ref) for item in one.inputs):
                yield _Wanted(one, self._local.conversion(one, kind))


def _kind(labels: Labels) -> Literal["mask", "segmentation"] | None:
    return labels.kind if labels.kind in ("mask", "segmentation") else None


def _planned(wanted: _Wanted, answer: _Text | UserError | OSError) -> _Text | UserError | OSError:
    """The answer, where it is of the planned files. A worker may see a file as it was before."""
    planned = " ".join(item.content for item in wanted.labels.inputs)
    if isinstance(answer, tuple) and answer[1] != planned:
        again: _Text | UserError | OSError = call_again(wanted.call)
        return again
    return answer

"""Sending what was prepared, and telling what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from rbsync.apply.prepare import Prepared, failure_of
from rbsync.apply.retry import GivenUpError, Retrier
from rbsync.apply.settle import conflict, is_ours
from rbsync.backends.base import Backend, Created, Rejected
from rbsync.model.fingerprint import Facet
from rbsync.model.outcome import Failure
from rbsync.model.plan import Delete, Replace, Update

ADOPTED = "it was there already, with this content"
NOT_THERE = Failure(
    "transient",
    "create",
    "the request was lost and the project does not have it",
    hint="run apply again",
)


class Answer(NamedTuple):
    """What is known after sending one datapoint.

    ``done`` has a task id, ``failed`` a failure. ``doubtful`` means that the answer was lost, and
    ``absent`` that it was looked up since and is not there, so that it may be sent again.
    """

    fate: Literal["done", "failed", "doubtful", "absent"]
    task_id: str = ""
    failure: Failure | None = None
    note: str = ""


class Sender:
    """Asks the backend for changes; each is asked for once unless it was surely not sent."""

    def __init__(self, backend: Backend, retrier: Retrier) -> None:
        self._backend = backend
        self._retrier = retrier

    def create(self, batch: Sequence[Prepared]) -> list[Answer]:
        """Creates a batch."""
        drafts = [one.draft for one in batch]
        try:
            answers = self._retrier.call(lambda: self._backend.create(drafts), repeatable=False)
        except GivenUpError as error:
            failure = failure_of(error, "create")
            fate: Literal["doubtful", "failed"] = (
                "doubtful" if failure.kind == "ambiguous" else "failed"
            )
            return [Answer(fate, failure=failure)] * len(batch)
        return [self._created(one, answer) for one, answer in zip(batch, answers, strict=True)]

    def _created(self, prepared: Prepared, answer: Created | Rejected) -> Answer:
        if isinstance(answer, Created):
            return Answer("done", answer.task_id)
        if answer.failure.kind == "conflict":
            return self.look_up([prepared])[0]
        if answer.failure.kind == "ambiguous":
            return Answer("doubtful", failure=answer.failure)
        return Answer("failed", failure=answer.failure)

    def change(self, prepared: Prepared) -> list[Answer]:
        """Changes one datapoint in place, or replaces it."""
        match prepared.action:
            case Update(task_id=task_id, changed=changed):
                return [self._update(prepared, task_id, changed)]
            case Replace(task_id=task_id):
                return self._replace(prepared, task_id)
            case _:
                return self.create([prepared])

    def _update(self, prepared: Prepared, task_id: str, changed: Sequence[Facet]) -> Answer:
        try:
            self._retrier.call(
                lambda: self._backend.update(task_id, prepared.draft, changed), repeatable=True
            )
        except GivenUpError as error:
            return Answer("failed", failure=failure_of(error, "update"))
        return Answer("done", task_id)

    def _replace(self, prepared: Prepared, task_id: str) -> list[Answer]:
        try:
            self._retrier.call(lambda: self._backend.delete([task_id]), repeatable=True)
        except GivenUpError as error:
            return [Answer("failed", failure=failure_of(error, "delete"))]
        return self.create([prepared])

    def delete(self, batch: Sequence[Delete]) -> list[Answer]:
        """Deletes a batch."""
        task_ids = [one.task_id for one in batch]
        try:
            self._retrier.call(lambda: self._backend.delete(task_ids), repeatable=True)
        except GivenUpError as error:
            return [Answer("failed", failure=failure_of(error, "delete"))] * len(batch)
        return [Answer("done", one.task_id) for one in batch]

    def look_up(self, batch: Sequence[Prepared]) -> list[Answer]:
        """What became of creates whose answer does not say it, from the project itself."""
        names = [one.draft.name for one in batch]
        try:
            found = self._retrier.call(lambda: self._backend.find(names), repeatable=True)
        except GivenUpError as error:
            message = f"nobody knows whether it was created: {error}"
            unknown = Failure("ambiguous", "create", message, hint="run apply again to settle it")
            return [Answer("failed", failure=unknown)] * len(batch)
        answers = []
        for one in batch:
            task = found.get(one.draft.name)
            if task is None:
                answers.append(Answer("absent", failure=NOT_THERE))
            elif is_ours(task, one.draft.fingerprint):
                answers.append(Answer("done", task.task_id, note=ADOPTED))
            else:
                answers.append(Answer("failed", failure=conflict()))
        return answers

"""Carrying: a task is made under its new name with what the old one has, and that is put away.

The service cannot rename. So the order is the safe one. The new task is created first; only when it
is certain to be there, the old one is archived, where nobody can save anything; then its labels are
read once more, for people went on working meanwhile, and what differs is brought over; and only
then it is deleted. Whatever moment a run ends at, the labels are in one of the two. So it is with
priority and metadata, which may still be changed in what is archived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import NamedTuple, TypeVar

from rbsync.applier.action_failures import FailedError, failure_of
from rbsync.applier.carried_labels import (
    has_labels,
    has_noted,
    has_settings,
    is_as_carried,
    labels_of,
    labels_to_carry,
)
from rbsync.applier.comparing import differing
from rbsync.applier.journal import GROUP_SECONDS
from rbsync.applier.overwriting import WORKED_ON_HINT, left_in, worked_on
from rbsync.applier.prepare import Prepared
from rbsync.applier.results import carried, moved, skipped
from rbsync.applier.retrying import GivenUpError, StoppedError
from rbsync.applier.tools import Tools
from rbsync.applier.workers import Workers
from rbsync.backends.base import (
    Backend,
    Draft,
    LabelText,
    Mark,
    MisnamedError,
    NamedTask,
    PutsAway,
    TaskContent,
)
from rbsync.backends.left import UNNOTED
from rbsync.errors import BackendError
from rbsync.model.datapoint import Settings
from rbsync.model.fingerprint import Facet, Fingerprint
from rbsync.model.outcome import Failure, Outcome
from rbsync.model.plan import Create, Move
from rbsync.reasons import AMBIGUOUS, MOVED, UNDONE

BATCH = 50
"""Moves that share their intents, and the requests that put away and delete."""

GONE = "the project does not have it any more"
BOTH = "labels were saved under both names while it was moved"
BOTH_SETTINGS = "priority or metadata were changed under both names while it was moved"
BOTH_HINT = "look at both tasks; `rbsync log NAME` has what was there before"

T = TypeVar("T")


class _Carried(NamedTuple):
    """A move whose new task is there.

    ``labels`` and ``settings`` are those it was made with, if this run did (``is_known``).
    ``is_back`` says that the new task is the one that was to be moved to the old name at first.
    """

    action: Move
    task_id: str
    labels: LabelText | None = None
    settings: Settings | None = None
    is_known: bool = False
    is_back: bool = False


class Carrier:
    """Carries batches of tasks. Workers look and create; the thread that iterates decides."""

    def __init__(self, backend: Backend, tools: Tools, mark: Mark, jobs: int) -> None:
        self._backend = backend
        self._tools = tools
        self._mark = mark
        self._jobs = jobs

    def outcomes(self, moves: Sequence[Move]) -> Iterator[Outcome]:
        """Yields what became of each move, once that is durable. Raises StoreError."""
        with closing(Workers(self._jobs)) as workers:
            for at in range(0, len(moves), BATCH):
                if self._tools.stop.requested:
                    yield from (skipped(one, self._tools.stop.reason) for one in moves[at:])
                    return
                self._carry(moves[at : at + BATCH], workers)
                yield from self._tools.journal.commit()

    def _carry(self, batch: Sequence[Move], workers: Workers) -> None:
        journal = self._tools.journal
        begun = [one for one in map(self._begun, batch) if one is not None]
        begun += self._renamed_back(batch)
        resumed = {one.action.name for one in begun}
        fresh = [one for one in batch if one.name not in resumed]
        journal.intend(fresh)
        made = _all_of(workers, [partial(self._create, one) for one in fresh])
        for action, answer in zip(fresh, made, strict=True):
            self._take(action, answer)
        there = [one for one in made if isinstance(one, _Carried)]
        # Durable before the old task is touched: a run that ends from here on is gone on with.
        journal.note([carried(one.action, one.task_id) for one in there])
        self._finish([*begun, *there])

    def _begun(self, action: Move) -> _Carried | None:
        """The move, if an earlier run has made its new task."""
        record = self._tools.journal.before(action.name)
        if record is None or record.old_name != action.old or not record.task_id:
            return None
        return _Carried(action, record.task_id)

    def _renamed_back(self, batch: Sequence[Move]) -> list[_Carried]:
        """The moves to names that they were being moved from when an earlier run was cut off.

        Where that run had deleted the task of the name, it is made anew as any other.
        """
        asked: dict[str, Move] = {}
        for one in batch:
            first, later = map(self._tools.journal.before, (one.name, one.old))
            if first and first.task_id and later and later.old_name == one.name:
                asked[first.task_id] = one
        if not asked:
            return []
        try:
            found = self._call(lambda: self._backend.look(list(asked)))
        except (FailedError, StoppedError):
            # To finish them fails for the same reason, and that is told.
            return [_Carried(one, task_id, is_back=True) for task_id, one in asked.items()]
        return [
            _Carried(asked[task_id], task_id, is_back=True)
            for task_id, one in found.items()
            if one.task.name == asked[task_id].name
        ]

    def _take(self, action: Move, answer: _Carried | Failure | StoppedError) -> None:
        """Takes in what is no success."""
        journal = self._tools.journal
        if isinstance(answer, Failure):
            self._tools.tally.failure(answer)
            journal.add(*journal.failed(action, answer))
        elif isinstance(answer, StoppedError):
            # Nothing was sent: its intent is taken back.
            before = journal.before(action.name)
            journal.add(skipped(action, self._tools.stop.reason), before)

    def _create(self, action: Move) -> _Carried | Failure | StoppedError:
        """Done by a worker."""
        try:
            return self._created(action)
        except FailedError as error:
            return error.failure
        except StoppedError as error:
            return error

    def _created(self, action: Move) -> _Carried | Failure:
        if self._tools.stop.requested:
            raise StoppedError(BackendError(self._tools.stop.reason), 0, lost=False)
        present = self._looked_at(action)
        busy = "" if action.over else self._busy(action, present)
        if busy:
            return Failure("conflict", "move", f"{busy} meanwhile", hint=WORKED_ON_HINT)
        self._tools.keeper(action, present, None)
        as_left = not self._call(lambda: self._changed(action, present))
        given = self._call(lambda: labels_to_carry(present, as_left=as_left))
        left = present.left if as_left else present.left._replace(members=UNNOTED, labels="")
        mark = self._mark._replace(declined=action.declined, left=left)
        draft = _draft(action, present, given, mark)
        create = Create(action.datapoint, MOVED, action.message)
        (answer,) = self._tools.sender.create([Prepared(create, draft)])
        if answer.fate == "done" and answer.recognised:
            # Another clone made it meanwhile, with what it had then.
            return _Carried(action, answer.task_id)
        if answer.fate == "done":
            return _Carried(action, answer.task_id, given, draft.settings, is_known=True)
        if answer.failure is None or answer.fate == "doubtful":
            message = "nobody knows whether it was made under its new name"
            return Failure(AMBIGUOUS, "move", message, hint="run apply again to settle it")
        return answer.failure._replace(phase="move")

    def _looked_at(self, action: Move) -> TaskContent:
        found = self._call(lambda: self._backend.look([action.task_id]))
        present = found.get(action.task_id)
        if present is None:
            raise FailedError(Failure("conflict", "move", GONE, hint="run plan again"))
        if present.task.name != action.old:
            said = MisnamedError(action.task_id, present.task.name, action.old)
            raise FailedError(Failure("conflict", "move", str(said), hint="run `rbsync refresh`"))
        return present

    def _busy(self, action: Move, present: TaskContent) -> str:
        if action.reason == UNDONE and is_as_carried(present, action.datapoint):
            return ""
        busy = worked_on(present, self._left(action))
        if busy:
            return busy
        return "people changed its labels" if self._changed(action, present) else ""

    def _changed(self, action: Move, present: TaskContent) -> bool:
        return bool(differing(present, self._left(action), facets=("labels",)))

    def _left(self, action: Move) -> Sequence[Fingerprint]:
        return [action.applied, *left_in(self._tools.journal.before(action.old))]

    def _finish(self, every: Sequence[_Carried]) -> None:
        """Puts the old tasks away, brings over what was saved meanwhile, and deletes them."""
        if not every:
            return
        backend = self._backend
        assert isinstance(backend, PutsAway)  # noqa: S101  (who carries was asked)
        by_old = {one.action.old: one for one in every}
        refused: dict[str, Failure] = {}

        def may_go(present: TaskContent, _facet: Facet | None, /) -> bool:
            one = by_old[present.task.name]
            if one.is_back:
                self._tools.keeper(one.action, present, None)
            failure = self._labels_over(backend, one, present)
            failure = failure or self._settings_over(backend, one, present)
            if failure is not None:
                refused[one.action.old] = failure
            return failure is None

        try:
            self._take_out(backend, [one for one in every if one.is_back])
            self._put_away(backend, every, refused)
            tasks = [
                NamedTask(one.action.old, one.action.task_id)
                for one in every
                if one.action.old not in refused
            ]
            self._call(lambda: backend.delete(tasks, may_go))
        except (FailedError, StoppedError) as error:
            for one in every:
                refused.setdefault(one.action.old, _unfinished(error))
        for one in every:
            self._conclude(one, refused.get(one.action.old))

    def _take_out(self, backend: PutsAway, some: Sequence[_Carried]) -> None:
        """Lets people work again in tasks that an earlier run has put away."""
        if some:
            truths = {one.task_id for one in some if one.action.datapoint.settings.ground_truth}
            self._call(lambda: backend.take_out([one.task_id for one in some], truths))

    def _put_away(
        self, backend: PutsAway, every: Sequence[_Carried], refused: dict[str, Failure]
    ) -> None:
        """Sees that nobody can save in the old tasks any more, as far as they are there."""
        # A run that was killed may have deleted them. A request that names one which is gone is
        # refused as a whole, and so often that it would be taken for an outage.
        is_sure = all(one.is_known for one in every)
        there = every if is_sure else self._there(every)
        try:
            self._archive(backend, there)
        except FailedError:
            for one in self._there(there):
                try:
                    self._archive(backend, [one])
                except FailedError as error:
                    refused[one.action.old] = _unfinished(error)

    def _archive(self, backend: PutsAway, some: Sequence[_Carried]) -> None:
        if some:
            self._call(lambda: backend.put_away([one.action.task_id for one in some]))

    def _there(self, some: Sequence[_Carried]) -> Sequence[_Carried]:
        """Those whose old tasks are there, under the old names."""
        found = self._call(lambda: self._backend.look([one.action.task_id for one in some]))
        names = {task_id: one.task.name for task_id, one in found.items()}
        return [one for one in some if names.get(one.action.task_id) == one.action.old]

    def _conclude(self, one: _Carried, failure: Failure | None) -> None:
        journal = self._tools.journal
        if failure is None:
            journal.add_moved(*moved(one.action, one.task_id), one.action.old)
            return
        self._tools.tally.failure(failure)
        before = journal.before(one.action.name) if one.is_back else None
        left = (before or carried(one.action, one.task_id))._replace(failure=failure)
        journal.add(Outcome(one.action.name, "move", "failed", failure=failure), left)

    def _labels_over(
        self, backend: PutsAway, one: _Carried, present: TaskContent
    ) -> Failure | None:
        """Brings labels over that were saved in the old task after it was read.

        Returns why that must not be: nobody may lose what he drew, under either name.
        """
        if one.is_known and has_labels(present, one.labels):
            return None
        new = self._backend.look([one.task_id]).get(one.task_id)
        if new is None:
            return Failure("conflict", "move", GONE, hint="run plan again")
        given = labels_to_carry(present, as_left=False)
        if has_labels(new, given) or self._is_as_given(one, present, new):
            return None
        if not self._is_untouched(one, new):
            return Failure("conflict", "move", BOTH, hint=BOTH_HINT)
        self._tools.keeper(one.action, present, None)
        # None left is a change too: somebody took them all away.
        backend.put_labels(one.task_id, given or LabelText("[]", 0))
        return None

    def _settings_over(
        self, backend: PutsAway, one: _Carried, present: TaskContent
    ) -> Failure | None:
        """Brings priority and metadata over that were changed in the old task after it was read.

        Returns why that must not be.
        """
        given, now = one.settings, present.task.settings(present.storages[0])
        if given and (given.priority, given.metadata) == (now.priority, now.metadata):
            return None
        new = self._backend.look([one.task_id]).get(one.task_id)
        if new is None:
            return Failure("conflict", "move", GONE, hint="run plan again")
        # Of a run that was cut off it is not known what the new one was made with.
        if has_settings(new.task, now) or not (given or self._is_set_anew(one, present)):
            return None
        self._tools.keeper(one.action, present, None)
        if not has_settings(new.task, given) if given else self._is_set_anew(one, new):
            return Failure("conflict", "move", BOTH_SETTINGS, hint=BOTH_HINT)
        backend.put_settings(one.task_id, now.priority, now.metadata)
        return None

    def _is_set_anew(self, one: _Carried, found: TaskContent) -> bool:
        return bool(differing(found, self._left(one.action), facets=("settings",)))

    def _is_as_given(self, one: _Carried, present: TaskContent, new: TaskContent) -> bool:
        """Tells whether nobody has saved in the old task since the new one was made of it.

        Then only the new one may have been worked on, by somebody who found it there.
        """
        if one.is_known:
            return False
        noted = None if present.maps else has_noted(new, labels_of(present))
        return not self._changed(one.action, present) if noted is None else noted

    def _is_untouched(self, one: _Carried, new: TaskContent) -> bool:
        """Tells whether a new task still has the labels that the carry gave it.

        Of a run that was cut off it is not known what those were; then what was noted with the
        task tells, or else what was left in the old one.
        """
        if one.is_known:
            return has_labels(new, one.labels)
        noted = has_noted(new, labels_of(new))
        return not self._changed(one.action, new) if noted is None else noted

    def _call(self, action: Callable[[], T]) -> T:
        """Does what may be done again. Raises FailedError and StoppedError."""
        try:
            return self._tools.sender.retrier.call(action, repeatable=True)
        except StoppedError:
            raise
        except GivenUpError as error:
            raise FailedError(failure_of(error, "move")) from error


def _unfinished(error: FailedError | StoppedError) -> Failure:
    """The failure of what has its new name while the old task is still there.

    It is no doubtful one: all that is left may be done again.
    """
    hint = "run apply again to finish it"
    if isinstance(error, FailedError):
        kind = error.failure.kind
        kind = "transient" if kind == AMBIGUOUS else kind
        return error.failure._replace(kind=kind, phase="move", hint=error.failure.hint or hint)
    return Failure("transient", "move", "the run ended before the old task was put away", hint=hint)


def _draft(action: Move, present: TaskContent, labels: LabelText | None, mark: Mark) -> Draft:
    """The old task as it is, under its new name."""
    storage = present.storages[0]
    declared = tuple(one.ref for one in action.datapoint.items)
    # Items of another number are sent with the update that follows.
    names = declared if len(declared) == len(present.refs) else present.task.items
    items = tuple(zip(names, present.refs, strict=True))
    settings = present.task.settings(storage)
    return Draft(action.name, items, labels, settings, action.applied, present.series, mark)


def _all_of(workers: Workers, tasks: Sequence[Callable[[], T]]) -> list[T]:
    """The results of tasks that are done side by side, in their order."""
    results: dict[int, T] = {}
    for at, task in enumerate(tasks):
        workers.start(task, partial(results.__setitem__, at))
    while workers.unfinished:
        for step in workers.finished(GROUP_SECONDS):
            step()
    return [results[at] for at in range(len(tasks))]

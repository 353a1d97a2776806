"""Sending what was prepared, and telling what came of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal, NamedTuple, TypeVar

from rbsync.applier.action_failures import FailedError, failure_of, is_outage, unsettled
from rbsync.applier.overwriting import Check, Checks
from rbsync.applier.ownership import is_draft
from rbsync.applier.prepare import Prepared
from rbsync.applier.recovery import answered, archived, conflict
from rbsync.applier.retrying import GivenUpError, Retrier, StoppedError
from rbsync.backends.base import (
    Backend,
    Created,
    Draft,
    MisnamedError,
    NamedTask,
    ReadsBack,
    Rejected,
    Task,
    TaskContent,
    every_name,
    no_name,
)
from rbsync.model.fingerprint import Facet, Fingerprint
from rbsync.model.outcome import Failure
from rbsync.model.plan import Create, Delete, Replace, Update
from rbsync.reasons import AMBIGUOUS, CONFLICT, INVALID, REFUSALS, TAKE_IN, Phase

REFRESH_HINT = "correct the state with `rbsync refresh`, then look at `rbsync plan`"
ADOPTED = "it was there already, with this content"
Fate = Literal["done", "failed", "refused", "doubtful", "absent", "missing"]
Left = Callable[[str], Fingerprint | None]
WasRefused = Callable[[str], bool]
IsKnown = Callable[[str, str], bool]
T = TypeVar("T")


class Answer(NamedTuple):
    """The answer that sending one datapoint had.

    ``done`` has a task id, ``failed`` a failure. ``refused`` is a create that was answered in full
    with a no; it is looked up once, for a no is no proof. ``doubtful`` means that the answer was
    lost, and ``absent`` that it was looked up since and is not there, so that it may be sent again
    where it was not refused.
    ``missing`` says that there is nothing of this name to change or delete, and that the task that
    was recorded for it is another's.
    ``answered`` says of one without a result that the service has done with it. What was
    ``recognised`` had been there before it was sent for the first time.
    """

    fate: Fate
    task_id: str = ""
    failure: Failure | None = None
    note: str = ""
    answered: bool = False
    recognised: bool = False

    @property
    def is_lost(self) -> bool:
        """Tells whether the service may be out of order."""
        if self.is_taken_in:
            return False
        return self.fate == "doubtful" or (self.fate == "failed" and is_outage(self.failure))

    @property
    def is_taken_in(self) -> bool:
        """Tells whether the service agreed to make it, later."""
        return self.failure is not None and self.failure.phase == TAKE_IN

    @property
    def is_open(self) -> bool:
        """Tells whether nobody knows what became of it."""
        return self.failure is not None and self.failure.kind == AMBIGUOUS

    @property
    def is_refusal(self) -> bool:
        """Tells whether the service said no, in whatever words; its files may not be there any
        more.
        """
        if self.failure is None:
            return False
        return self.answered or (self.failure.kind == INVALID and self.failure.status is not None)


def _is_new(_name: str, _task_id: str) -> bool:
    return False


class Sender:
    """Asks the backend for changes; each is asked for once unless it was surely not sent."""

    def __init__(
        self,
        backend: Backend,
        retrier: Retrier,
        left: Left,
        check_of: Checks,
        was_refused: WasRefused = lambda _: False,
        is_known: IsKnown = _is_new,
    ) -> None:
        """``left`` tells what was last left at the project under a name.

        ``check_of`` an action is asked before what is there is overwritten. ``was_refused`` tells
        of a name whether an earlier run was refused its create, and ``is_known`` of a name and the
        id that its create was answered with whether that may be of a task that was there before.
        """
        self._is_known = is_known
        self._answered: set[str] = set()
        self._was_refused = was_refused
        self._backend = backend
        self._retrier = self.retrier = retrier
        self._left = left
        self._check_of = check_of

    def wait(self) -> None:
        """Waits while the service wants no requests, unless the run is being stopped."""
        self._retrier.wait()

    def send(self, batch: Sequence[Prepared]) -> list[Answer]:
        """Creates a batch; or changes or replaces one datapoint, which comes alone.

        Raises StoppedError when the run is stopped before anything was sent.
        """
        action = batch[0].action
        # The old task of a replace was deleted in an earlier attempt. To delete again would take
        # away what a lost create may just have made.
        if isinstance(action, Create) or batch[0].gone:
            return self._create(batch)
        try:
            if isinstance(action, Update):
                return [self._update(action, batch[0].draft)]
            (deleted,) = self._delete([action])
        except FailedError as error:
            refused = error.answered and isinstance(action, Update)
            return [Answer("failed", failure=error.failure, answered=refused)]
        return [deleted] if deleted.fate == "failed" else self._create_again(batch)

    def _update(self, action: Update, draft: Draft) -> Answer:
        check = self._check_of(action)
        draft = draft._replace(left=check.left)

        def update(task_id: str) -> Answer:
            update = self._backend.update
            self._call("update", lambda: update(task_id, draft, action.changed, check))
            return Answer("done", task_id)

        try:
            return update(action.task_id)
        except MisnamedError as error:
            found = self._rightful({action.name: str(error)}, "update")[action.name]
            return found if found.fate != "done" else update(found.task_id)
        except FailedError:
            if check.refusal is None:
                raise
            return Answer("failed", failure=check.refusal)

    def create(self, batch: Sequence[Prepared]) -> list[Answer]:
        """Creates a batch. Raises StoppedError when the run is stopped before that."""
        return self._create(batch)

    def _create(self, batch: Sequence[Prepared]) -> list[Answer]:
        # A service may have done what it refused, once nobody looked any more.
        suspects = [one for one in batch if self._was_refused(one.name)]
        looked_up = self.look_up(suspects) if suspects else []
        known = {
            one.name: answer
            for one, answer in zip(suspects, looked_up, strict=True)
            if answer.fate != "absent"
        }
        rest = [one for one in batch if one.name not in known]
        made = dict(zip((one.name for one in rest), self._made(rest), strict=True)) if rest else {}
        return [{**known, **made}[one.name] for one in batch]

    def _made(self, batch: Sequence[Prepared]) -> list[Answer]:
        drafts = [one.draft for one in batch]
        try:
            # The one request that must never be made twice: the service has no key by which it
            # could tell a repetition.
            told = self._call("create", lambda: self._backend.create(drafts), repeatable=False)
        except FailedError as error:
            answers = [_refusal(error.failure, answered=error.answered)] * len(batch)
        else:
            answers = [
                self._trusted(prepared, _answer(one))
                for prepared, one in zip(batch, told, strict=True)
            ]
        return self._settled(batch, answers)

    def _trusted(self, prepared: Prepared, answer: Answer) -> Answer:
        """The answer, once what it speaks of was read back where it may be of another task.

        A service may answer a create of a name that is taken with the ids of who has it.
        """
        task_id = answer.task_id
        if answer.fate != "done" or not isinstance(self._backend, ReadsBack):
            return answer
        is_old = task_id in self._answered or self._is_known(prepared.name, task_id)
        self._answered.add(task_id)
        if not is_old:
            return answer
        backend = self._backend
        try:
            task = self._retrier.call(lambda: backend.made(task_id), repeatable=True, lane="read")
        except GivenUpError:
            return Answer("doubtful", answered=True)
        found = _looked_up(prepared.draft, task, backend.capabilities.stamps)
        if found.fate == "absent":
            return Answer("doubtful", answered=True)
        return found if found.fate == "failed" or found.recognised else answer

    def _create_again(self, batch: Sequence[Prepared]) -> list[Answer]:
        """Creates what was deleted for that."""
        try:
            return self._create(batch)
        except StoppedError as error:
            return [Answer("failed", failure=failure_of(error, "create"))] * len(batch)

    def _settled(self, batch: Sequence[Prepared], answers: Sequence[Answer]) -> list[Answer]:
        """The answers, with names that are taken looked up: what has the name may be ours."""
        # "The name is taken" is also the answer to our own create whose first answer was lost on
        # the way. The task that has the name tells which it was.
        taken = [one for one, answer in zip(batch, answers, strict=True) if _is_taken(answer)]
        if not taken:
            return list(answers)
        found = dict(zip((one.name for one in taken), self.look_up(taken), strict=True))
        return [
            _met(found[one.name]) if one.name in found else answer
            for one, answer in zip(batch, answers, strict=True)
        ]

    def delete(self, batch: Sequence[Delete]) -> list[Answer]:
        """Deletes a batch."""
        try:
            return self._delete(batch)
        except FailedError as error:
            return [Answer("failed", failure=error.failure)] * len(batch)
        except StoppedError as error:
            return [Answer("failed", failure=failure_of(error, "delete"))] * len(batch)

    def _delete(self, actions: Sequence[Delete | Replace]) -> list[Answer]:
        """Deletes tasks that have their names; for one that has not, the task that has it."""
        checks = {one.name: self._check_of(one) for one in actions}

        def may(present: TaskContent, facet: Facet | None, /) -> bool:
            return checks[present.task.name](present, facet)

        tasks = [NamedTask(one.name, one.task_id) for one in actions]
        others = self._call("delete", lambda: self._backend.delete(tasks, may))
        why = {
            one.name: str(MisnamedError(one.task_id, others[one.task_id], one.name))
            for one in tasks
            if others.get(one.task_id, one.name) != one.name
        }
        found = self._rightful(why, "delete") if why else {}
        right = [NamedTask(name, one.task_id) for name, one in found.items() if one.fate == "done"]
        # Deleted by the id that the name has now, never by name: the service's deletes know ids
        # only, and a recorded id may be another datapoint's after a restore.
        if right:
            self._call("delete", lambda: self._backend.delete(right, may))
        return [
            _refused(checks[one.name]) or found.get(one.name, Answer("done", one.task_id))
            for one in tasks
        ]

    def _rightful(self, why: Mapping[str, str], phase: Phase) -> dict[str, Answer]:
        """The tasks that names have, where the recorded ones are other datapoints'.

        ``why`` says so, by name. Raises FailedError when the project does not tell.
        """
        found = self._call(phase, lambda: self._find(list(why)))
        stamps = self._backend.capabilities.stamps
        return {
            name: rightful(name, found.get(name), self._left(name), said, phase, stamps=stamps)
            for name, said in why.items()
        }

    def _find(self, names: Sequence[str]) -> dict[str, Task]:
        """The tasks of names; where stamps tell whose they are, labels are not fetched for that."""
        stamps = self._backend.capabilities.stamps
        return self._backend.find(names, counted=no_name if stamps else every_name)

    def look_up(self, batch: Sequence[Prepared]) -> list[Answer]:
        """Returns what became of creates whose answer does not say it, from the project itself."""
        names = [one.name for one in batch]
        found: Mapping[str, Task] = {}
        unknown: Collection[str] = ()
        why = ""
        try:
            found = self._retrier.call(lambda: self._find(names), repeatable=True, lane="read")
        except GivenUpError as given_up:
            found, unknown = answered(given_up.error, names)
            why = str(given_up)
        stamps = self._backend.capabilities.stamps
        return [
            Answer("failed", failure=unsettled("create", why))
            if one.name in unknown
            else _looked_up(one.draft, found.get(one.name), stamps)
            for one in batch
        ]

    def _call(self, phase: Phase, action: Callable[[], T], *, repeatable: bool = True) -> T:
        try:
            return self._retrier.call(action, repeatable=repeatable)
        except StoppedError:
            raise
        except GivenUpError as error:
            if isinstance(error.error, MisnamedError):
                raise error.error from error
            raise FailedError(failure_of(error, phase), answered=error.error.answered) from error


def _refused(check: Check) -> Answer | None:
    return Answer("failed", failure=check.refusal) if check.refusal else None


def rightful(
    name: str, task: Task | None, left: Fingerprint | None, said: str, phase: Phase, *, stamps: bool
) -> Answer:
    """The task that has a name, when it still has what was left under that name.

    ``said`` is what is wrong with the recorded task.
    """
    if task is None:
        return Answer("missing", note=f"{said}; there is no `{name}`, and nothing was done to it")
    if task.stamp == left if stamps or task.stamp else left is not None:
        return Answer("done", task.task_id)
    message = f"{said}; the one of this name is task {task.task_id} and is not as it was left"
    return Answer("failed", failure=Failure("conflict", phase, message, hint=REFRESH_HINT))


def _answer(told: Created | Rejected) -> Answer:
    if isinstance(told, Created):
        return Answer("done", told.task_id)
    failure = told.failure
    return _refusal(failure if failure.phase == TAKE_IN else failure._replace(phase="create"))


def _refusal(failure: Failure, *, answered: bool = False) -> Answer:
    if failure.kind == AMBIGUOUS:
        return Answer("doubtful", failure=failure, answered=answered)
    # By its status, which every answer of a service has: a batch tells of each of its members, and
    # what was found to be wrong here was not sent.
    is_told = failure.status == 200 and failure.kind in REFUSALS
    return Answer("refused" if is_told else "failed", failure=failure, answered=answered)


def _is_taken(answer: Answer) -> bool:
    return answer.failure is not None and answer.failure.kind == CONFLICT


def _met(found: Answer) -> Answer:
    """The answer for what is said to be there: not seen yet, it is looked up again later."""
    return Answer("doubtful", answered=True) if found.fate == "absent" else found


def not_there(last_words: str) -> Failure:
    """The failure of a create that was sent again and again and is not there.

    ``last_words`` are the service's own, when it said something.
    """
    message = "it was sent several times, and the project does not have it"
    told = f"{message}; the last answer was: {last_words}" if last_words else message
    return Failure("transient", "create", told, hint="run apply again")


def _looked_up(draft: Draft, task: Task | None, stamps: bool) -> Answer:
    if task is None:
        return Answer("absent")
    if task.archived:
        return Answer("failed", failure=archived())
    if is_draft(task, draft, stamps=stamps):
        # A create whose answer was lost meets itself. Its stamp says which run of which state it is
        # of; without stamps nobody can tell, and it counts as made here.
        is_other = stamps and task.mark[:2] != draft.mark[:2]
        return Answer("done", task.task_id, note=ADOPTED, recognised=is_other)
    return Answer("failed", failure=conflict())

"""One look: plans and applies as by hand, but for what has to wait."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Protocol

from rbsync.applier.cancellation import Cancellation
from rbsync.errors import BackendError, ExitCode
from rbsync.model.outcome import Outcome, Report
from rbsync.model.plan import Effect, Plan
from rbsync.reasons import AUTH, PASSING
from rbsync.sync.applying import ApplyOptions, apply_plan, plan_to_apply
from rbsync.sync.plan_options import policy_of
from rbsync.sync.workspace import Workspace
from rbsync.watcher.announcing import Announcer
from rbsync.watcher.board import Board
from rbsync.watcher.grace import Grace
from rbsync.watcher.hindrances import Hindrances
from rbsync.watcher.narrowing import allowed, desired_of, narrowed
from rbsync.watcher.retries import Retries
from rbsync.watcher.telling import Teller
from rbsync.watcher.watch_options import WatchOptions

LOCK_TIMEOUT = 5.0
"""Seconds for which a state that somebody else writes is waited for. Then the next look asks again.

An apply by hand may take an hour. Meanwhile a watch has to end by a signal, and to give signs of
life.
"""


class Life(Protocol):
    """Is told that the work goes on."""

    def alive(self) -> None:
        """Something was done just now."""


class Looker:
    """Plans and applies, and remembers what failed and what is gone."""

    def __init__(
        self,
        options: WatchOptions,
        hindrances: Hindrances,
        board: Board,
        retries: Retries,
        announcer: Announcer,
        teller: Teller,
        life: Life,
    ) -> None:
        self._options, self._hindrances, self._board = options, hindrances, board
        self._announcer, self._teller, self._life = announcer, teller, life
        self.retries, self.grace = retries, Grace(options.grace)
        self.last = ExitCode.DONE
        """The exit code that `apply` would have had."""

    def look(
        self, workspace: Workspace, stop: Cancellation, may_delete: Callable[[], bool]
    ) -> None:
        """Does what is to be done now; ``stop`` ends it early.

        ``may_delete`` is asked after the files were listed: what it knows of must be as it was.

        Raises what `plan_to_apply` and `apply_plan` raise, and BackendError for a key that the
        service does not accept.
        """
        options = self._apply_options(stop)
        plan = plan_to_apply(workspace, options, nullcontext())
        if stop.requested:
            return
        self.retries.keep(one.name for one in plan.singled_out if isinstance(one, Effect))
        self._board.note(blocked=self._hindrances.note(plan))
        left = self._allowed(workspace, plan, deletes=may_delete())
        if self._options.plan_only:
            self._teller.planned(left)
            self.last = left.apply_exit_code
            return
        self._board.note(in_flight=len(left.effects))
        if left.effects:
            self._teller.standing(self._board.standing())
        self._take(apply_plan(workspace, left, options), left)

    def _allowed(self, workspace: Workspace, plan: Plan, *, deletes: bool) -> Plan:
        """The part of a plan that neither waits nor is held back by the guard."""
        now = time.monotonic()
        due = narrowed(plan, self.retries, self.grace, now, deletes=deletes)
        left, refused = allowed(due, policy_of(workspace, self._options.planning))
        if refused is None:
            self._announcer.over("guard")
        else:
            text = f"the guard holds back a part: {refused.message}"
            self._announcer.say("guard", text, refused.hint)
        return left

    def _apply_options(self, stop: Cancellation) -> ApplyOptions:
        return ApplyOptions(
            planning=self._options.planning,
            renewal="unsettled",
            jobs=self._options.jobs,
            lock_timeout=LOCK_TIMEOUT,
            # Nobody stands by to start it again: an outage of a night must not end the watch.
            give_up_after=math.inf,
            stop=stop,
            done=self._done,
            sent=lambda _: self._life.alive(),
            outage=self._teller.outage,
            command="watch",
        )

    def _done(self, outcome: Outcome) -> None:
        self._life.alive()
        # Failures are told in `_take`, once: one that comes with every look would fill the log.
        if outcome.result != "failed":
            self._teller.outcome(outcome)

    def _take(self, report: Report, plan: Plan) -> None:
        self.last = report.exit_code
        now = time.monotonic()
        applied = ("applied", "removed")
        # One by one: the outcomes of a burst are packed, and would be 15 MB of objects.
        if self.retries:
            done = (one.name for one in report.outcomes if one.result in applied)
            self.retries.succeeded(done, now)
        self._board.count(one for one in report.outcomes if one.result in applied)
        if report.count("accepted"):
            self._hindrances.note_accepted(report.outcomes)
        if failures := report.failures:
            self._take_failures(failures, plan, now)
            _check_key(failures)

    def _take_failures(self, failures: Sequence[Outcome], plan: Plan, now: float) -> None:
        names = {one.name for one in failures}
        desired = {one.name: desired_of(one) for one in plan.effects if one.name in names}
        for one, failure in ((one, one.failure) for one in failures if one.failure):
            passes = failure.kind in PASSING
            wanted = desired.get(one.name)
            is_new = self.retries.failed(one.name, wanted, failure.words, now, passes=passes)
            # A file that changed meanwhile is no failure: the next look sends what it is then.
            if is_new and failure.kind != "changed":
                self._teller.outcome(one)


def _check_key(failures: Sequence[Outcome]) -> None:
    """Raises BackendError when the service did not accept the key: nothing else will do better."""
    for one in failures:
        if one.failure is not None and one.failure.kind == AUTH:
            raise BackendError(one.failure.message, kind=AUTH, hint=one.failure.hint)

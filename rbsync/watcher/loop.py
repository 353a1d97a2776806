"""The loop: looks, each of which plans and applies as by hand, and waits between them."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue

from rbsync.applier.cancellation import INTERRUPTED, Cancellation
from rbsync.errors import (
    BackendError,
    ExitCode,
    LockedError,
    Problem,
    RbsyncError,
    StaleError,
    UserError,
)
from rbsync.files.readiness import Readiness
from rbsync.files.roots import Roots
from rbsync.manifest.load import Manifest
from rbsync.model.outcome import Outcome, Report
from rbsync.model.plan import Blocked, Effect, Plan
from rbsync.reasons import AUTH, INVALID, UNKNOWN
from rbsync.sync.applying import ApplyOptions, apply_plan, plan_to_apply
from rbsync.sync.planning import PlanOptions, policy_of
from rbsync.sync.workspace import Workspace
from rbsync.watcher import lease
from rbsync.watcher.completeness import LONG_OPEN, Completeness
from rbsync.watcher.disks import shared_kind
from rbsync.watcher.flushing import Flush
from rbsync.watcher.grace import GRACE, Grace
from rbsync.watcher.hints import Hints, limit_of
from rbsync.watcher.narrowing import allowed, desired_of, narrowed
from rbsync.watcher.retries import Retries
from rbsync.watcher.schedule import FOREVER, Schedule
from rbsync.watcher.supervision import Supervision, notify
from rbsync.watcher.telling import Message, Standing, Teller

TICK = 1.0
"""Seconds after which the status is shown anew while something waits."""

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 60.0
"""Seconds between two looks that fail as a whole, as with a key that is not accepted."""

Open = Callable[[Manifest, Readiness, Cancellation], AbstractContextManager[Workspace]]


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """The options of a watch; times in seconds.

    ``poll`` looks so often instead of waiting for events, None where events are to be had.
    ``once`` ends when nothing is left to wait for, or after ``timeout``.
    """

    settle: float = 2.0
    group: float = 30.0
    rescan: float = 600.0
    grace: float = GRACE
    poll: float | None = None
    once: bool = False
    plan_only: bool = False
    timeout: float | None = None
    planning: PlanOptions = field(default_factory=lambda: PlanOptions(keep_going=True))
    jobs: int | None = None


class Watch:
    """Keeps a project in step with the files that a manifest names, until it is told to end."""

    def __init__(
        self,
        load: Callable[[], Manifest],
        open_: Open,
        teller: Teller,
        options: WatchOptions,
        supervision: Supervision,
    ) -> None:
        """``load`` reads the manifest anew. Raises UserError when it is wrong from the start."""
        self._load, self._open, self._teller = load, open_, teller
        self._options, self._supervision = options, supervision
        self._manifest = load()
        root = self._manifest.root
        self._complete = Completeness(root, settle=options.settle, group=options.group)
        self._schedule = Schedule(options.settle, options.rescan, options.poll)
        self._retries, self._grace = Retries(), Grace(options.grace)
        self._news: SimpleQueue[None] = SimpleQueue()
        self._hints = Hints(root, self._hinted, self._overflown, supervision.health)
        self._flushes: list[Flush] = []
        self._asked: SimpleQueue[Flush] = SimpleQueue()
        self._stop = Cancellation()
        self._ends: ExitCode | None = None
        self._said: dict[str, str] = {}
        self._pause = 0.0
        self._fails_until = 0.0
        self._standing = Standing()
        self._last = ExitCode.DONE
        self._left: list[str] = []
        self._started = time.monotonic()

    def end(self, code: ExitCode) -> None:
        """Ends the loop: what runs ends and is recorded. A signal handler may call it."""
        self._ends = code
        self._stop.request(INTERRUPTED)
        self._news.put(None)

    @property
    def ends(self) -> bool:
        """Tells whether it was told to end."""
        return self._ends is not None

    @property
    def standing(self) -> Standing:
        """Returns how things stand."""
        return self._stands()

    def flush(self, request: Flush) -> None:
        """Takes a request that all is applied that is there. Any thread may call it."""
        self._asked.put(request)
        self._news.put(None)

    def run(self) -> ExitCode:
        """Looks and waits until it is told to end, or with ``once`` until all is done."""
        lease.expect_signals()
        self._choose_polling()
        try:
            while self._ends is None:
                self._turn()
        finally:
            notify("STOPPING=1")
            self._hints.close()
        return self._ends

    def _turn(self) -> None:
        self._take_requests()
        now = time.monotonic()
        if self._complete.next_due() <= now and not self._is_due(now):
            self._ask_waiting()
        if self._is_due(now):
            self._look()
        if self._options.once and self._ends is None:
            self._end_if_done()
        if self._ends is None:
            self._wait()

    def _is_due(self, now: float) -> bool:
        due = min(self._schedule.due(), self._retries.next_due(), self._grace.next_due())
        return max(due, self._fails_until) <= now

    def _ask_waiting(self) -> None:
        """Asks the files that wait, which costs next to nothing; a look only when one is ready."""
        roots = Roots(self._manifest.root, self._manifest.settings.roots)
        if self._complete.ask_again(roots):
            self._schedule.ask()
        self._tell_long_open()

    def _wait(self) -> None:
        now = time.monotonic()
        looks = min(self._schedule.due(), self._retries.next_due(), self._grace.next_due())
        until = min(max(looks, self._fails_until), self._complete.next_due())
        pause = min(until - now, self._supervision.pause)
        if self._standing.waiting:
            pause = min(pause, TICK)
        with suppress(Empty):
            self._news.get(timeout=None if math.isinf(pause) else max(pause, 0.0))
        self._supervision.alive()
        if self._standing.waiting:
            self._teller.standing(self._stands())

    def _take_requests(self) -> None:
        while not self._news.empty():
            self._news.get()
        if self._schedule.poll is None and self._hints.has_ended():
            self._hints.close()
            self._poll_because("watching the folders has ended", "")
        while not self._asked.empty():
            self._flushes.append(self._asked.get())
            self._retries.hurry()
            self._fails_until = 0.0
            self._schedule.ask()

    def _hinted(self) -> None:
        self._schedule.hint(time.monotonic())
        self._news.put(None)

    def _overflown(self) -> None:
        self._schedule.ask()
        self._news.put(None)

    def _choose_polling(self) -> None:
        if self._options.poll is not None:
            return
        kind = shared_kind(self._manifest.root)
        if kind:
            self._poll_because(f"the folder lies on {kind}, whose changes raise no events", "")

    def _poll_because(self, why: str, hint: str) -> None:
        self._schedule.poll = max(self._options.settle, TICK)
        self._schedule.ask()
        self._say("polling", f"{why}: polling instead", hint)

    def _look(self) -> None:
        began = time.monotonic()
        self._schedule.begun()
        self._complete.look_begins()
        self._stop = Cancellation()
        if self._ends is not None:
            return
        self._take_manifest()
        try:
            with self._open(self._manifest, self._complete, self._stop) as workspace:
                self._plan_and_apply(workspace)
                self._watch(workspace.inputs.tree.folders())
        except StaleError:
            # Somebody else applied, or edited the manifest, between the plan and now.
            self._schedule.ask()
        except RbsyncError as error:
            self._failed(error)
        else:
            self._fails_until = self._pause = 0.0
            for code in ("error", "auth", "locked"):
                self._said.pop(code, None)
            self._answer_flushes(began)
        took = time.monotonic() - began
        self._schedule.ended(time.monotonic(), took)
        self._conclude(took)

    def _take_manifest(self) -> None:
        """Reads the manifest anew; the last good one stays in force while it is broken."""
        try:
            self._manifest = self._load()
        except (UserError, OSError) as error:
            text = f"the manifest is broken, and the last good one stays in force: {error}"
            self._say("manifest", text)
        else:
            if self._said.pop("manifest", None):
                self._teller.message(Message("manifest-mended", "the manifest is in order again"))

    def _plan_and_apply(self, workspace: Workspace) -> None:
        options = self._apply_options()
        plan = plan_to_apply(workspace, options, nullcontext())
        if self._stop.requested:
            return
        now = time.monotonic()
        self._retries.keep(frozenset(one.name for one in plan.effects))
        self._note_blocked(plan)
        left, refused = allowed(
            narrowed(plan, self._retries, self._grace, now), policy_of(workspace, options.planning)
        )
        if refused is not None:
            self._say("guard", f"the guard holds back a part: {refused.message}", refused.hint)
        else:
            self._said.pop("guard", None)
        if self._options.plan_only:
            self._teller.planned(left)
            self._last = left.apply_exit_code
            return
        self._standing = replace(self._standing, in_flight=len(left.effects))
        if left.effects:
            self._teller.standing(self._stands())
        self._take_report(apply_plan(workspace, left, options), left)

    def _apply_options(self) -> ApplyOptions:
        return ApplyOptions(
            planning=self._options.planning,
            renewal="unsettled",
            jobs=self._options.jobs,
            give_up_after=math.inf,
            stop=self._stop,
            done=self._done,
            sent=lambda _: self._supervision.alive(),
            outage=self._teller.outage,
            command="watch",
        )

    def _done(self, outcome: Outcome) -> None:
        self._supervision.alive()
        if outcome.result != "failed":
            self._teller.outcome(outcome)

    def _take_report(self, report: Report, plan: Plan) -> None:
        self._last = report.exit_code
        desired = {one.name: desired_of(one) for one in plan.effects if isinstance(one, Effect)}
        now = time.monotonic()
        counts = {"create": 0, "update": 0, "delete": 0}
        for one in report.outcomes:
            if one.failure is not None and one.result == "failed":
                is_new = self._retries.failed(
                    one.name, desired.get(one.name), one.failure.message, now
                )
                # A file that changed meanwhile is no failure: the next look sends what it is then.
                if is_new and one.failure.kind != "changed":
                    self._teller.outcome(one)
            elif one.result in ("applied", "removed"):
                self._retries.succeeded(one.name)
                counts[one.action if one.action in counts else "update"] += 1
        self._standing = replace(
            self._standing,
            created=self._standing.created + counts["create"],
            updated=self._standing.updated + counts["update"],
            deleted=self._standing.deleted + counts["delete"],
        )
        self._pause_for_auth(report)

    def _pause_for_auth(self, report: Report) -> None:
        failures = [one.failure for one in report.outcomes if one.failure is not None]
        refused = [one for one in failures if one.kind == AUTH]
        if refused:
            raise BackendError(refused[0].message, kind=AUTH, hint=refused[0].hint)

    def _note_blocked(self, plan: Plan) -> None:
        blocked = [one for one in plan.actions if isinstance(one, Blocked)]
        self._say_unread(plan)
        # A folder that cannot be read blocks all that was ever in it. That is told once, not
        # 40,000 times.
        if plan.unread:
            blocked = [one for one in blocked if one.reason != UNKNOWN]
        waiting = self._complete.waiting()
        # Of a file that is not finished it is known already that it waits.
        unfinished = {one.path for one in waiting}
        told = [one for one in blocked if not _speaks_of(one, unfinished)]
        for one in told:
            if self._said.get(f"blocked {one.name}") != one.message:
                self._said[f"blocked {one.name}"] = one.message
                self._teller.blocked(one.name, Problem(one.reason, one.message))
        names = {f"blocked {one.name}" for one in told}
        for key in [one for one in self._said if one.startswith("blocked ") and one not in names]:
            del self._said[key]
        self._left = [
            f"{one.name}: {one.message}" for one in told if one.reason in (INVALID, UNKNOWN)
        ]
        self._left = [*map(str, plan.unread), *self._left]
        for waits in waiting:
            if self._said.get(f"waits {waits.path}") != waits.why:
                self._said[f"waits {waits.path}"] = waits.why
                self._teller.waits(waits)
        self._standing = replace(self._standing, blocked=len(told))
        for why, path in list(self._complete.unproven.items()):
            text = f"nobody can tell whether {path} has a writer: {why}; the quiet time is longer"
            self._say(f"unproven {why}", text)

    def _say_unread(self, plan: Plan) -> None:
        if plan.unread:
            first = plan.unread[0]
            text = f"{first._replace(hint='')}: nothing is deleted while it is so"
            self._say("unread", text, first.hint)
        else:
            self._said.pop("unread", None)

    def _failed(self, error: RbsyncError) -> None:
        if self._options.once:
            raise error
        self._last = error.exit_code
        if self._stop.requested and self._ends is not None:
            return
        self._pause = min(2 * self._pause, LONGEST_PAUSE) if self._pause else FIRST_PAUSE
        self._fails_until = time.monotonic() + self._pause
        self._schedule.ask()
        code = "error"
        if isinstance(error, LockedError):
            code = "locked"
        elif isinstance(error, BackendError) and error.kind == AUTH:
            code = "auth"
        self._left = [str(error)]
        self._say(code, str(error), error.hint)

    def _watch(self, folders: list[str]) -> None:
        self._standing = replace(self._standing, folders=len(folders))
        if self._schedule.poll is not None or self._options.once:
            return
        try:
            if self._hints.watch(folders):
                # What changed before the watches stood raised no event.
                self._schedule.ask()
        except OSError as error:
            message, hint = limit_of(error)
            self._hints.close()
            self._poll_because(message, hint)

    def _answer_flushes(self, began: float) -> None:
        self._flushes = [
            one for one in self._flushes if not one.look_ended(began, self._left_of(one))
        ]

    def _left_of(self, request: Flush) -> list[str]:
        """Returns what was closed before a request and is not applied."""
        # A file that somebody has open was not closed, and what changed since was closed later.
        unfinished = [
            f"{one.path}: {one.message}"
            for one in self._complete.waiting()
            if one.why in ("quiet", "group") and one.changed <= request.asked_ns
        ]
        return [*unfinished, *self.left]

    def _conclude(self, took: float) -> None:
        is_first = not self._standing.looks
        self._standing = replace(
            self._standing, in_flight=0, looks=self._standing.looks + 1, last_look=time.time()
        )
        standing = self._stands()
        self._teller.look(standing, took)
        if is_first:
            notify("READY=1")
        self._supervision.tell(_facts(standing, self._last))

    @property
    def left(self) -> list[str]:
        """Returns what is not applied, each with its reason."""
        failed = [f"{name}: it failed" for name in self._retries.names]
        return [*self._left, *failed]

    def _stands(self) -> Standing:
        waiting = tuple(self._complete.waiting())
        self._standing = replace(self._standing, waiting=waiting, failed=len(self._retries))
        return self._standing

    def _tell_long_open(self) -> None:
        now = time.monotonic()
        for one in self._complete.waiting():
            if one.why == "writer" and now - one.since >= LONG_OPEN:
                pid = lease.holder(os.path.join(self._manifest.root, one.path))
                who = f" by process {pid}" if pid else ""
                text = f"{one.path} is open for writing{who} for over ten minutes"
                self._say(f"open {one.path}", text)

    def _end_if_done(self) -> None:
        out_of_time = (
            self._options.timeout is not None
            and time.monotonic() - self._started >= self._options.timeout
        )
        now = time.monotonic()
        still = [one for one in self._complete.waiting() if one.why != "name"]
        is_busy = still or self._grace.next_due() < FOREVER or self._schedule.due() <= now
        if is_busy and not out_of_time:
            return
        if still or self._retries.names:
            self._ends = ExitCode.SOME_FAILED
        else:
            self._ends = self._last

    def _say(self, code: str, text: str, hint: str = "") -> None:
        """Says something once: the same again only after something else, or once it was over."""
        if self._said.get(code) != text:
            self._said[code] = text
            self._teller.message(Message(code.split(" ")[0], text, hint))


def _speaks_of(action: Blocked, unfinished: set[str]) -> bool:
    return action.name in unfinished or any(f"`{path}`" in action.message for path in unfinished)


def _facts(standing: Standing, last: ExitCode) -> dict[str, object]:
    return {
        "looks": standing.looks,
        "last_look": round(standing.last_look, 1),
        "waiting": len(standing.waiting),
        "done": standing.done,
        "failed": standing.failed,
        "blocked": standing.blocked,
        "code": int(last),
    }

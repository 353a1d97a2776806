"""All that stands in the way of files: each is told once, and again once it was over."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence

from rbsync.errors import Problem
from rbsync.model.outcome import Outcome
from rbsync.model.plan import Blocked, Plan
from rbsync.reasons import ACCEPTED, INVALID, UNKNOWN, UNSETTLED
from rbsync.watcher import lease
from rbsync.watcher.announcing import Announcer
from rbsync.watcher.completeness import LONG_OPEN, Completeness, Waiting
from rbsync.watcher.telling import Teller

_OPEN = (UNSETTLED, ACCEPTED)
_LEFT = (INVALID, UNKNOWN, *_OPEN)
"""Why a datapoint is not applied that somebody who flushes counts on."""

_ACCEPTED = "the service will make it, and does not show it yet"


class Hindrances:
    """Tells what is not applied and why, and knows what is left."""

    def __init__(
        self, root: str, complete: Completeness, teller: Teller, announcer: Announcer
    ) -> None:
        self._root, self._complete = root, complete
        self._teller, self._announcer = teller, announcer
        self.left: list[str] = []
        """What the last look found and did not plan, each with its reason."""
        self.unread: Sequence[Problem] = ()
        """What could not be read in the last look; nothing is deleted while it is so."""
        self.is_open = False
        """Of something that was sent nobody knows yet what became of it."""

    def note(self, plan: Plan) -> int:
        """Tells what a plan leaves out, and returns how many datapoints are blocked."""
        self._say_unread(plan)
        waiting = self._complete.waiting()
        told = _worth_telling(plan, waiting)
        self._tell_blocked(told)
        self._tell_waiting(waiting)
        self._tell_unproven()
        self._tell_assumed()
        left = [f"{one.name}: {one.message}" for one in told if one.reason in _LEFT]
        self.left = [*map(str, plan.unread), *left]
        self.is_open = any(one.reason in _OPEN for one in told)
        return len(told)

    def note_accepted(self, outcomes: Iterable[Outcome]) -> None:
        """Takes in what the service agreed to make, and does not show yet."""
        some = [f"{one.name}: {_ACCEPTED}" for one in outcomes if one.result == "accepted"]
        self.left += some
        self.is_open |= bool(some)

    def _say_unread(self, plan: Plan) -> None:
        self.unread = plan.unread
        if plan.unread:
            first = plan.unread[0]
            text = f"{first._replace(hint='')}: nothing is deleted while it is so"
            self._announcer.say("unread", text, first.hint)
        else:
            self._announcer.over("unread")

    def _tell_blocked(self, told: Sequence[Blocked]) -> None:
        self._announcer.keep("blocked", {one.name for one in told})
        for one in told:
            if self._announcer.is_news("blocked", one.message, one.name):
                self._teller.blocked(one.name, Problem(one.reason, one.message))

    def _tell_waiting(self, waiting: Sequence[Waiting]) -> None:
        self._announcer.keep("waits", {one.path for one in waiting})
        for one in waiting:
            # By the reason: a message may count files, and each file that comes would be news.
            if self._announcer.is_news("waits", one.why, one.path):
                self._teller.waits(one)

    def _tell_unproven(self) -> None:
        for why, path in list(self._complete.unproven.items()):
            # Once a reason, not once for each file that it is met at.
            if not self._announcer.has_said("unproven", why):
                text = f"nobody can tell whether {path} has a writer: {why}"
                self._announcer.say("unproven", f"{text}; the quiet time is longer", about=why)

    def _tell_assumed(self) -> None:
        name = self._complete.assumed
        if name and not self._announcer.has_said("assumed"):
            text = f"{name} was taken for complete because its folder is quiet; nothing says it is"
            self._announcer.say("assumed", text, "say how to know it: `complete_when`")

    def tell_long_open(self) -> None:
        """Names the writers of files that are open for very long."""
        now = time.monotonic()
        for one in self._complete.waiting():
            if one.why == "writer" and now - one.since >= LONG_OPEN:
                pid = lease.holder(os.path.join(self._root, one.path))
                who = f" by process {pid}" if pid else ""
                text = f"{one.path} is open for writing{who} for over ten minutes"
                self._announcer.say("open", text, about=one.path)


def _worth_telling(plan: Plan, waiting: Sequence[Waiting]) -> list[Blocked]:
    """The blocked actions, without those of which more is known already."""
    blocked = [one for one in plan.singled_out if isinstance(one, Blocked)]
    # A folder that cannot be read blocks all that was ever in it. That is told once, not 40,000
    # times.
    if plan.unread:
        blocked = [one for one in blocked if one.reason != UNKNOWN]
    unfinished = {one.path for one in waiting}
    return [one for one in blocked if not _speaks_of(one, unfinished)]


def _speaks_of(action: Blocked, unfinished: set[str]) -> bool:
    # Of a file that is not finished it is known already that it waits.
    if action.name in unfinished:
        return True
    quoted = action.message.split("`")[1::2]
    return not unfinished.isdisjoint(quoted)

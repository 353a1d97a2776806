"""The loop: looks, and waits between them."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from queue import Empty, SimpleQueue

from rbsync.applier.cancellation import INTERRUPTED, Cancellation
from rbsync.errors import (
    BackendError,
    ExitCode,
    LockedError,
    RbsyncError,
    StaleError,
)
from rbsync.files.known_listings import KnownListings
from rbsync.files.readiness import Readiness
from rbsync.files.roots import Roots
from rbsync.manifest.manifest import Manifest
from rbsync.reasons import AUTH
from rbsync.sync.workspace import Workspace
from rbsync.watcher import lease
from rbsync.watcher.announcing import Announcer
from rbsync.watcher.board import Board, facts
from rbsync.watcher.completeness import Completeness
from rbsync.watcher.disks import MountedDisks
from rbsync.watcher.flushing import Flush, Flushes
from rbsync.watcher.hindrances import Hindrances
from rbsync.watcher.listings import WatchedListings
from rbsync.watcher.looking import Looker
from rbsync.watcher.manifest_in_force import ManifestInForce
from rbsync.watcher.own_files import OwnFiles
from rbsync.watcher.retries import Pause, Retries
from rbsync.watcher.schedule import FOREVER, Schedule
from rbsync.watcher.sight import Sight
from rbsync.watcher.supervision import LivingCancellation, Supervision, notify
from rbsync.watcher.telling import Message, Standing, Teller
from rbsync.watcher.watch_options import WatchOptions

TICK = 1.0
"""Seconds after which the status is shown anew while something waits."""

ONCE_POLL = 2.0
"""Seconds between the looks of a watch that ends by itself."""

Open = Callable[
    [Manifest, Readiness, KnownListings, Cancellation], AbstractContextManager[Workspace]
]


class _EndedError(Exception):
    """The watch was told to end while a look read files."""


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
        self._open, self._teller = open_, teller
        self._options, self._supervision = options, supervision
        supervision.between = self._check_end
        self._announcer = Announcer(teller)
        self._manifest = ManifestInForce(load, self._announcer, teller)
        root = self._manifest.now.root
        self._complete = Completeness(root, settle=options.settle, group=options.group)
        self._retries = Retries()
        self._board = Board(self._complete.waiting, self._retries.__len__)
        self._hindrances = Hindrances(root, self._complete, teller, self._announcer)
        self._looker = Looker(
            options,
            self._hindrances,
            self._board,
            self._retries,
            self._announcer,
            teller,
            supervision,
        )
        # Without events, as in a watch that ends by itself, only another look finds a marker.
        poll = ONCE_POLL if options.once and options.poll is None else options.poll
        self._schedule = Schedule(options.settle, options.rescan, poll)
        self._pause, self._unread = Pause(), Pause()
        self._disks = MountedDisks(root)
        self._news: SimpleQueue[None] = SimpleQueue()
        own = OwnFiles(root, supervision.health)
        self._listings = WatchedListings()
        self._sight = Sight(root, own, self._listings, self._announcer, self._hinted)
        self._flushes = Flushes()
        self._stop: Cancellation = Cancellation()
        self._ends: ExitCode | None = None
        self._is_shown = True
        self._started = time.monotonic()
        self._whole_at = 0.0

    def end(self, code: ExitCode) -> None:
        """Ends the loop: what runs ends and is recorded. Any thread may call it."""
        self._ends = code
        self._stop.request(INTERRUPTED)
        self._news.put(None)

    def show(self) -> None:
        """Shows the status anew. Any thread may call it."""
        self._is_shown = False
        self._news.put(None)

    @property
    def ends(self) -> bool:
        """Tells whether it was told to end."""
        return self._ends is not None

    @property
    def standing(self) -> Standing:
        """Returns how things stand."""
        return self._board.standing()

    @property
    def left(self) -> list[str]:
        """Returns what is not applied, each with its reason."""
        failed = [f"{name}: it failed" for name in self._retries.names]
        return [*self._hindrances.left, *failed]

    def flush(self, request: Flush) -> None:
        """Takes a request that all is applied that is there. Any thread may call it."""
        self._flushes.add(request)
        self._news.put(None)

    def run(self) -> ExitCode:
        """Looks and waits until it is told to end, or with ``once`` until all is done."""
        # A writer that opens a file during a probe would else end the program by a signal.
        lease.expect_signals()
        try:
            while self._ends is None:
                self._turn()
        finally:
            notify("STOPPING=1")
            self._sight.close()
        return self._ends

    def _turn(self) -> None:
        self._take_news()
        now = time.monotonic()
        if self._complete.next_due() <= now < self._looks_at():
            self._ask_waiting()
        if self._looks_at() <= now:
            self._look()
        if self._options.once and self._ends is None:
            self._end_if_done()
        if self._ends is None:
            self._wait()

    def _looks_at(self) -> float:
        """Returns when the next look is due."""
        due = min(self._schedule.due(), self._retries.next_due(), self._looker.grace.next_due())
        return max(min(due, self._unread.until or FOREVER), self._pause.until)

    def _ask_waiting(self) -> None:
        """Asks the files that wait, which costs next to nothing; a look only when one is ready."""
        roots = Roots(self._manifest.now.root, self._manifest.now.settings.roots)
        self._forget_waiting()
        if self._complete.ask_again(roots):
            self._schedule.ask()
        self._hindrances.tell_long_open()

    def _wait(self) -> None:
        until = min(self._looks_at(), self._complete.next_due())
        pause = min(until - time.monotonic(), self._supervision.pause)
        is_waiting = bool(self._complete.waiting())
        if is_waiting:
            pause = min(pause, TICK)
        with suppress(Empty):
            self._news.get(timeout=None if math.isinf(pause) else max(pause, 0.0))
        self._supervision.alive()
        if is_waiting or not self._is_shown:
            self._is_shown = True
            self._teller.standing(self._board.standing())

    def _take_news(self) -> None:
        while not self._news.empty():
            self._news.get()
        self._sight.check()
        if self._flushes.take():
            self._retries.hurry()
            self._pause.cut()
            self._schedule.ask()

    def _hinted(self) -> None:
        self._schedule.hint(time.monotonic())
        self._news.put(None)

    def _look(self) -> None:
        began = time.monotonic()
        self._schedule.begun()
        self._complete.look_begins()
        self._forget_listings(began)
        self._stop = LivingCancellation(self._supervision.alive)
        if self._ends is not None:
            return
        self._manifest.take()
        try:
            with self._opened() as workspace:
                self._looker.look(workspace, self._stop, self._may_delete)
                self._watch(workspace.inputs.tree.looked_at())
        except _EndedError:
            return
        except StaleError:
            # Somebody else applied, or edited the manifest, between the plan and now.
            self._schedule.ask()
        except RbsyncError as error:
            self._failed(error)
        except OSError as error:
            # A server that forgot its files, or a full disk: in a minute all may be well again.
            self._failed(RbsyncError(str(error)))
        else:
            self._succeeded(began)
        took = time.monotonic() - began
        self._schedule.ended(time.monotonic(), took)
        self._conclude(took)

    def _forget_listings(self, now: float) -> None:
        """Forgets the listings that may not be believed."""
        # Of what was closed a moment before a flush the event may be on its way. And now and then
        # all is looked at, for stores through a mapping raise no event.
        is_whole = self._flushes.are_open or now >= self._whole_at or self._hindrances.unread
        if is_whole:
            self._whole_at = now + self._options.rescan
            self._listings.all_changed()
        self._forget_waiting()

    def _forget_waiting(self) -> None:
        """Forgets the folders of files that are being written: not each store raises an event."""
        for one in self._complete.waiting():
            self._listings.changed(os.path.dirname(one.path))

    def _opened(self) -> AbstractContextManager[Workspace]:
        return self._open(self._manifest.now, self._complete, self._listings, self._stop)

    def _check_end(self) -> None:
        """Ends the reading of files: a first look may read for an hour."""
        if self._ends is not None:
            raise _EndedError

    def _may_delete(self) -> bool:
        """Tells whether what is missing may be believed to have been deleted."""
        # Another branch that is checked out may take the manifest away along with the files.
        return self._has_all_disks() and self._manifest.is_in_order

    def _has_all_disks(self) -> bool:
        """Tells whether all disks are mounted that were; says so when one is not."""
        gone = self._disks.gone()
        if gone:
            text = f"nothing is mounted at {gone[0]} any more: nothing is deleted while it is so"
            self._announcer.say("unmounted", text)
        else:
            self._announcer.over("unmounted")
        return not gone

    def _watch(self, folders: list[str]) -> None:
        self._board.note(folders=len(folders))
        if self._options.poll is not None or self._options.once:
            return
        if self._sight.watch(folders):
            self._schedule.ask()
        if self._sight.polls and self._schedule.poll is None:
            self._schedule.poll = max(self._options.settle, TICK)
            self._schedule.ask()

    def _succeeded(self, began: float) -> None:
        self._pause.over()
        over = [self._announcer.over(code) for code in ("error", "auth", "locked")]
        if any(over):
            self._teller.message(Message("resumed", "it works again"))
        # No event tells that a disk is there again, that a folder may be read, or that the service
        # has made what it agreed to make.
        if self._hindrances.unread or self._hindrances.is_open:
            self._unread.begin(time.monotonic())
        else:
            self._unread.over()
        self._flushes.look_ended(began, self._left_of)

    def _failed(self, error: RbsyncError) -> None:
        if self._options.once:
            raise error
        self._looker.last = error.exit_code
        if self._stop.requested and self._ends is not None:
            return
        # A service that refuses each look would else be asked without a pause.
        self._pause.begin(time.monotonic())
        self._schedule.ask()
        self._hindrances.left = [str(error)]
        self._announcer.say(_code_of(error), str(error), error.hint)

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
        is_first = not self._board.looks
        self._board.note(in_flight=0, looks=self._board.looks + 1, last_look=time.time())
        standing = self._board.standing()
        self._teller.look(standing, took)
        # Not at the start: systemd would let others begin that rely on what the first look does.
        if is_first:
            notify("READY=1")
        self._supervision.tell(facts(standing, self._looker.last))

    def _end_if_done(self) -> None:
        now = time.monotonic()
        timeout = self._options.timeout
        is_late = timeout is not None and now - self._started >= timeout
        # A file with an unfinished name may lie there for years, as editors' copies do.
        still = [one for one in self._complete.waiting() if one.why != "name"]
        is_busy = still or self._looker.grace.next_due() < FOREVER or self._schedule.due() <= now
        if is_busy and not is_late:
            return
        is_left = bool(still or self._retries.names)
        self._ends = ExitCode.SOME_FAILED if is_left else self._looker.last


def _code_of(error: RbsyncError) -> str:
    if isinstance(error, LockedError):
        return "locked"
    return "auth" if isinstance(error, BackendError) and error.kind == AUTH else "error"

"""A state that is moved to another store: as a whole, and so that the old one is left by all."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from rbsync.collector import paused_collector
from rbsync.errors import StaleError, StateError, StoreError, UsageError
from rbsync.model.record import Header
from rbsync.stores import open_store
from rbsync.stores.base import Movable, Store
from rbsync.stores.row_values import Content
from rbsync.sync.applying import whoami
from rbsync.sync.workspace import Workspace


class Migrated(NamedTuple):
    """The parts that were moved; ``put_away`` is where the old state is kept."""

    records: int
    uploads: int
    put_away: str


def migrate(workspace: Workspace, url: str, timeout: float) -> Migrated:
    """Moves the state to the store of a URL, with its lineage and serial.

    Raises UsageError for a store that a state cannot be moved to or from, StoreError and
    LockedError, StateError where another state is there, and StaleError where a newer one of the
    same lineage is. Whatever it raises, the present state is the one that counts.
    """
    source = workspace.store
    if source.header() is None:
        raise StoreError("there is no state yet", hint="the first `rbsync apply` makes it")
    target = open_store(url, workspace.manifest.root)
    try:
        return _moved(source, target, timeout)
    finally:
        target.close()


def _moved(source: Store, target: Store, timeout: float) -> Migrated:
    owner = whoami()
    with source.writer(owner, timeout=timeout) as writer:
        if target.owner() == owner:
            raise UsageError("the state is there already", hint="give the URL of another store")
        if not isinstance(source, Movable) or not isinstance(target, Movable):
            hint = "files (sqlite:PATH) and databases (postgresql:) can be moved to and from"
            raise UsageError("a state of this kind cannot be moved", hint=hint)
        with paused_collector():
            content = source.content()
        if content is None or content.header != writer.header():
            raise StoreError("the state was taken away while it was being moved")
        # Before there is a copy: with two of them, each goes on with another one.
        source.check_retirable()
        # Its epoch is above that of whoever may still write to either of them.
        epoch = max(content.header.epoch, _make_room(target, content.header)) + 1
        content = content._replace(header=replace(content.header, epoch=epoch))
        target.fill(content)
        _check(target, content)
        # Of a create that is under way there is an intent and nothing else.
        names = {row[0] for row in (*content.records, *content.intents)}
        return Migrated(len(names), len(content.uploads), source.retire())


def _make_room(target: Store, header: Header) -> int:
    """Puts an older copy of the state away, and returns its epoch; 0 where there is none."""
    present = target.header()
    if present is None or not isinstance(target, Movable):
        return 0
    if present.lineage != header.lineage:
        hint = "name another place, or another schema: ?schema=NAME"
        raise StateError("another state is there already", hint=hint)
    if present.serial > header.serial:
        raise StaleError(
            f"a newer copy of this state is there, with serial {present.serial}, not"
            f" {header.serial}",
            hint="go on with that one: name it by RBSYNC_STATE_URL or --state",
        )
    target.retire()
    return present.epoch


def _check(target: Movable, content: Content) -> None:
    """Reads back what was written, before the only other copy is put away."""
    with paused_collector():
        arrived = target.content()
    if arrived is None or arrived.in_order != content.in_order:
        raise StoreError(
            "what was moved does not read as it was written; the old state was left in its place",
            hint="go on with the old one, and look at the disk or the server of the new one",
        )

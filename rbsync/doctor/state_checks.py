"""Looks at the state through the port of stores: whether it can be read, and who writes to it."""

from __future__ import annotations

from collections.abc import Iterator

from rbsync.checks import Check
from rbsync.errors import RbsyncError
from rbsync.stores.base import Examined, Paged, Store
from rbsync.stores.writer_errors import and_since

_HELD_HINT = (
    "it ends by itself when that run does; one that hangs is ended by `rbsync state force-unlock`"
)


def state_checks(store: Store) -> Iterator[Check]:
    """Looks at a state, and at its server where it has one. Changes nothing."""
    try:
        if isinstance(store, Examined):
            yield from store.checks()
        yield from _checks(store)
    except RbsyncError as error:
        yield Check("state", "failed", str(error), error.hint)


def _checks(store: Store) -> Iterator[Check]:
    header = store.header()
    if header is None:
        yield Check("state", "skipped", "not there yet; the first apply makes it")
        return
    text = f"serial {header.serial:,}"
    if isinstance(store, Paged):
        found = store.amounts()
        text += (
            f"; {found.applied:,} applied, {found.failed:,} failed, {found.pending:,} not settled"
        )
    yield Check("state", "ok", text)
    owner = store.owner()
    if owner is None or not store.is_held():
        yield Check("state lock", "ok", "nobody writes")
        return
    yield Check("state lock", "warning", f"held by {and_since(owner)}", _HELD_HINT)

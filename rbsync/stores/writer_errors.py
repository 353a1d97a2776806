"""The refusals of every store, in the same words whatever it is kept in."""

from __future__ import annotations

import time

from rbsync.errors import LockedError, StateError, StoreError
from rbsync.stores.base import Owner


def locked(owner: Owner | None) -> LockedError:
    """Somebody else is writing; who, where this is known."""
    hint = "Wait for it to end, or pass a longer --lock-timeout."
    if owner is None:
        return LockedError("Another run holds the state.", hint=hint)
    return LockedError(f"Another run holds the state: {and_since(owner)}.", hint=hint)


def and_since(owner: Owner) -> str:
    """Who holds the lock, and since when."""
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(owner.since))
    return f"{owner}, since {since}"


def taken_over() -> StoreError:
    """The writer is no longer the one that may write."""
    return StoreError(
        "Another run has taken over the state; this one wrote nothing more to it.",
        hint="Let the other run end, then run `rbsync plan` to see what is left to do.",
    )


def set_back(serial: int, recorded: int) -> StoreError:
    """The state is older than this writer left it, by its serial or by its epoch."""
    return StoreError(
        "The server has lost what this run had recorded and now has an older state, as after a "
        f"standby took its place or a backup was put back: serial {serial}, not {recorded}.",
        hint="Run `rbsync refresh`, which asks the project what is there, then `rbsync plan`.",
    )


def ended() -> StoreError:
    """The writer is used after its ``with`` block."""
    return StoreError("This writer has ended and writes nothing more.")


def foreign(present: str, wanted: str) -> StateError:
    """The state is bound to another project."""
    return StateError(
        f"The state belongs to the project {present}, not to {wanted}.",
        hint="Point the manifest at that project again, or give the new one a state of its own.",
    )

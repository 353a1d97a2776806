"""The kinds of stores by the scheme of their URLs. A new one is a file here and its line below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from rbsync.errors import UsageError
from rbsync.plugins import ExtensionPoint
from rbsync.stores.base import Store


class Waiting(NamedTuple):
    """For how many seconds a server that is not up yet is waited for, when it is first asked.

    ``pause`` waits for some of them, and returns False when the command is to end; ``tell`` is told
    what is waited for, and why.
    """

    seconds: float = 0.0
    pause: Callable[[float], bool] = lambda _: False
    tell: Callable[[str], None] = lambda _: None


AT_ONCE = Waiting()


class StatePlace(NamedTuple):
    """The place of a state: ``rest`` is its URL after the scheme and the colon.

    A path in it starts from ``folder``, the manifest's.
    """

    rest: str
    folder: str
    waiting: Waiting = AT_ONCE


OpenStore = Callable[[StatePlace], Store]
"""Opens the store of a place, and makes nothing yet. Raises RbsyncError for a wrong one."""


def _objection(_: str, found: Any) -> str:
    return "" if callable(found) else "it is no function that opens a store"


STORES: ExtensionPoint[OpenStore] = ExtensionPoint(
    "rbsync.stores",
    "store",
    {
        "sqlite": "rbsync.stores.sqlite:open_sqlite",
        "memory": "rbsync.stores.memory:open_memory",
        "postgresql": "rbsync.stores.postgresql:open_postgresql",
    },
    _objection,
)
DEFAULT = "sqlite:"

# As the server's own tools take it.
_OTHER_NAMES = {"postgres": "postgresql"}


def open_store(url: str, folder: str, waiting: Waiting = AT_ONCE) -> Store:
    """The store of a state's URL, by default the SQLite file of a manifest's folder.

    Raises UsageError for a URL of no known scheme, of which only the scheme is told: the rest may
    have a password in it.
    """
    scheme, colon, rest = (url or DEFAULT).partition(":")
    opened = STORES.find(_OTHER_NAMES.get(scheme, scheme)) if colon else None
    if opened is None:
        # The rest of the URL is not repeated: for a database it has a password.
        known = ", ".join(f"{name}:" for name in STORES.names())
        found = f"it begins with `{scheme}:`" if colon else "it has no scheme"
        raise UsageError(f"no store has the URL of the state: {found}", hint=f"known: {known}")
    return opened(StatePlace(rest, folder, waiting))

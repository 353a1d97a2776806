"""The history of a state: where its store keeps one, else in a folder."""

from __future__ import annotations

from rbsync.stores.base import Store
from rbsync.stores.history.base import History, KeepsHistory
from rbsync.stores.history.sqlite import SqliteHistory

FOLDER = "history"


def open_history(store: Store, folder: str) -> History:
    """The history that belongs to a state; ``folder`` is for a store that keeps none itself."""
    return store.history() if isinstance(store, KeepsHistory) else SqliteHistory(folder)

"""A state changed behind the store's back, as one that rbsync wrote so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rbsync.stores.seals import seal_all


@contextmanager
def written_anew(state: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a state whose rows get new seals when the block ends."""
    with closing(sqlite3.connect(state)) as connection, connection:
        yield connection
        seal_all(connection)

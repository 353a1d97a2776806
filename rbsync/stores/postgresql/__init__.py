"""The state of a team in a PostgreSQL database: many machines, one writer at a time.

Loaded by those who name such a state, and by nobody else. The driver is the extra
``rbsync[postgres]``.
"""

from __future__ import annotations

from rbsync.errors import UsageError
from rbsync.stores import StatePlace
from rbsync.stores.base import Store


def open_postgresql(place: StatePlace) -> Store:
    """The state in a schema of a database.

    Raises UsageError for a URL that is not to be used, and without the driver.
    """
    try:
        import psycopg
    except ImportError:
        raise UsageError(
            "a state in PostgreSQL needs the driver psycopg, which is not installed",
            hint="pip install 'rbsync[postgres]'",
        ) from None
    del psycopg
    from rbsync.stores.postgresql.server_address import read_address
    from rbsync.stores.postgresql.team_store import TeamStore

    return TeamStore(read_address(place.rest), place.waiting)

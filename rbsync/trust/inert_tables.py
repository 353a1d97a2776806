"""Databases that only hold something: one that came with a stranger's branch may do something."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

_PROGRAMS = (
    "SELECT name FROM sqlite_master WHERE type IN ('view', 'trigger')"
    " OR sql LIKE 'create virtual%' UNION ALL"
    " SELECT m.name FROM sqlite_master m, pragma_table_xinfo(m.name) c"
    " WHERE m.type = 'table' AND c.hidden > 0 LIMIT 1"
)


def program_in(connection: sqlite3.Connection) -> str:
    """The part of a database that does something by itself, in words; empty for none.

    A view may have no end, a trigger may fill the disk, and a column may be computed. rbsync makes
    none of them: whoever asks such a file runs what its writer wrote. Raises sqlite3.Error.
    """
    row = connection.execute(_PROGRAMS).fetchone()
    return f"it has `{row[0]}`, which does something by itself" if row else ""

"""Reading the tables: one function a question."""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from rbsync.backends.local.disk_failures import parsed
from rbsync.backends.local.task_rows import COLUMNS, LAST_STAGE

# How many values a statement asks for; SQLite may be built to take no more than 999.
CHUNK = 500


class Counts(NamedTuple):
    """``labels`` are those of all tasks."""

    tasks: int
    ground_truth: int
    labels: int


def rows_of_any(connection: sqlite3.Connection, query: str, values: Iterable[str]) -> Iterator[Any]:
    """The rows that a query finds for any of many values, in no order; `{}` is where they go."""
    rest = iter(values)
    while some := list(islice(rest, CHUNK)):
        yield from connection.execute(query.format(",".join("?" * len(some))), some)


def rows_of_names(
    connection: sqlite3.Connection, names: Iterable[str]
) -> Iterator[tuple[Any, ...]]:
    """The rows of the tasks with these names, in no order."""
    query = f"SELECT {COLUMNS} FROM tasks WHERE name IN ({{}})"  # noqa: S608  (columns of ours)
    return rows_of_any(connection, query, names)


def rows_of_ids(connection: sqlite3.Connection, ids: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """The rows of the tasks with these ids, in no order."""
    query = f"SELECT {COLUMNS} FROM tasks WHERE task_id IN ({{}})"  # noqa: S608  (columns of ours)
    return rows_of_any(connection, query, ids)


def labels_texts(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, str]:
    """The labels of tasks as JSON texts, by the ids of those that have any."""
    query = "SELECT task_id, json FROM labels WHERE task_id IN ({})"
    return dict(rows_of_any(connection, query, ids))


def rows_after(
    connection: sqlite3.Connection, name: str, first: int, stage: str, prefix: str = ""
) -> list[tuple[Any, ...]]:
    """The next rows by name, of one stage or of all, and of names that start with the prefix."""
    only = "AND stage = ?" if stage else ""
    # LIKE would take `%` and `_` in a name for wildcards; the comparison before it is what the
    # index serves.
    start = "AND name >= ? AND substr(name, 1, ?) = ?" if prefix else ""
    values = [name, *([stage] if stage else []), *([prefix, len(prefix), prefix] if prefix else [])]
    return connection.execute(
        f"SELECT {COLUMNS} FROM tasks WHERE name > ? {only} {start} ORDER BY name LIMIT ?",  # noqa: S608  (ours, all three)
        (*values, first),
    ).fetchall()


def row_of_id(connection: sqlite3.Connection, task_id: str) -> Sequence[Any] | None:
    """The row of one task."""
    found: Sequence[Any] | None = connection.execute(
        f"SELECT {COLUMNS} FROM tasks WHERE task_id = ?",  # noqa: S608  (columns of ours)
        (task_id,),
    ).fetchone()
    return found


def labels_text(connection: sqlite3.Connection, task_id: str) -> str | None:
    """The labels of one task as the JSON text of a list."""
    row = connection.execute("SELECT json FROM labels WHERE task_id = ?", (task_id,)).fetchone()
    return row[0] if row else None


def counts(connection: sqlite3.Connection) -> Counts:
    row = connection.execute(
        "SELECT count(*), coalesce(sum(stage = ?), 0), coalesce(sum(labels), 0) FROM tasks",
        (LAST_STAGE,),
    ).fetchone()
    return Counts(*row)


def count_of_stage(connection: sqlite3.Connection, stage: str) -> int:
    """Returns how many tasks are in a stage."""
    row = connection.execute("SELECT count(*) FROM tasks WHERE stage = ?", (stage,)).fetchone()
    return int(row[0])


def item_refs(connection: sqlite3.Connection) -> Iterator[str]:
    """Yields the refs of the items of all tasks, of what accompanies them, and of releases."""
    for (text,) in connection.execute("SELECT items FROM tasks"):
        yield from (ref for _, ref in parsed(text))
    for (text,) in connection.execute("SELECT refs FROM extras"):
        yield from parsed(text)
    yield from _released_refs(connection)


def items_after(connection: sqlite3.Connection, name: str, first: int) -> list[tuple[str, str]]:
    """The next tasks by name, with the text of the items of each."""
    query = "SELECT name, items FROM tasks WHERE name > ? ORDER BY name LIMIT ?"
    return connection.execute(query, (name, first)).fetchall()


def has_releases(connection: sqlite3.Connection) -> bool:
    """Tells whether a release was ever made, which is what makes their tables."""
    query = "SELECT 1 FROM sqlite_master WHERE name = 'released'"
    return connection.execute(query).fetchone() is not None


def _released_refs(connection: sqlite3.Connection) -> Iterator[str]:
    """Yields the refs of what was released: a release is of use only with its files."""
    if not has_releases(connection):
        return
    for items, extras in connection.execute("SELECT task ->> 3, extras FROM released"):
        yield from (ref for _, ref in parsed(items))
        yield from (ref for _, _, refs in parsed(extras) for ref in parsed(refs))
    assets = "SELECT ref FROM uploads JOIN releases ON path = asset"
    yield from (ref for (ref,) in connection.execute(assets))


def refs_after(
    connection: sqlite3.Connection, name: str, first: int
) -> tuple[str, list[tuple[str, str]]]:
    """The last of the next names, empty at the end, and the refs of these tasks, each with a name.

    Of their items, and of what accompanies them.
    """
    items = items_after(connection, name, first)
    if not items:
        return "", []
    last = items[-1][0]
    found = [(one, ref) for one, text in items for _, ref in parsed(text)]
    query = "SELECT name, refs FROM tasks JOIN extras USING (task_id) WHERE name > ? AND name <= ?"
    extras = connection.execute(query, (name, last))
    found += [(one, ref) for one, text in extras for ref in parsed(text)]
    return last, sorted(found)


def forget_uploads(connection: sqlite3.Connection, present: Container[str]) -> None:
    """Forgets the paths of uploads whose files are not among those that are there."""
    rows = connection.execute("SELECT path, ref FROM uploads").fetchall()
    gone = [(path,) for path, ref in rows if ref not in present]
    connection.executemany("DELETE FROM uploads WHERE path = ?", gone)

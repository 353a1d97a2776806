"""Runs and changes as rows, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rbsync.model.fingerprint import Fingerprint
from rbsync.model.history import Change, Run

TABLES = (
    "CREATE TABLE meta (format INTEGER NOT NULL)",
    "CREATE TABLE run (id TEXT NOT NULL PRIMARY KEY, command TEXT NOT NULL,"
    " started DOUBLE PRECISION NOT NULL, who TEXT NOT NULL, host TEXT NOT NULL,"
    " revision TEXT NOT NULL, dataset TEXT NOT NULL, undoes TEXT NOT NULL,"
    " ended DOUBLE PRECISION, created INTEGER NOT NULL, updated INTEGER NOT NULL,"
    " deleted INTEGER NOT NULL, failed INTEGER NOT NULL, exit_code INTEGER)",
    # ``was``, ``now``, ``parts`` and ``refs`` are JSON lists, or NULL.
    "CREATE TABLE change (number INTEGER NOT NULL PRIMARY KEY, run TEXT NOT NULL,"
    " name TEXT NOT NULL, verb TEXT NOT NULL, facets TEXT NOT NULL, was TEXT, now TEXT,"
    " before TEXT NOT NULL, parts TEXT, refs TEXT, time DOUBLE PRECISION NOT NULL,"
    " renamed TEXT NOT NULL)",
    "CREATE INDEX change_of_run ON change (run)",
    "CREATE INDEX change_of_name ON change (name)",
    "CREATE INDEX change_of_renamed ON change (renamed) WHERE renamed <> ''",
    "CREATE TABLE content (digest TEXT NOT NULL PRIMARY KEY, data BLOB NOT NULL)",
)
PUT_RUN = (
    "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
    " SET ended = excluded.ended, created = excluded.created, updated = excluded.updated,"
    " deleted = excluded.deleted, failed = excluded.failed, exit_code = excluded.exit_code"
)
PUT_CHANGE = (
    "INSERT INTO change (run, name, verb, facets, was, now, before, parts, refs, time, renamed)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
CHANGE = "SELECT run, name, verb, facets, was, now, before, parts, refs, time, renamed FROM change"
RUN = (
    "SELECT id, command, started, who, host, revision, dataset, undoes, ended, created, updated,"
    " deleted, failed, exit_code FROM run"
)

Row = tuple[Any, ...]


def run_row(one: Run) -> Row:
    head = (one.id, one.command, one.started, one.user, one.host, one.revision, one.dataset)
    counts = (one.created, one.updated, one.deleted, one.failed, one.exit_code)
    return (*head, json.dumps(one.undoes), one.ended, *counts)


def run_of(row: Row) -> Run:
    values = list(row)
    values[7] = tuple(json.loads(values[7]))
    return Run(*values)


def change_row(one: Change) -> Row:
    return (
        one.run,
        one.name,
        one.verb,
        ",".join(one.facets),
        _listed(one.was),
        _listed(one.now),
        one.before,
        _listed(one.parts),
        _listed(one.refs),
        one.time,
        one.renamed,
    )


def change_of(row: Row) -> Change:
    run, name, verb, facets, was, now, before, parts, refs, time, renamed = row
    return Change(
        run,
        name,
        verb,
        tuple(facets.split(",")) if facets else (),
        Fingerprint(*json.loads(was)) if was else None,
        Fingerprint(*json.loads(now)) if now else None,
        before,
        tuple(json.loads(parts)) if parts else (),
        tuple(json.loads(refs)) if refs else (),
        time,
        renamed,
    )


def _listed(values: Sequence[str] | None) -> str | None:
    return json.dumps(values) if values else None

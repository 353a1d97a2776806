"""Open a project as what the manifest says that it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from rbsync.backends.base import LabelText
from rbsync.backends.local.disk_failures import parsed
from rbsync.backends.local.meta import PATH_HINT, Meta, new_meta, taxonomy_text
from rbsync.backends.rules import Flaw, Rules
from rbsync.errors import Problem, UserError
from rbsync.labels.project_types import project_type
from rbsync.labels.taxonomy import Taxonomy


class Wish(NamedTuple):
    """The project that is wanted.

    An empty type or name and no taxonomy take those that are there.
    """

    name: str
    type: str
    taxonomy: Taxonomy | None
    default_name: str


def fulfil(wish: Wish, found: Meta | None, connection: sqlite3.Connection) -> Meta:
    """Returns what the project is from now on.

    A type may be given to a project that had none, and categories may come and go, as long as
    all tasks conform. Raises UserError otherwise.
    """
    check_type(wish.type)
    if found is None:
        taxonomy = wish.taxonomy or Taxonomy()
        return new_meta(wish.name or wish.default_name, wish.type, taxonomy)
    if wish.type and found.type and wish.type != found.type:
        message = f"the project is of type {found.type}, not {wish.type}"
        raise UserError([Problem("project-type", message, hint=PATH_HINT)])
    made = found._replace(name=wish.name or found.name, type=wish.type or found.type)
    if wish.taxonomy is not None:
        made = made._replace(taxonomy=taxonomy_text(wish.taxonomy))
    # Every label is read for this, so it is done only when a task could have become wrong.
    if _is_narrower(made, found):
        _refuse_misfits(made, connection)
    return made


def check_type(name: str) -> None:
    """Raises UserError for a type that does not exist."""
    try:
        project_type(name)
    except ValueError as error:
        raise UserError([Problem("project-type", str(error))]) from error


def _is_narrower(made: Meta, found: Meta) -> bool:
    """Tells whether a task that the project accepted might not be accepted any more."""
    if made.type != found.type:
        return True
    if made.taxonomy == found.taxonomy:
        return False
    new, old = made.read_taxonomy(), found.read_taxonomy()
    # A project without a taxonomy accepted everything.
    if new.all_attributes != old.all_attributes or not old.names:
        return True
    return bool(new.names) and not new.names >= old.names


def _refuse_misfits(made: Meta, connection: sqlite3.Connection) -> None:
    taxonomy = made.read_taxonomy()
    # Told first and by name: "a label does not fit" would send people looking through all labels.
    removed = sorted(_used_categories(connection) - taxonomy.names) if taxonomy.names else []
    if removed:
        names = ", ".join(removed)
        message = f"the taxonomy lacks categories that labels of the project have: {names}"
        hint = "put them back, or delete the datapoints that use them first"
        raise UserError([Problem("taxonomy", message, hint=hint)])
    rules = Rules(project_type(made.type), taxonomy)
    for name, flaw in _misfits(rules, connection):
        kind = made.type or "such a taxonomy"
        message = f'"{name}" of the project does not fit {kind}: {flaw.message}'
        raise UserError([Problem("project-type", message, hint=PATH_HINT)])


def _used_categories(connection: sqlite3.Connection) -> set[str]:
    found = set()
    for (text,) in connection.execute("SELECT json FROM labels"):
        for label in parsed(text):
            found |= {path[-1] for path in label.get("category") or ()}
    return found


def _misfits(rules: Rules, connection: sqlite3.Connection) -> Iterator[tuple[str, Flaw]]:
    rows = connection.execute(
        "SELECT name, items, tasks.labels, json FROM tasks LEFT JOIN labels USING (task_id)"
        " ORDER BY name"
    )
    for name, items, count, text in rows:
        flaw = rules.items_flaw(len(parsed(items)))
        if not flaw and text is not None:
            flaw = rules.labels_flaw(LabelText(text, count))
        if flaw:
            yield name, flaw

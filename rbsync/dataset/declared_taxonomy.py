"""The taxonomy that a manifest declares: a list of names, or a file."""

from __future__ import annotations

import json

from rbsync.errors import Location, Problem, UserError
from rbsync.files.tree import Tree
from rbsync.files.written_text import encoding_fault, text_of
from rbsync.labels.amounts import marks_of
from rbsync.labels.taxonomy import Taxonomy
from rbsync.labels.taxonomy_json import read_taxonomy
from rbsync.manifest.manifest import Manifest
from rbsync.repeated_keys import Repeats, first_repeat

LIMIT = 64 << 20
MOST_MARKS = 500_000
"""Commas and brackets, as `labels.amounts` counts them: of tens of thousands of classes."""

_ALLOWED = "so many are allowed"


def declared_taxonomy(manifest: Manifest, tree: Tree) -> Taxonomy:
    """The taxonomy of the manifest's project; an empty one allows any category.

    Raises UserError with all that is wrong with it.
    """
    declared = manifest.settings.project.taxonomy
    if not declared:
        return Taxonomy()
    try:
        return read_taxonomy(_data(declared, tree))
    except (OSError, ValueError, UserError) as error:
        where = manifest.locate(("project", "taxonomy"))
        if any(one.location for one in getattr(error, "problems", ())):
            raise
        said = [(one.message, one.hint) for one in getattr(error, "problems", ())]
        why = encoding_fault(error) if isinstance(error, UnicodeDecodeError) else str(error)
        raise UserError(
            [
                Problem("taxonomy", f"the taxonomy cannot be read: {message}", where, hint)
                for message, hint in said or [(why, "")]
            ]
        ) from error


def _data(declared: tuple[str, ...] | str, tree: Tree) -> object:
    if not isinstance(declared, str):
        return list(declared)
    try:
        data = tree.read(declared, LIMIT)
        if marks_of(data) > MOST_MARKS:
            raise ValueError(f"it has more than {MOST_MARKS:,} commas and brackets; {_ALLOWED}")
        text = text_of(data)
        found: object = json.loads(text, object_pairs_hook=(repeats := Repeats()))
    except json.JSONDecodeError as error:
        place = Location(declared, error.lineno, error.colno)
        message = f"the taxonomy cannot be read: {error.msg.lower()}"
        raise UserError([Problem("taxonomy", message, place)]) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if repeats.seen:
        raise ValueError(first_repeat(text).message)
    return found

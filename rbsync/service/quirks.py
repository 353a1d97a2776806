"""Oddities of a service on demand: what a real one may do otherwise, and nobody here has seen.

A file of them is YAML or JSON: ``quirks: [...]``, or the list of their names alone. Unlike faults
they have no turn; the service has them as long as it runs.
"""

from __future__ import annotations

from collections.abc import Collection

import yaml

from rbsync.errors import Location, Problem, UserError
from rbsync.labels.problem import did_you_mean

QUIRKS: dict[str, str] = {
    "adds-to-labels": "Labels get ids, `stats`, `readonly: false`, and null for empty attributes.",
    "adds-to-metadata": "The metadata of every datapoint has one key more.",
    "adds-series": "A datapoint of no series has one, of all its items.",
    "answers-duplicates": "A create of a taken name is answered with the ids of who has it.",
    "clears-series": "An update without a list of series takes away those that there are.",
    "counts-one-more": "Listings count one task more than they have.",
    "drops-dotted-keys": "Keys of metadata that have a dot are lost.",
    "drops-stamps": "Keys of metadata that begin with `rbsync` are lost.",
    "errors-beside-data": "A listing has its last entry null, and an error beside its data.",
    "hides-archived": "Listings and searches have archived tasks only where they are asked for.",
    "makes-siblings": "Every datapoint has two tasks, as where several people label the same.",
    "no-datapoint": "The first entry of a listing has `datapoint: null`.",
    "no-stage": "The first entry of a listing has `currentStageName: null`.",
    "other-item-paths": "Paths of uploaded items come back as addresses, URLs escaped.",
    "priority-zero": "Who has no priority has 0.0.",
    "small-answers": "Answers of more than 64 KiB are refused.",
}
"""What each does, by its name."""

_HINT = "known: {}".format(", ".join(QUIRKS))


def read_quirks(path: str) -> frozenset[str]:
    """The names in a file. Raises UserError with all that is wrong with it."""
    try:
        with open(path, encoding="utf-8") as file:
            data = yaml.safe_load(file)
    except (OSError, yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(
            [
                Problem(
                    "quirks", f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
                )
            ]
        ) from error
    names = data.get("quirks") if isinstance(data, dict) else data
    if not isinstance(names, list):
        message = f"{path} is neither a list of quirks nor `quirks: [...]`"
        raise UserError([Problem("quirks", message, Location(path), _HINT)])
    return checked_quirks(names, path)


def checked_quirks(names: Collection[object], path: str = "") -> frozenset[str]:
    """The names, which are all known. Raises UserError."""
    where = Location(path) if path else None
    problems = [
        Problem("quirks", f"there is no quirk {one!r}", where, _near(one))
        for one in names
        if one not in QUIRKS
    ]
    if problems:
        raise UserError(problems)
    return frozenset(map(str, names))


def _near(name: object) -> str:
    return did_you_mean(str(name), QUIRKS) or _HINT

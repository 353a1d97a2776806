"""The settings that a row of an items list, or a dict of the Python interface, may give itself.

One table for all who read such rows: which keys there are, what is wrong with their values, and
the settings that come of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rbsync.model.datapoint import Settings
from rbsync.shapes.guards import METADATA_KEYS, is_fraction, is_metadata, metadata_of
from rbsync.sources.base import RESERVED_HINT, reserved

NUMBER_KEYS = ("priority",)
"""The keys whose values are numbers, which a CSV file can only say as text."""

SETTING_KEYS = (*METADATA_KEYS, *NUMBER_KEYS)
"""All keys of settings, in the order in which messages name them."""


def row_settings(row: Mapping[Any, Any], common: Settings) -> Settings:
    """The settings of a row without objections; what it does not give is as in ``common``."""
    given, number = metadata_of(row), row.get("priority")
    own = given[0][1] if given else {}
    # One settings object for all rows that have none of their own: a million rows need not have a
    # million.
    if not own and number is None:
        return common
    storage, ground_truth, priority, metadata, _ = common
    return Settings(
        storage,
        ground_truth,
        priority if number is None else float(number),
        {**metadata, **own},
    )


def setting_objections(
    row: Mapping[Any, Any], *, called: str = "", noun: str = "an object"
) -> Iterator[str]:
    """Says what is wrong with the settings of a row.

    ``called`` is the name that metadata goes by where the row comes from, empty for the one in the
    row; ``noun`` is what keys with values are called there.
    """
    given = metadata_of(row)
    if len(given) > 1:
        first, second = sorted(METADATA_KEYS, key=lambda key: key != (called or given[0][0]))
        yield f"`{first}` and `{second}` are two names of one thing; give one of them"
    for key, metadata in given:
        if not is_metadata(metadata):
            yield f"`{called or key}` must be {noun} of strings"
            continue
        for name in metadata:
            if message := reserved(name):
                yield f"{message} ({RESERVED_HINT})"
    priority = row.get("priority")
    if priority is not None and not is_fraction(priority):
        yield "`priority` must be a number from 0 to 1"

"""Guards: questions about a value of JSON, each asked in the same way by all who read one.

They stand where a model would take too long, or where its message could not be the reader's own.
A bool is not a number, and NaN is in no range.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any, TypeGuard


def is_number(value: object) -> TypeGuard[int | float]:
    """Tells whether a value is a number of JSON."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value: object, low: int | None = None) -> TypeGuard[int]:
    """Tells whether a value is written as a whole number, of at least ``low``."""
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return low is None or value >= low


def is_fraction(value: Any) -> bool:
    """Tells whether a value is a number from 0 to 1; callers of Python may give any real one."""
    # NumPy's numbers are real numbers too, and no floats of Python.
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    number: Any = value
    return bool(0 <= number <= 1)


def is_text(value: object) -> TypeGuard[str]:
    """Tells whether a value is a string that says something."""
    return isinstance(value, str) and value != ""


def is_texts(value: object) -> TypeGuard[list[str]]:
    """Tells whether a value is a list of strings that say something, and has one at least."""
    return isinstance(value, list) and bool(value) and all(map(is_text, value))


def is_metadata(value: object) -> TypeGuard[Mapping[str, str]]:
    """Tells whether a value is an object of strings."""
    if not isinstance(value, Mapping):
        return False
    return all(isinstance(one, str) for pair in value.items() for one in pair)


METADATA_KEYS = ("metaData", "metadata")
"""The names that metadata goes by: the service's own, and the manifest's."""


def metadata_of(value: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    """The metadata of a datapoint that is given as an object, by the names that were used."""
    return [(key, value[key]) for key in METADATA_KEYS if value.get(key) is not None]

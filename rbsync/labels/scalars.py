"""Single values: numbers, texts, flags. A bool is not a number, and NaN and infinity are not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from math import isfinite, pi

from rbsync.labels.problem import FINE, Check, LabelProblem
from rbsync.shapes.guards import is_number

LONGEST_SHOWN = 40


def kind_of(value: object) -> str:
    """Returns what JSON calls the value."""
    if value is None:
        return "null"
    # Before numbers, of which a bool is one for Python.
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, list | tuple):
        return "a list"
    return "an object" if isinstance(value, dict) else f"a {type(value).__name__}"


def shown(value: object) -> str:
    """The value for a message, cut when it is long.

    What has nothing but brackets in its first characters goes by its kind.
    """
    text = kind_of(value)
    # In pieces, for one that is nested deeper than any interpreter can follow is cut before that,
    # and reads the same on each.
    with suppress(TypeError, ValueError, RecursionError):
        text = _beginning(json.JSONEncoder(ensure_ascii=False).iterencode(value))
    # JSON may spell half a surrogate pair, which no terminal takes.
    text = text.encode(errors="backslashreplace").decode()
    if len(text) <= LONGEST_SHOWN:
        return text
    return text[: LONGEST_SHOWN - 1] + "…" if text.strip("[{") else kind_of(value)


def _beginning(pieces: Iterator[str]) -> str:
    text = ""
    for piece in pieces:
        text += piece
        if len(text) > LONGEST_SHOWN:
            break
    return text


def wrong_type(value: object, expected: str) -> Sequence[LabelProblem]:
    """The problem of a value of another kind than expected."""
    return (LabelProblem("wrong-type", f"must be {expected}, not {kind_of(value)}"),)


def number_problem(value: object, expected: str) -> Sequence[LabelProblem]:
    """Returns why a value is not the number that was expected."""
    if not is_number(value):
        return wrong_type(value, expected)
    if isinstance(value, float) and not isfinite(value):
        return (LabelProblem("not-finite", f"must be {expected}, not {value}"),)
    return (LabelProblem("out-of-range", f"must be {expected}, not {shown(value)}"),)


def fraction(value: object) -> Sequence[LabelProblem]:
    """A part of the picture's width or height."""
    # The one test that nearly every coordinate passes; a bool is an int and would pass
    # `isinstance`. NaN fails the comparison.
    if (isinstance(value, float) or type(value) is int) and 0 <= value <= 1:
        return FINE
    return _fraction_problem(value)


def _fraction_problem(value: object) -> Sequence[LabelProblem]:
    found = number_problem(value, "a number from 0 to 1")
    if found[0].code != "out-of-range":
        return found
    hint = "coordinates are fractions of the picture's width and height"
    return (found[0]._replace(hint=hint),)


def rotation(value: object) -> Sequence[LabelProblem]:
    """The angle of an ellipse."""
    if is_number(value) and 0 <= value < pi:
        return FINE
    return number_problem(value, "an angle in radians, at least 0 and less than pi")


def finite(value: object) -> Sequence[LabelProblem]:
    """Any number that JSON can hold."""
    if type(value) is int or (isinstance(value, float) and isfinite(value)):
        return FINE
    return number_problem(value, "a finite number")


def whole(low: int, high: int | None = None) -> Check:
    """A check for whole numbers from ``low`` to ``high``; ``640.0`` is not written as one."""
    expected = whole_number(low, high)

    def check(value: object) -> Sequence[LabelProblem]:
        if type(value) is int and value >= low and (high is None or value <= high):
            return FINE
        return number_problem(value, expected)

    return check


def whole_number(low: int, high: int | None) -> str:
    """Returns what is expected where a whole number must stand."""
    if high is None:
        return f"a whole number of at least {low}"
    return f"a whole number from {low} to {high}"


def text(value: object) -> Sequence[LabelProblem]:
    """A string that says something."""
    if isinstance(value, str) and value:
        return FINE
    if isinstance(value, str):
        return (LabelProblem("empty", "must not be empty"),)
    return wrong_type(value, "a string")


def any_text(value: object) -> Sequence[LabelProblem]:
    return FINE if isinstance(value, str) else wrong_type(value, "a string")


def flag(value: object) -> Sequence[LabelProblem]:
    return FINE if isinstance(value, bool) else wrong_type(value, "true or false")

"""Objects with named members, and lists: the shapes that label members are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from rbsync.labels.problem import FINE, MOST, Check, LabelProblem, did_you_mean, under
from rbsync.labels.scalars import wrong_type


def record(fields: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """A check for objects that have all ``fields``, perhaps the optional ones, and no others."""
    known = {**fields, **(optional or {})}
    needed = fields.keys()

    def check(value: object) -> Sequence[LabelProblem]:
        if not isinstance(value, dict):
            return wrong_type(value, "an object with " + ", ".join(fields))
        found: list[LabelProblem] = []
        has_nulls = False
        for key, member in value.items():
            # Null is absent, here as in the fingerprint.
            if member is None:
                has_nulls = True
                continue
            inner = known.get(key)
            if inner is None:
                found.append(unknown_key(key, known))
            # Paths are made for problems alone, at the way back up.
            elif problems := inner(member):
                found += under(key, problems)
            if found and len(found) >= MOST:
                break
        # Of millions of labels nearly all have what they need, and only others are looked through.
        if has_nulls or not needed <= value.keys():
            found += _missing(value, fields)
        return found

    return check


def _missing(value: Mapping[str, object], fields: Mapping[str, Check]) -> list[LabelProblem]:
    absent = (key for key in fields if value.get(key) is None)
    return [missing(key) for key in absent]


def missing(key: str, hint: str = "") -> LabelProblem:
    """The problem of a member that must be there."""
    return LabelProblem("missing", "is missing", (key,), hint)


def unknown_key(key: object, known: Mapping[str, object]) -> LabelProblem:
    """The problem of a member that has no meaning."""
    hint = did_you_mean(str(key), known)
    return LabelProblem("unknown-key", "is not a known key", (str(key),), hint)


def list_of(inner: Check, what: str, least: int = 0) -> Check:
    """A check for lists of at least ``least`` of a thing, whose plural is ``what``."""

    def check(value: object) -> Sequence[LabelProblem]:
        if not isinstance(value, list | tuple):
            return wrong_type(value, f"a list of {what}")
        every = (one for at, item in enumerate(value) for one in under(at, inner(item)))
        found = list(islice(every, MOST))
        if len(value) < least:
            found.append(too_few(len(value), least, what))
        return found or FINE

    return check


def too_few(count: int, least: int, what: str) -> LabelProblem:
    """The problem of a list that is too short."""
    things = what.removesuffix("s") if least == 1 else what
    return LabelProblem("too-few", f"must have at least {least} {things}, not {count}")

"""The category of a label: a list of paths from the taxonomy's root, ``[["object", "car"]]``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rbsync.labels.problem import FINE, Check, LabelProblem, did_you_mean, under
from rbsync.labels.scalars import shown

ROOT = "object"
SHAPE_HINT = 'write it as [["object", "NAME"]]'


def category_check(categories: Collection[str]) -> Check:
    """A check for categories; any name will do when ``categories`` is empty."""
    # Only the leaf is compared with these: they are the names of all depths.
    known = frozenset(categories)

    def path_check(value: object) -> Sequence[LabelProblem]:
        if not _is_path(value):
            return (
                LabelProblem("category", f"must be a path, not {shown(value)}", (), SHAPE_HINT),
            )
        leaf = value[-1]  # type: ignore[index]  # _is_path has looked
        if not known or leaf in known:
            return FINE
        message = f'"{leaf}" is not in the taxonomy'
        return (LabelProblem("unknown-category", message, (), did_you_mean(leaf, known)),)

    def check(value: object) -> Sequence[LabelProblem]:
        if not isinstance(value, list | tuple) or not value:
            message = f"must be a list of paths, not {shown(value)}"
            return (LabelProblem("category", message, (), SHAPE_HINT),)
        found: list[LabelProblem] = []
        for at, path in enumerate(value):
            if problems := path_check(path):
                found += under(at, problems)
        return found

    return check


def _is_path(value: object) -> bool:
    return (
        isinstance(value, list | tuple)
        # The root alone is a category of nothing.
        and len(value) > 1
        and value[0] == ROOT
        and all(isinstance(one, str) and one for one in value)
    )

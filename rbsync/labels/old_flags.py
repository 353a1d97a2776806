"""Classifications as the service of 2021 had them, in the members that today's shows.

Source: the public SDK 2.35.4, run: it exports neither ``taskclassify`` nor ``frameclassify``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

OF_TASK = "taskclassify"
OF_FRAME = "frameclassify"
ONE = "tasklevelclassify"
# A task has one classification of its own, but any number of its series, each perhaps of a frame.
SEVERAL = "multiclassify"


def has_old_flags(text: str) -> bool:
    """Tells whether the JSON text of labels may have flags that today's service does not show."""
    return OF_TASK in text or OF_FRAME in text


def of_today(labels: Sequence[Any]) -> list[Any]:
    """The labels with the flags that today's service shows."""
    several = sum(_has(one, OF_TASK) for one in labels) > 1
    new = {OF_TASK: SEVERAL if several else ONE, OF_FRAME: SEVERAL}
    return _renamed(labels, lambda _: new)


def as_before(labels: Sequence[Any]) -> list[Any]:
    """Labels that have the flags of today, with those that they may have been sent with."""
    return _renamed(labels, _old)


def _old(label: dict[str, Any]) -> dict[str, str]:
    return {ONE: OF_TASK, SEVERAL: OF_FRAME if "frameindex" in label else OF_TASK}


def _renamed(labels: Iterable[Any], names: Callable[[dict[str, Any]], dict[str, str]]) -> list[Any]:
    return [_with(one, names(one)) if isinstance(one, dict) else one for one in labels]


def _with(label: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    # `"taskclassify": false` is spelt out in exports, and is no classification.
    return {names.get(key, key) if one is True else key: one for key, one in label.items()}


def _has(label: Any, flag: str) -> bool:
    return isinstance(label, dict) and label.get(flag) is True

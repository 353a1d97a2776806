"""Label files of other tools: what they are called, and the readers of the common ones.

A new one is a file here and its line below.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from rbsync.sources.tools.drawn import Drawings

Reader = Callable[[str, tuple[str, ...], tuple[int, int] | None], Drawings]
"""Reads a file's text; the names are those of classes that have numbers, and the numbers how many
points a pose has and what each has.

Raises DrawingError for what cannot be read.
"""

MODULES = {
    "labelme": "rbsync.sources.tools.labelme",
    "yolo": "rbsync.sources.tools.yolo",
    "voc": "rbsync.sources.tools.pascal_voc",
}
"""Each has a reader, ``read``, and ``amount``: the labels of a text, and the values that they have,
both counted without reading it, and rather too high."""


def reader(name: str) -> Reader:
    """The reader of a format; imported when it is used."""
    found: Reader = import_module(MODULES[name]).read
    return found


def amount(text: str, name: str) -> tuple[int, int]:
    """The number of labels in a text, and of their values in `labels.amounts.MARKS_EACH`."""
    found: tuple[int, int] = import_module(MODULES[name]).amount(text)
    return found

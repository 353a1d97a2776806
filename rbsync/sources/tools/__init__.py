"""Label files of other tools: what they are called, and the readers of the common ones.

A new one is a file here and its line below.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from rbsync.sources.tools.drawn import Drawings

Reader = Callable[[str, tuple[str, ...]], Drawings]
"""Reads a file's text; the names are those of classes that have numbers.

Raises DrawingError for what cannot be read.
"""

READERS = {
    "labelme": "rbsync.sources.tools.labelme:read",
    "yolo": "rbsync.sources.tools.yolo:read",
    "voc": "rbsync.sources.tools.pascal_voc:read",
}


def reader(name: str) -> Reader:
    """The reader of a format; imported when it is used."""
    module, _, function = READERS[name].partition(":")
    found: Reader = getattr(import_module(module), function)
    return found

"""Names that other programs give to the background, which is no category."""

from __future__ import annotations

_NAMES = frozenset({"background", "bg", "unlabeled", "unlabelled", "void"})


def is_background(name: str) -> bool:
    """Tells whether a category's name says that it is none: ``_background_`` of labelme, for one.

    CVAT, labelme and nnU-Net write the background into their maps like a class.
    """
    return name.strip(" _").casefold() in _NAMES

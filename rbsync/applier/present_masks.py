"""The mask that a task has, straight from the text of its labels.

It is what most masks are: to read them as labels first takes several times as long.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rbsync.backends.base import TaskContent

if TYPE_CHECKING:
    from rbsync.masks.classes.class_index import ClassIndex


def present_mask(found: TaskContent) -> ClassIndex | None:
    """The class index of labels that are nothing but one mask; None for all others."""
    # Most labels have none, and whoever compares boxes needs no NumPy.
    if found.maps or '"pixel":' not in found.labels:
        return None
    from rbsync.masks.encodings.written_pixels import index_of_text
    from rbsync.masks.seen_masks import of_text

    return of_text(found.labels, partial(index_of_text, found.labels))

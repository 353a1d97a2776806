"""Masks as the text that is sent."""

from __future__ import annotations

from rbsync.backends.base import LabelText
from rbsync.files.body import read_whole
from rbsync.files.roots import Roots
from rbsync.masks.pixel import pixel_text
from rbsync.masks.png import Named
from rbsync.masks.recipe import read_recipe
from rbsync.model.datapoint import Labels
from rbsync.model.fingerprint import Algorithm

LIMIT = 1 << 30
NOTHING = LabelText("[]", 0)


def mask_text(roots: Roots, labels: Labels, algorithm: Algorithm) -> tuple[LabelText, str]:
    """The LabelObjects of a mask, and the content identities of its files, parted by a space.

    The text is empty when they are not the planned ones any more. Raises OSError, MaskError.
    """
    read = [(one, *read_whole(roots, one.ref, algorithm, LIMIT)) for one in labels.inputs]
    contents = " ".join(content for _, _, content in read)
    if any(content != item.content for item, _, content in read):
        return NOTHING, contents
    files = [Named(data, item.ref) for item, data, _ in read]
    text, categories = pixel_text(read_recipe(labels.inline).class_index(files))
    return LabelText(text.decode(), len(categories), categories), contents

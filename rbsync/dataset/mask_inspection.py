"""The inspection of one mask or image file."""

from __future__ import annotations

from collections.abc import Sequence

from rbsync.dataset.inspection import Inspected
from rbsync.dataset.turns import in_turn
from rbsync.files.body import read_whole
from rbsync.files.file_facts import ChangingError
from rbsync.files.roots import Roots
from rbsync.mask_formats.reading import read_class_index
from rbsync.mask_formats.recipe import read_recipe
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.classes.present import present
from rbsync.masks.error import MaskError
from rbsync.masks.identity import identity
from rbsync.masks.mask_extents import extent_of_mask
from rbsync.masks.png.decoding import Named
from rbsync.masks.png.header import read_header
from rbsync.masks.seen_masks import of_files
from rbsync.masks.size import shown_size
from rbsync.model.datapoint import Item
from rbsync.model.fingerprint import Algorithm

LIMIT = 400 << 20
"""Bytes of a file that is read whole, and of a label map in memory: more is a stranger's bomb."""

_MOST_CLASSES = 64
_PIXEL = 4
"""Bytes that a pixel takes at most while it is decoded."""


def inspect_mask(
    roots: Roots, files: Sequence[Item], recipe: str, algorithm: Algorithm
) -> Inspected:
    """Decodes a mask. Raises MaskError for what a recipe refuses, OSError."""
    read = [read_planned(roots, one, algorithm) for one in files]
    with in_turn(_PIXEL * max(map(_pixels, read))):
        contents = " ".join(one.content for one in files)
        index = of_files(recipe, contents, lambda: read_class_index(read_recipe(recipe), read))
        found = identity(index, algorithm)
        size, transparent = (index.width, index.height), index.transparent
        extent, unused = extent_of_mask(index), _unused(index)
        return Inspected(size, found, unused, transparent=transparent, extent=extent)


def _unused(index: ClassIndex) -> tuple[int, ...]:
    """The numbers of the classes that have no pixel.

    None where there are very many: their numbers would be most of what is remembered of files.
    """
    if len(index.names) > _MOST_CLASSES:
        return ()
    return tuple(set(range(1, len(index.names) + 1)) - set(present(index)))


def _pixels(file: Named) -> int:
    """The pixels of a PNG by its header, 0 where it has none."""
    try:
        return read_header(file.data).pixels
    except MaskError:
        return 0


def inspect_image(roots: Roots, file: Item, algorithm: Algorithm) -> Inspected:
    """The size of an image as it is shown. Raises MaskError, OSError."""
    return Inspected(shown_size(read_planned(roots, file, algorithm)))


def read_planned(roots: Roots, file: Item, algorithm: Algorithm) -> Named:
    """A file that is still what it was when it was hashed. Raises OSError."""
    data, content = read_whole(roots, file.ref, algorithm, LIMIT)
    # The answer is remembered under the content that was hashed, so it must be of that one.
    if content != file.content:
        raise ChangingError(f"{file.ref} was written to while it was read")
    return Named(data, file.ref)

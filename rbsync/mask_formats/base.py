"""The interface of a pixel format of masks: reading its class map, and reading a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rbsync.mask_formats.recipe import Recipe
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.png.decoding import Named


class MaskFormat(ABC):
    """A way in which pixels of a mask say of which class they are. Its objects have no state.

    ``background`` are the values that are no class unless the manifest says others.
    """

    background: ClassVar[tuple[int, ...]] = (0,)

    @abstractmethod
    def read_classes(self, data: Any, *, file: str) -> Mapping[str, Sequence[int]]:
        """The numbers that stand for each category, from the JSON value of a class map.

        They go into `Recipe.classes` as they are. Raises MaskError for what is no class map.
        """

    @abstractmethod
    def class_index(self, recipe: Recipe, files: Sequence[Named]) -> ClassIndex:
        """The class of every pixel of the mask in these files.

        Raises MaskError for files that are damaged, have more than ``recipe.max_pixels`` pixels,
        or a value that is neither of a category nor background.
        """

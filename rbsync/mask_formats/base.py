"""The interface of a pixel format of masks: reading its class map, and reading a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy.typing as npt

from rbsync.mask_formats.recipe import Recipe
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.png.decoding import Named


class NotDrawnError(Exception):
    """The reason that a file cannot say what labels show."""


class Redrawing(NamedTuple):
    """A mask, and the classes that its files are to say.

    ``after`` (height, width) has the class of every pixel, 0 for none and else one more than its
    place in ``recipe.classes``; ``changed`` is true where it is another one than before.
    """

    recipe: Recipe
    files: Sequence[Named]
    after: npt.NDArray[Any]
    changed: npt.NDArray[Any]


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

    def redraw(self, wanted: Redrawing) -> list[bytes]:
        """The files with other classes: the inverse of `class_index`, for `rbsync pull`.

        Raises NotDrawnError, as this does where a format has no way back.
        """
        raise NotDrawnError(f"masks of the format `{wanted.recipe.format}` are only read")

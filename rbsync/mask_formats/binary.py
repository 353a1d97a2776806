"""Masks of one file for each class: what is not black is of the class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rbsync.mask_formats.base import MaskFormat
from rbsync.mask_formats.recipe import Recipe
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.classes.voc import read_binary_pngs
from rbsync.masks.error import MaskError
from rbsync.masks.png.decoding import Named


class BinaryFormat(MaskFormat):
    """There is no class map: the files stand in the order of the categories."""

    def read_classes(self, data: Any, *, file: str) -> Mapping[str, Sequence[int]]:  # noqa: ARG002  (there is none)
        raise MaskError(
            "class-map", "masks of one file for each class have no class map", file=file
        )

    def class_index(self, recipe: Recipe, files: Sequence[Named]) -> ClassIndex:
        named = dict(zip(recipe.classes, files, strict=True))
        return read_binary_pngs(named, max_pixels=recipe.max_pixels)

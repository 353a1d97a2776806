"""One binary PNG for each class of an image, the class in its path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rbsync.errors import Problem
from rbsync.mask_formats import PER_CLASS
from rbsync.shapes.setting import setting
from rbsync.sources.context import Context
from rbsync.sources.entry import Entry
from rbsync.sources.mask_files import MaskFile, MaskFiles
from rbsync.sources.mask_settings import MaskSettings, threshold
from rbsync.sources.matching import exclusions, may_be_empty

CATEGORY = "category"


class MaskPerClassSource(MaskSettings):
    """Several masks for each image, one for each class: what is not black is of the class."""

    key: ClassVar[str] = "per_class"
    joins_folders: ClassVar[bool] = True

    per_class: str = setting(
        description="A pattern of mask files, whose capture {category} says the class.",
        examples=["masks/{case}/{category}.png"],
    )
    exclude: tuple[str, ...] = exclusions()
    image: str = setting(
        description="The image of the masks, as a path or URL, from the pattern's captures; "
        "masks of one image and name are one datapoint.",
        examples=["images/{case}.jpg"],
    )
    name: str = setting(
        description="The datapoint's name, from the pattern's captures.", examples=["{case}"]
    )
    threshold: int | None = threshold()
    allow_empty: bool = may_be_empty()

    @property
    def least_value(self) -> int | None:
        return self.threshold

    def expand(self, context: Context) -> Iterator[Entry]:
        files = MaskFiles(context, self.key, self.per_class, self.exclude)
        if not self._says_class(context, files):
            files.check(self.name, self.image)
            return
        groups: dict[tuple[str, str], dict[str, str]] = {}
        for one in files.find(self.name, self.image, allow_empty=self.allow_empty):
            by_class = groups.setdefault((one.name, one.image), {})
            first = by_class.setdefault(one.captures[CATEGORY], one.path)
            # The later file would silently take the place of the first, and half of a class be
            # missing.
            if first != one.path:
                context.report(self._twice(context, first, one.path))
        for (name, image), by_class in groups.items():
            # Sorted, so that the fingerprint does not depend on the order in which a disk lists its
            # files.
            recipe = self.recipe(PER_CLASS, {one: [] for one in sorted(by_class)})
            paths = tuple(by_class[one] for one in recipe.classes)
            labels = self.labels_of(recipe, paths, self.per_class)
            yield files.entry(MaskFile(paths[0], name, image, {}), labels)

    def _says_class(self, context: Context, files: MaskFiles) -> bool:
        if files.pattern is None or CATEGORY in files.captures:
            return files.pattern is not None
        message = "the pattern does not say which class a file is of"
        hint = "put the capture {category} where the class stands: masks/{case}/{category}.png"
        context.report(Problem("pattern", message, context.locate((self.key,)), hint))
        return False

    def _twice(self, context: Context, first: str, second: str) -> Problem:
        message = f"`{first}` and `{second}` are masks of one class and one image"
        hint = "say with more captures which image a mask belongs to"
        return Problem("pattern", message, context.locate((self.key,)), hint)

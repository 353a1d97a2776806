"""One mask for each image, found by a pattern: coloured, indexed, or one binary PNG a class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from rbsync.errors import Problem
from rbsync.files.patterns import Pattern
from rbsync.sources.base import Context, Entry
from rbsync.sources.glob import Search, matching_files, pattern_at
from rbsync.sources.labels_beside import template_at
from rbsync.sources.mask_settings import MaskSettings, checked_json, mask_labels
from rbsync.sources.naming import FIELDS, Template

if TYPE_CHECKING:
    from rbsync.masks.recipe import Recipe

CATEGORY = "category"


class MaskGlobSource(MaskSettings):
    """One mask for each image."""

    key: ClassVar[str] = "glob"

    glob: str = Field(
        description="A pattern of mask files; with `format: binary` its capture {category} says "
        "which class a file is of.",
        examples=["masks/*.png"],
    )
    exclude: list[str] = Field(
        default=[], description="Patterns of what to leave out.", examples=[["**/drafts/**"]]
    )
    image: str = Field(
        description="The image of each mask, as a path or URL; the fields are those of `name`.",
        examples=["images/{stem}.jpg"],
    )
    name: str | None = Field(
        None,
        description="The datapoint's name: {path} {dir} {parent} {stem} {suffix} {file} of the "
        "mask and the pattern's captures [{stem}; with `format: binary` that of the image].",
        examples=["{stem}"],
    )
    class_map: str | None = Field(
        None,
        description="A JSON file {category: [r, g, b]}; with `format: indexed` {category: value}; "
        "`format: binary` needs none.",
        examples=["class_map.json"],
    )
    format: Literal["rgb", "indexed", "binary"] = Field(
        "rgb",
        description="rgb: the colour is the class. indexed: the pixel's value is, as in VOC. "
        "binary: one PNG for each class, whose pixels are those that are not black.",
        examples=["indexed"],
    )
    ignore_values: list[int] = Field(
        default=[0, 255],
        description="With `format: indexed`, the values that are background.",
        examples=[[0, 255]],
    )
    allow_empty: bool = Field(
        False, description="Whether it is right that nothing matches.", examples=[False]
    )

    @property
    def colours_file(self) -> str | None:
        return self.class_map if self.format == "rgb" else None

    def expand(self, context: Context) -> Iterator[Entry]:
        pattern = pattern_at(context, ("glob",), self.glob)
        excluded = [pattern_at(context, ("exclude", i), t) for i, t in enumerate(self.exclude)]
        able = self.can_encode(context)
        if pattern is None or None in excluded or not able:
            return
        files = _MaskFiles(self, context, pattern, [one for one in excluded if one])
        if files.are_named:
            yield from self._binary(files) if self.format == "binary" else self._single(files)

    def _single(self, files: _MaskFiles) -> Iterator[Entry]:
        recipe = self._recipe(files.context)
        if recipe is None:
            return
        labels = mask_labels(recipe, (), self.class_map or "")
        for path, name, image, _ in files:
            yield files.entry(name, image, labels._replace(files=(path,)))

    def _recipe(self, context: Context) -> Recipe | None:
        if self.class_map is None:
            message = f"masks of the format {self.format} need a `class_map`"
            context.report(Problem("class-map", message, context.origin))
            return None
        if self.format == "rgb":
            return self.rgb_recipe(context, self.class_map, "class_map")
        return checked_json(context, self.class_map, "class_map", self._indexed)

    def _indexed(self, data: Any) -> Recipe:
        from rbsync.masks.voc import read_class_values

        values = read_class_values(data, file=self.class_map or "")
        classes = {name: [value] for name, value in values.items()}
        return self.recipe("indexed", classes, [[value] for value in self.ignore_values])

    def _binary(self, files: _MaskFiles) -> Iterator[Entry]:
        """All files of one name and image are one datapoint, their classes sorted."""
        if CATEGORY not in files.captures:
            message = "with `format: binary` the pattern says which class a file is of"
            hint = "put the capture {category} where the class stands: masks/{case}/{category}.png"
            where = files.context.locate(("glob",))
            files.context.report(Problem("pattern", message, where, hint))
            return
        groups: dict[tuple[str, str], dict[str, str]] = {}
        for path, name, image, category in files:
            groups.setdefault((name, image), {})[category] = path
        for (name, image), by_class in groups.items():
            recipe = self.recipe("binary", {one: [] for one in sorted(by_class)})
            paths = tuple(by_class[one] for one in recipe.classes)
            yield files.entry(name, image, mask_labels(recipe, paths, self.glob))


class _MaskFiles:
    """The mask files of a source: path, datapoint's name, image and class of each."""

    def __init__(
        self, source: MaskGlobSource, context: Context, pattern: Pattern, excluded: list[Pattern]
    ) -> None:
        self.context = context
        self.captures = pattern.captures
        self._source, self._pattern, self._excluded = source, pattern, excluded
        self._images = template_at(context, "image", source.image, pattern.captures)
        self._names: Template | None = None
        if source.name or source.format != "binary":
            self._names = template_at(context, "name", source.name or "{stem}", pattern.captures)
        self._by_image = not source.name and source.format == "binary"

    @property
    def are_named(self) -> bool:
        """Whether the templates of the source can be filled."""
        return self._images is not None and (self._by_image or self._names is not None)

    def __iter__(self) -> Iterator[tuple[str, str, str, str]]:
        search = Search(self.context, "glob")
        for path, captures in matching_files(search, self._pattern, self._excluded):
            image = self._images.fill(path, captures) if self._images else ""
            name = self._names.fill(path, captures) if self._names else FIELDS["stem"](image)
            yield path, name, image, captures.get(CATEGORY, "")
        search.report_empty(self._source.glob, allowed=self._source.allow_empty)

    def entry(self, name: str, image: str, labels: Any) -> Entry:
        """The datapoint of an image with its masks."""
        return Entry(name, (image,), labels, self.context.settings, self.context.origin)

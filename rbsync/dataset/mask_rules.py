"""The conditions that a project must meet for masks to be sent to it."""

from __future__ import annotations

from collections.abc import Iterator

from rbsync.errors import Location, Problem
from rbsync.guessing import nearest_name
from rbsync.labels.background import is_background
from rbsync.labels.problem import meant_name
from rbsync.labels.project_types import project_type
from rbsync.labels.taxonomy import Taxonomy
from rbsync.sources.entry import Entry, MaskLabels


class MaskRules:
    """The rules of a project with a type and a taxonomy."""

    def __init__(self, type_name: str, taxonomy: Taxonomy) -> None:
        self._type = project_type(type_name)
        self._names = taxonomy.names

    def problems(self, entry: Entry, labels: MaskLabels) -> Iterator[Problem]:
        """Yields what stands in the way of an entry's masks, whatever is in them."""
        yield from self.of_type("masks", entry.origin)
        place = named_at(entry)
        for name in labels.categories:
            hint = _background_hint(name, labels) if is_background(name) else ""
            yield from self.of_category(name, place, f"{labels.named_by}: ", hint)

    def of_type(self, what: str, place: Location) -> Iterator[Problem]:
        """The problem of a project that takes none of what stands at a place."""
        # A label of a video says in which frame it is, and a mask does not.
        if "pixel" not in self._type.kinds or self._type.medium == "VIDEO":
            message = f"a project of type {self._type.name} takes no {what}"
            hint = f"{what} need IMAGE_SEGMENTATION, IMAGE_MULTI or DICOM_SEGMENTATION"
            yield Problem("wrong-kind", message, place, hint)

    def of_category(
        self, name: str, place: Location, prefix: str = "", hint: str = ""
    ) -> Iterator[Problem]:
        """The problem of a category that the taxonomy lacks."""
        if not self._names or name in self._names:
            return
        near = nearest_name(name, self._names)
        hint = hint or (meant_name(name, near) if near else "add it to the project's taxonomy")
        message = f'{prefix}the category "{name}" is not in the taxonomy'
        yield Problem("unknown-category", message, place, hint)


def named_at(entry: Entry) -> Location:
    """The place that names the categories of an entry's masks."""
    every = [entry.members.locate((key,)) for key in _NAMING] if entry.members else []
    return next((one for one in every if one != entry.origin), entry.origin)


_NAMING = ("class_map", "per_class", "folder")
"""Keys of sources that say where categories are named."""


def _background_hint(name: str, labels: MaskLabels) -> str:
    """The key to write for a category that is called background and has a look of its own."""
    from rbsync.mask_formats import PER_CLASS, RGB
    from rbsync.mask_formats.recipe import read_recipe

    recipe = read_recipe(labels.recipe) if labels.recipe else None
    if recipe is None:
        return f"leave `{name}` out of the class map"
    if recipe.format == PER_CLASS:
        return f'leave its files out, for example: `exclude: ["**/{name}.png"]`'
    values = [list(one) for one in (*recipe.ignore, recipe.classes[name])]
    if recipe.format == RGB:
        return f"if it is background, write `ignore_colors: {values}`"
    return f"if it is background, write `ignore_values: {[one[0] for one in values]}`"

"""A taxonomy: the categories and attributes that the labels of a project may have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple


class Attribute(NamedTuple):
    """``type`` is BOOL, TEXT, NUMBER, SELECT or MULTISELECT in any case, empty for any value;
    ``options`` are the values of the last two, empty for any."""

    name: str
    type: str = ""
    options: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "attrType": self.type, "whitelist": list(self.options)}


class Category(NamedTuple):
    """``label_type`` is the service's ObjectLabelType, empty where the category has none."""

    name: str
    class_id: int
    children: tuple[Category, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    label_type: str = ""

    @property
    def is_of_labels(self) -> bool:
        """Tells whether labels have it; one that only holds others together is their parent."""
        return bool(self.label_type) or not self.children

    def walk(self) -> Iterator[Category]:
        """This category and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def as_json(self) -> dict[str, Any]:
        made: dict[str, Any] = {"name": self.name, "classId": self.class_id}
        made["children"] = [one.as_json() for one in self.children]
        if self.attributes:
            made["attributes"] = [one.as_json() for one in self.attributes]
        if self.label_type:
            made["labelType"] = self.label_type
        return made


@dataclass(frozen=True)
class Taxonomy:
    """An empty one allows any category."""

    name: str = ""
    version: int = 1
    categories: tuple[Category, ...] = ()
    attributes: tuple[Attribute, ...] = ()

    def walk(self) -> Iterator[Category]:
        """All categories, parents before their children."""
        for category in self.categories:
            yield from category.walk()

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all categories, whatever their depth."""
        return frozenset(one.name for one in self.walk())

    @cached_property
    def all_attributes(self) -> tuple[Attribute, ...]:
        """Its own attributes and those of its categories, one a name.

        One that is declared in two ways may have any value, as a label does not say which.
        """
        found: dict[str, Attribute] = {}
        every = (*self.attributes, *(own for one in self.walk() for own in one.attributes))
        for attribute in every:
            if found.setdefault(attribute.name, attribute) != attribute:
                found[attribute.name] = Attribute(attribute.name)
        return tuple(found.values())

    def as_json(self) -> dict[str, Any]:
        """Returns what ``read_taxonomy`` reads back as this taxonomy."""
        return {
            "name": self.name,
            "version": self.version,
            "categories": [one.as_json() for one in self.categories],
            "attributes": [one.as_json() for one in self.attributes],
        }

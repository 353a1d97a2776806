"""Read a taxonomy: a plain list of names, or the service's JSON, old or new.

Source of the formats: old, ``{name, version, categories: [{name, classId, children}],
attributes: [{name, attrType, whitelist}]}``; new, ``{name, objectTypes: [{category, classId,
labelType, attributes}], studyClassify, seriesClassify, instanceClassify}``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from rbsync.errors import UserError
from rbsync.labels.category import ROOT
from rbsync.labels.scalars import kind_of
from rbsync.labels.taxonomy import Category, Taxonomy
from rbsync.labels.taxonomy_parts import UNNUMBERED, PartReader

_CATEGORIES = {"categories": "name", "taskCategories": "name", "objectTypes": "category"}
_ATTRIBUTES = (
    "attributes",
    "taskAttributes",
    "studyClassify",
    "seriesClassify",
    "instanceClassify",
)
_SHAPE_HINT = 'write a list of names, or an object with "categories" or "objectTypes"'


def read_taxonomy(data: object) -> Taxonomy:
    """The taxonomy that parsed JSON or YAML describes.

    A category without a ``classId`` gets the smallest number that is free. Raises UserError with
    all that is wrong.
    """
    reader = PartReader()
    taxonomy = _read(data, reader)
    _find_clashes(taxonomy, reader)
    if reader.problems:
        raise UserError(reader.problems)
    return taxonomy


def _read(data: object, reader: PartReader) -> Taxonomy:
    if isinstance(data, list | tuple):
        return Taxonomy(categories=_numbered(reader.categories(data, (), "name")))
    if isinstance(data, Mapping) and not _CATEGORIES.keys().isdisjoint(data):
        return _from_object(data, reader)
    found = "an object without either" if isinstance(data, Mapping) else kind_of(data)
    reader.problem((), f"must be a list or an object, not {found}", _SHAPE_HINT)
    return Taxonomy()


def _from_object(data: Mapping[str, object], reader: PartReader) -> Taxonomy:
    name = data.get("name")
    categories = [
        one
        for key, name_key in _CATEGORIES.items()
        for one in reader.categories(data.get(key), (key,), name_key)
    ]
    return Taxonomy(
        name=reader.text(name, ("name",)) if name else "",
        version=reader.whole(data.get("version"), ("version",), 1),
        categories=_numbered(_without_root(categories)),
        attributes=tuple(
            one for key in _ATTRIBUTES for one in reader.attributes(data.get(key), (key,))
        ),
    )


def _without_root(categories: Sequence[Category]) -> list[Category]:
    """The root that every path starts with is not a category of its own."""
    found: list[Category] = []
    for one in categories:
        found += one.children if one.name == ROOT and one.children else [one]
    return found


def _numbered(categories: Sequence[Category]) -> tuple[Category, ...]:
    taken = {one.class_id for top in categories for one in top.walk()}
    free = (number for number in count() if number not in taken)
    return tuple(_with_numbers(one, free) for one in categories)


def _with_numbers(category: Category, free: Iterator[int]) -> Category:
    number = next(free) if category.class_id == UNNUMBERED else category.class_id
    children = tuple(_with_numbers(one, free) for one in category.children)
    return category._replace(class_id=number, children=children)


def _find_clashes(taxonomy: Taxonomy, reader: PartReader) -> None:
    every = list(taxonomy.walk())
    for number, times in Counter(one.class_id for one in every).items():
        if times > 1:
            names = ", ".join(one.name for one in every if one.class_id == number)
            reader.problem((), f"classId {number} is used by {names}", "make it unique")
    for name in _repeated(taxonomy.categories):
        reader.problem((), f'the category "{name}" is there twice', "remove one of them")


def _repeated(siblings: Sequence[Category]) -> Iterator[str]:
    names = Counter(one.name for one in siblings if one.name)
    yield from (name for name, times in names.items() if times > 1)
    for one in siblings:
        yield from _repeated(one.children)

"""Read a taxonomy: a plain list of names, or the service's JSON, old or new.

Source of the formats: old, ``{name, version, categories: [{name, classId, children}],
attributes: [{name, attrType, whitelist}]}``; new, ``{name, objectTypes: [{category, classId,
labelType, attributes}], studyClassify, seriesClassify, instanceClassify}``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from rbsync.errors import Problem, UserError
from rbsync.labels.category import ROOT
from rbsync.labels.problem import Path, did_you_mean, place
from rbsync.labels.scalars import kind_of
from rbsync.labels.taxonomy import Attribute, Category, Taxonomy
from rbsync.shapes.guards import is_text, is_whole

DEEPEST = 16
UNNUMBERED = -1
LABEL_TYPES = (
    "BBOX",
    "CUBOID",
    "POINT",
    "POLYLINE",
    "POLYGON",
    "ELLIPSE",
    "SEGMENTATION",
    "LENGTH",
    "ANGLE",
)


class PartReader:
    """Answers something for every part, so that one pass finds all problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def problem(self, path: Path, message: str, hint: str = "") -> None:
        where = place(("taxonomy", *path))
        self.problems.append(Problem("taxonomy", f"{where}: {message}", hint=hint))

    def text(self, value: object, path: Path) -> str:
        if is_text(value):
            return value
        self.problem(path, f"must be a name, not {kind_of(value) if value != '' else 'empty'}")
        return ""

    def whole(self, value: object, path: Path, otherwise: int) -> int:
        if value is None:
            return otherwise
        if is_whole(value, 0):
            return value
        self.problem(path, f"must be a whole number of at least 0, not {value!r}")
        return otherwise

    def items(self, value: object, path: Path, what: str) -> list[tuple[Path, object]]:
        """The members of a list with their paths; null is an empty list."""
        if value is None:
            return []
        if isinstance(value, list | tuple):
            return [((*path, at), one) for at, one in enumerate(value)]
        self.problem(path, f"must be a list of {what}, not {kind_of(value)}")
        return []

    def categories(self, value: object, path: Path, name_key: str) -> tuple[Category, ...]:
        """Categories, each a name alone or an object; ``name_key`` is where its name stands."""
        # Each level is two steps of a path, its key and its number.
        if len(path) > 2 * DEEPEST:
            self.problem(path, f"categories may be nested {DEEPEST} deep")
            return ()
        members = self.items(value, path, "categories")
        return tuple(self._category(one, at, name_key) for at, one in members)

    def _category(self, value: object, path: Path, name_key: str) -> Category:
        if isinstance(value, str):
            return Category(self.text(value, path), UNNUMBERED)
        if not isinstance(value, Mapping):
            self.problem(path, f"must be a name or an object, not {kind_of(value)}")
            return Category("", UNNUMBERED)
        return Category(
            self.text(value.get(name_key), (*path, name_key)),
            self.whole(value.get("classId"), (*path, "classId"), UNNUMBERED),
            self.categories(value.get("children"), (*path, "children"), name_key),
            self.attributes(value.get("attributes"), (*path, "attributes")),
            self._label_type(value.get("labelType"), (*path, "labelType")),
        )

    def _label_type(self, value: object, path: Path) -> str:
        if value is None or value in LABEL_TYPES:
            return str(value or "")
        hint = did_you_mean(str(value).upper(), LABEL_TYPES)
        self.problem(path, f"{value!r} is not a label type", hint)
        return ""

    def attributes(self, value: object, path: Path) -> tuple[Attribute, ...]:
        members = self.items(value, path, "attributes")
        return tuple(self._attribute(one, at) for at, one in members)

    def _attribute(self, value: object, path: Path) -> Attribute:
        if not isinstance(value, Mapping):
            self.problem(path, f"must be an object with name and attrType, not {kind_of(value)}")
            return Attribute("")
        kind = value.get("attrType")
        return Attribute(
            self.text(value.get("name"), (*path, "name")),
            self.text(kind, (*path, "attrType")) if kind else "",
            self._options(value, path),
        )

    def _options(self, value: Mapping[str, object], path: Path) -> tuple[str, ...]:
        # The old format says `whitelist`, later ones `options`.
        key = "options" if value.get("options") is not None else "whitelist"
        found = []
        for at, one in self.items(value.get(key), (*path, key), "options"):
            named = one.get("name") if isinstance(one, Mapping) else one
            found.append(self.text(named, at))
        return tuple(found)


_CATEGORIES = {"categories": "name", "taskCategories": "name", "objectTypes": "category"}
_ATTRIBUTES = (
    "attributes",
    "taskAttributes",
    "studyClassify",
    "seriesClassify",
    "instanceClassify",
)
_SHOWN = 10
"""Names in one message."""

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
    # In the order of the list, so that one list has the same numbers on every run.
    free = (number for number in count() if number not in taken)
    return tuple(_with_numbers(one, free) for one in categories)


def _with_numbers(category: Category, free: Iterator[int]) -> Category:
    number = next(free) if category.class_id == UNNUMBERED else category.class_id
    children = tuple(_with_numbers(one, free) for one in category.children)
    return category._replace(class_id=number, children=children)


def _find_clashes(taxonomy: Taxonomy, reader: PartReader) -> None:
    by_number: dict[int, list[str]] = {}
    for one in taxonomy.walk():
        by_number.setdefault(one.class_id, []).append(one.name)
    for number, users in by_number.items():
        if len(users) > 1:
            more = f" and {len(users) - _SHOWN:,} more" if len(users) > _SHOWN else ""
            names = ", ".join(users[:_SHOWN]) + more
            reader.problem((), f"classId {number} is used by {names}", "make it unique")
    # Among siblings only: a name may stand below two parents.
    for name in _repeated(taxonomy.categories):
        reader.problem((), f'the category "{name}" is there twice', "remove one of them")


def _repeated(siblings: Sequence[Category]) -> Iterator[str]:
    names = Counter(one.name for one in siblings if one.name)
    yield from (name for name, times in names.items() if times > 1)
    for one in siblings:
        yield from _repeated(one.children)

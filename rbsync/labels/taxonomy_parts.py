"""Read the parts of a taxonomy's JSON, noting what is wrong and reading on."""

from __future__ import annotations

from collections.abc import Mapping

from rbsync.errors import Problem
from rbsync.labels.problem import Path, did_you_mean, place
from rbsync.labels.scalars import kind_of
from rbsync.labels.taxonomy import Attribute, Category

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
        if isinstance(value, str) and value:
            return value
        self.problem(path, f"must be a name, not {kind_of(value) if value != '' else 'empty'}")
        return ""

    def whole(self, value: object, path: Path, otherwise: int) -> int:
        if value is None:
            return otherwise
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
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
        key = "options" if value.get("options") is not None else "whitelist"
        found = []
        for at, one in self.items(value.get(key), (*path, key), "options"):
            named = one.get("name") if isinstance(one, Mapping) else one
            found.append(self.text(named, at))
        return tuple(found)

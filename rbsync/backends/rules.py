"""The rules of the service about one datapoint."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from rbsync.backends.base import Draft, LabelText
from rbsync.labels.project_types import ProjectType
from rbsync.labels.taxonomy import Taxonomy
from rbsync.model.datapoint import Settings
from rbsync.model.fingerprint import FACETS, Facet
from rbsync.model.names import LONGEST_NAME, hidden_in, is_utf8
from rbsync.shapes.guards import is_fraction, is_metadata

if TYPE_CHECKING:
    from rbsync.labels.problem import LabelProblem


class Flaw(NamedTuple):
    """The reason that a datapoint is not accepted, and the next step or nothing."""

    message: str
    hint: str = ""


@dataclass(frozen=True)
class Rules:
    """The rules of a project with a type and a taxonomy."""

    type: ProjectType
    taxonomy: Taxonomy

    def flaw(self, draft: Draft, facets: Sequence[Facet] = FACETS) -> Flaw | None:
        """Returns why the given facets of a datapoint are not accepted, None when they are."""
        found = name_flaw(draft.name)
        if not found and "items" in facets:
            found = self.items_flaw(len(draft.items))
        if not found and "labels" in facets and draft.labels:
            found = self.labels_flaw(draft.labels) or maps_flaw(draft)
        if not found and "settings" in facets:
            found = settings_flaw(draft.settings)
        return found

    def items_flaw(self, count: int) -> Flaw | None:
        return None if count else Flaw("it has no items")

    def labels_flaw(self, labels: LabelText) -> Flaw | None:
        if labels.made_of:
            # Millions of corners would take longer to look through than to find.
            return self._objects_flaw([_specimen(name) for name in labels.made_of], labels)
        try:
            # Half of a surrogate pair is text to Python, and no bytes.
            labels.json.encode()
            parsed = json.loads(labels.json)
        except (ValueError, RecursionError):
            return Flaw("its labels are not JSON text")
        return self._objects_flaw(parsed, labels)

    def _objects_flaw(self, parsed: Any, labels: LabelText) -> Flaw | None:
        # A project is opened more often than labels are sent to it.
        from rbsync.labels.check import check_labels

        problems = check_labels(
            parsed,
            project_type=self.type.name,
            categories=self.taxonomy.names,
            attributes=self.taxonomy.all_attributes,
        )
        if problems:
            return _labels_flaw(problems)
        # The count is what listings show and drift compares; a wrong one would be drift for ever.
        if len(parsed) != labels.count:
            return Flaw(f"it has {len(parsed)} labels, not {labels.count}")
        return None


def _specimen(category: str) -> dict[str, Any]:
    """A small label of a category, in place of a large one that is made like it."""
    square = [[0, 0], [1, 0], [1, 1], [0, 1]]
    pixel = {"imagesize": [1, 1], "regions": [square], "holes": []}
    return {"category": [["object", category]], "attributes": [], "pixel": pixel}


def _labels_flaw(problems: Sequence[LabelProblem]) -> Flaw:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    first = problems[0]
    return Flaw(f"labels{first.place}: {first.message}{more}", first.hint)


def maps_flaw(draft: Draft) -> Flaw | None:
    """Each label map is that of one series."""
    numbers = [one.series for one in draft.labels.files] if draft.labels else []
    count = max(1, len(draft.series))
    if any(not 0 <= one < count for one in numbers):
        return Flaw(f"it has a label map of a series that it lacks; it has {count} series")
    twice = len(set(numbers)) < len(numbers)
    return Flaw("it has two label maps of one series") if twice else None


def name_flaw(name: str) -> Flaw | None:
    """Names are text of 1 to 512 bytes without control characters."""
    if not name:
        return Flaw("its name is empty")
    # A name with a line break would be two lines in every list, and one with an escape sequence
    # could write to the terminal.
    if hidden_in(name) or not is_utf8(name):
        return Flaw("its name has a control character, or bytes that are not text")
    size = len(name.encode())
    if size > LONGEST_NAME:
        return Flaw(f"its name has {size} bytes; the limit is {LONGEST_NAME}")
    return None


def settings_flaw(settings: Settings) -> Flaw | None:
    _, _, priority, metadata, series = settings
    if priority is not None and not is_fraction(priority):
        return Flaw(f"its priority must be a number from 0 to 1, not {priority!r}")
    if not is_metadata(metadata):
        return Flaw("its metadata must be strings by name")
    if not all(is_metadata(one.metadata) for one in series):
        return Flaw("the metadata of its series must be strings by name")
    return None

"""Members that a service adds to what it is given, for tests of clients that meet a real one.

Nobody but the real service knows which it adds; a client has to know its own again whatever they
are.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from rbsync.labels.taxonomy import Taxonomy

METADATA = {"importedBy": "rbsync offline"}
"""A member that a created task's metadata gets."""


def rewritten_labels(text: str, taxonomy: Taxonomy, *, nulls: bool = False) -> str:
    """Labels with an id, the number of their class, statistics and defaults each.

    With ``nulls`` there is null for no attributes.
    """
    numbers = {one.name: one.class_id for one in taxonomy.walk()}
    labels = json.loads(text)
    for label in labels:
        if isinstance(label, dict):
            _rewrite(label, numbers)
            if nulls:
                label["attributes"] = label["attributes"] or None
    return json.dumps(labels, separators=(",", ":"), ensure_ascii=False)


def _rewrite(label: dict[str, Any], numbers: dict[str, int]) -> None:
    names = [path[-1] for path in label.get("category") or () if path]
    label.setdefault("labelid", str(uuid4()))
    label.setdefault("attributes", [])
    label.setdefault("readonly", False)
    if names and names[0] in numbers:
        label.setdefault("classid", numbers[names[0]])
    label["stats"] = {"updated": 0}
    for number, one in enumerate(label["attributes"] or ()):
        one.setdefault("attrid", number)

"""The class ids of labels, which the SDK needs to draw a segmentation and clients need not send."""

from __future__ import annotations

import json

from rbsync.labels import Taxonomy


def with_class_ids(text: str, taxonomy: Taxonomy) -> str:
    """Labels in which each has the ``classid`` of its category, where the taxonomy has that."""
    numbers = {one.name: one.class_id for one in taxonomy.walk()}
    labels = json.loads(text)
    for label in labels:
        names = [path[-1] for path in label.get("category") or () if path]
        if names and names[0] in numbers:
            label.setdefault("classid", numbers[names[0]])
    return json.dumps(labels, separators=(",", ":"), ensure_ascii=False)

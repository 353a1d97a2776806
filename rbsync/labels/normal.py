"""The normal form of labels, in which equal meaning is equal value."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any


def normal_labels(labels: Any) -> Any:
    """The labels without their null members, at any depth: null and absent are the same.

    The fingerprint of labels is ``model.fingerprint.of_value`` of this.
    """
    # GraphQL answers null for what was never set: without this, labels that came back would look
    # changed.
    if isinstance(labels, dict):
        return {key: normal_labels(one) for key, one in labels.items() if one is not None}
    if isinstance(labels, list | tuple):
        return [normal_labels(one) for one in labels]
    return labels


@lru_cache(1)
def read_labels(text: str) -> Any:
    """The labels of a JSON text in their normal form, to be read only: the next one to ask for
    the same text gets the same. Raises ValueError and RecursionError.
    """
    labels = json.loads(text)
    # A mask's outlines have hundreds of thousands of numbers, and hardly ever a null among them:
    # to copy them takes four times as long as to parse them.
    return normal_labels(labels) if "null" in text else labels

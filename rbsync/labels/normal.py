"""The normal form of labels, in which equal meaning is equal value."""

from __future__ import annotations

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

"""What a plan says of labels is read as what it is, and as nothing else."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from rbsync.applier.content import LocalContent
from rbsync.applier.mask_text import encoded
from rbsync.files.roots import Roots
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.model.datapoint import Labels

INDEX = ClassIndex(np.array([[1, 1], [0, 1]], np.uint8), ("liver",))


def test_labels_of_an_unknown_kind_are_read_as_no_other_kind(tmp_path) -> None:
    content = LocalContent(Roots(str(tmp_path)), "xxh3")
    odd = Labels(cast("Any", "heatmap"), "xxh3:1", inline="[]")
    with pytest.raises(AssertionError, match="heatmap"):
        content.labels(odd)


@pytest.mark.parametrize("preferred", ["pixel", "nifti"])
def test_an_encoding_that_is_asked_for_is_not_the_preferred_one(preferred) -> None:
    assert encoded(INDEX, "nifti", preferred).files
    assert not encoded(INDEX, "pixel", preferred).files
    assert bool(encoded(INDEX, "auto", preferred).files) == (preferred == "nifti")


@pytest.mark.parametrize(("encoding", "preferred"), [("rle", "pixel"), ("auto", "rle")])
def test_a_mask_is_not_sent_in_an_unknown_encoding(encoding, preferred) -> None:
    with pytest.raises(AssertionError, match="rle"):
        encoded(INDEX, encoding, preferred)

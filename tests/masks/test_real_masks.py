"""Masks computed from photographs: the textures that segmentations really have."""

import numpy as np
import pytest
from skimage import data

from rbsync.masks import decode_nifti, decode_pixel, encode_nifti, encode_pixel
from tests.masks.pictures import colours, painted
from tests.masks.test_rings import assert_exact

PHOTOGRAPHS = (
    "astronaut",
    "camera",
    "cell",
    "chelsea",
    "coffee",
    "coins",
    "horse",
    "page",
    "rocket",
    "text",
)


def segmentation(name: str, levels: int) -> np.ndarray:
    """The brightness of a photograph cut into levels; the darkest is background."""
    photograph = getattr(data, name)()[::2, ::2].astype(float)
    grey = photograph if photograph.ndim == 2 else photograph.mean(axis=2)
    cuts = np.quantile(grey, np.linspace(0, 1, levels + 2)[1:-1])
    return np.digitize(grey, cuts).astype(np.uint8)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("levels", [1, 3, 20])
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_rings_of_a_photograph_are_exact(name: str, levels: int) -> None:
    assert_exact(segmentation(name, levels))


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_both_encodings_of_a_photograph_come_back(name: str) -> None:
    class_map = colours(7)
    mask = painted(segmentation(name, 7), class_map)
    assert np.array_equal(decode_pixel(encode_pixel(mask, class_map), class_map), mask)
    assert np.array_equal(decode_nifti(*encode_nifti(mask, class_map), class_map), mask)

"""Masks of what is in photographs: shapes and textures that segmentations really have."""

import numpy as np
import pytest
from skimage import data

from rbsync.masks import decode_nifti, decode_pixel, encode_nifti, encode_pixel
from tests.masks.outlines.test_rings import assert_exact
from tests.masks.pictures import colours, painted

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


@pytest.mark.usefixtures("built_kernel")
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


def outline(name: str) -> np.ndarray:
    """A mask that somebody made: what is dark in a drawing of two tones."""
    return (~getattr(data, name)().astype(bool)).astype(np.uint8)


def regions(name: str) -> np.ndarray:
    """A photograph in the regions that an algorithm sees there, each a class of its own."""
    # It loads half of SciPy, and each process that runs tests reads each file of them.
    from skimage.segmentation import felzenszwalb

    found = felzenszwalb(getattr(data, name)(), scale=100, sigma=0.5, min_size=50)
    return found.astype(np.min_scalar_type(found.max()))


@pytest.mark.usefixtures("built_kernel")
def test_rings_of_a_drawn_mask_are_exact() -> None:
    horse = outline("horse")
    assert 0.1 < horse.mean() < 0.9
    assert_exact(horse)


@pytest.mark.usefixtures("built_kernel")
@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket"])
def test_rings_of_the_regions_of_a_photograph_are_exact(name: str) -> None:
    """Some hundred classes, side by side, at the full size of the picture."""
    index = regions(name)
    assert index.max() > 90
    assert_exact(index)


def test_many_regions_come_back_from_both_encodings() -> None:
    index = regions("astronaut")
    class_map = colours(int(index.max()))
    mask = painted(index, class_map)
    assert np.array_equal(decode_pixel(encode_pixel(mask, class_map), class_map), mask)
    assert np.array_equal(decode_nifti(*encode_nifti(mask, class_map), class_map), mask)

"""The fingerprint of a mask: the same for the same meaning, and only then."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbsync.masks import ClassIndex, labels_of
from rbsync.masks.identity import identity, identity_of_labels
from rbsync.model.fingerprint import Algorithm
from tests.masks.pictures import Array, small_indices

NAMES = ("ape", "bee", "cat")


@given(small_indices(), st.permutations(range(3)), st.integers(0, 300))
def test_neither_the_order_nor_the_number_of_classes_matters(
    pixels: Array, order: list[int], unused: int
) -> None:
    names = [*(f"none {number}" for number in range(unused)), *(NAMES[place] for place in order)]
    values = [0, *(names.index(name) + 1 for name in NAMES)]
    other = np.array(values, np.min_scalar_type(len(names)))[pixels]
    assert identity(ClassIndex(other, tuple(names))) == identity(ClassIndex(pixels, NAMES))


@given(small_indices(), st.data())
def test_every_pixel_matters(pixels: Array, data: st.DataObject) -> None:
    other = pixels.copy()
    row = data.draw(st.integers(0, pixels.shape[0] - 1))
    column = data.draw(st.integers(0, pixels.shape[1] - 1))
    other[row, column] = (pixels[row, column] + data.draw(st.integers(1, 3))) % 4
    assert identity(ClassIndex(other, NAMES)) != identity(ClassIndex(pixels, NAMES))


@given(small_indices().filter(np.any))
def test_it_can_be_told_from_the_labels_again(pixels: Array) -> None:
    index = ClassIndex(pixels, NAMES)
    assert identity_of_labels(labels_of(index)) == identity(index)


def test_the_size_and_the_names_matter() -> None:
    row = np.array([[1, 1]], np.uint8)
    every = {
        identity(ClassIndex(row, ("ape",))),
        identity(ClassIndex(row.T, ("ape",))),
        identity(ClassIndex(row, ("bee",))),
    }
    assert len(every) == 3


def test_a_picture_without_a_class_has_none() -> None:
    assert identity(ClassIndex(np.zeros((3, 3), np.uint8), NAMES)) == ""


@pytest.mark.parametrize("algorithm", ["xxh3", "sha256"])
def test_the_algorithm_is_named(algorithm: Algorithm) -> None:
    pixels = np.ones((2, 2), np.uint8)
    assert identity(ClassIndex(pixels, NAMES), algorithm).startswith(algorithm + ":")


def test_it_does_not_change_from_version_to_version() -> None:
    """What is recorded in people's states must stay comparable."""
    pixels = np.array([[0, 1], [2, 2]], np.uint8)
    assert identity(ClassIndex(pixels, ("car", "bus"))) == "xxh3:0e9c4d5bbbdab31d0a8c8738ad40e286"

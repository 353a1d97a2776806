"""Which classes occur, and other numbers for them: the same by the kernel and by NumPy."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rbsync.masks import ClassIndex, present
from rbsync.masks.classes.present import mark_with_numpy, renumber_with_numpy, renumbered
from rbsync.masks.kernel import compiled
from tests.masks.pictures import Array, indices

slow = settings(deadline=None, suppress_health_check=list(HealthCheck))

TYPES = (np.uint8, np.uint16, np.uint32)


@pytest.mark.usefixtures("built_kernel")
@settings(slow, max_examples=60)
@given(indices(), st.sampled_from(TYPES))
def test_both_mark_the_same(index: Array, kind: Any) -> None:
    pixels = index.reshape(-1).astype(np.promote_types(kind, index.dtype))
    by_kernel, by_numpy = np.zeros((2, int(index.max()) + 1), np.bool_)
    compiled.mark(pixels, by_kernel)
    mark_with_numpy(pixels, by_numpy)
    assert np.flatnonzero(by_kernel).tolist() == np.unique(index).tolist()
    assert np.array_equal(by_kernel, by_numpy)


@pytest.mark.usefixtures("built_kernel")
@settings(slow, max_examples=60)
@given(indices(), st.sampled_from(TYPES), st.sampled_from(TYPES))
def test_both_renumber_the_same(index: Array, kind: Any, smaller: Any) -> None:
    kind = np.promote_types(np.promote_types(kind, smaller), index.dtype)
    pixels = index.reshape(-1).astype(kind)
    table = np.random.default_rng(0).integers(0, 256, int(index.max()) + 1).astype(smaller)
    by_kernel, by_numpy = np.empty((2, len(pixels)), smaller)
    compiled.renumber(pixels, table, by_kernel)
    renumber_with_numpy(pixels, table, by_numpy)
    assert np.array_equal(by_kernel, table[pixels])
    assert np.array_equal(by_kernel, by_numpy)


@pytest.mark.usefixtures("implementation")
def test_large_pictures_and_slices_of_pictures() -> None:
    pixels = np.zeros((1100, 2000), np.uint8)
    pixels[1090, 1999], pixels[0, 1] = 2, 3
    index = ClassIndex(pixels[:, ::2], ("a", "b", "c"))
    assert present(index) == []
    index = ClassIndex(pixels[:, 1::2], ("a", "b", "c"))
    assert present(index) == [2, 3]
    parts = list(renumbered(index.pixels.reshape(-1), np.array([7, 0, 5, 6], np.uint8)))
    assert len(parts) == 2
    assert np.array_equal(
        np.concatenate(parts).reshape(1100, 1000), np.array([7, 0, 5, 6])[index.pixels]
    )


@pytest.mark.usefixtures("implementation")
@pytest.mark.parametrize("kind", TYPES)
def test_a_class_that_does_not_exist(kind: Any) -> None:
    with pytest.raises(IndexError):
        present(ClassIndex(np.full((3, 3), 2, kind), ("a",)))
    with pytest.raises(IndexError):
        list(renumbered(np.full(9, 2, kind), np.zeros(2, np.uint8)))

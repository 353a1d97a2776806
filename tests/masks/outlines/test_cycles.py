"""The cycles of a permutation."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rbsync.masks.outlines.tracing import cycles


@given(st.integers(1, 400).flatmap(lambda n: st.permutations(range(n))))
def test_every_node_is_followed_by_its_successor(permutation: list[int]) -> None:
    assert_cycles(np.array(permutation, np.int32))


def test_one_cycle_with_regular_steps() -> None:
    for step in (1, 3, 6765, 65536 + 1):
        assert_cycles(((np.arange(100_003) + step) % 100_003).astype(np.int32))


def test_only_cycles_of_one() -> None:
    assert_cycles(np.arange(5, dtype=np.int32))


def assert_cycles(successor: np.ndarray) -> None:
    order, counts = cycles(successor)
    assert sorted(order.tolist()) == list(range(len(successor)))
    assert counts.sum() == len(successor)
    ends = np.cumsum(counts)
    following = np.roll(order, -1)
    following[ends - 1] = order[ends - counts]
    assert np.array_equal(successor[order], following)

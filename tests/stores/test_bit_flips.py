"""A flipped bit of the state is detected, harmless or healed; it does nothing to the project."""

from __future__ import annotations

import pytest

from tests.stores.bit_flips import flip


@pytest.mark.parametrize("seed", [1, 2])
def test_no_flipped_bit_leads_to_a_wrong_action(seed: int) -> None:
    """`python -m tests.stores.bit_flips 1000` is this at full size."""
    assert flip(20, seed).wrong == {}

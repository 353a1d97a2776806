"""Inputs of strangers cost no more than 5 s and 500 MiB."""

from __future__ import annotations

import pytest

from tests.trust.slow_inputs import planned

AT_FULL_SIZE = ("patterns", "columns", "numbers", "nesting", "aliases", "templates", "sparse_files")


@pytest.mark.parametrize("kind", AT_FULL_SIZE)
def test_a_process_with_limits_plans_it(kind: str) -> None:
    """`python -m tests.trust.slow_inputs 200` is this for all kinds."""
    found = planned(kind, seed=0)
    assert found.is_fine, found

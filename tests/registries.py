"""Registries of packages that tests install from: who cannot reach one is told, and CI fails."""

from __future__ import annotations

import os
import warnings
from typing import NoReturn

import pytest

# Read before the tests run: they see nothing of the environment in which they were started.
IN_CI = bool(os.environ.get("CI"))


def not_reached(reason: str, *, is_needed: bool = True) -> NoReturn:
    """Skips the test with a reason; where the environment says ``CI`` it fails instead.

    What is not ``is_needed`` is skipped there too, and told.
    """
    if IN_CI and is_needed:
        pytest.fail(reason)
    # A person may work offline.
    warnings.warn(reason, stacklevel=1)
    pytest.skip(reason)

"""What tests need of a machine and of registries: who has it not is told, and CI fails."""

from __future__ import annotations

import os
import subprocess
import warnings
from collections.abc import Sequence
from typing import NoReturn

import pytest

# Read before the tests run: they see nothing of the environment in which they were started.
IN_CI = bool(os.environ.get("CI"))


def install(
    command: Sequence[str], out_of_reach: Sequence[str], reason: str, *, is_needed: bool = True
) -> None:
    """Runs an installer; what it says with one of some words is that it reaches no registry.

    ``reason`` and ``is_needed`` are as in `not_reached`.
    """
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=900)
    if done.returncode == 0:
        return
    said = done.stdout + done.stderr
    if any(one in said for one in out_of_reach):
        not_reached(reason, is_needed=is_needed)
    pytest.fail(said)


def not_reached(reason: str, *, is_needed: bool = True) -> NoReturn:
    """Skips the test with a reason; where the environment says ``CI`` it fails instead.

    What is not ``is_needed`` is skipped there too, and told.
    """
    if IN_CI and is_needed:
        pytest.fail(reason)
    # A person may work offline.
    warnings.warn(reason, stacklevel=1)
    pytest.skip(reason)

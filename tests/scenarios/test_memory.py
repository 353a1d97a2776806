"""Memory does not grow with what is sent: a small `tests/bench/upload_memory.py`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.scenarios.memory import MIB, apply_file, apply_urls

pytestmark = pytest.mark.skipif(
    not os.path.exists("/proc/self/status"), reason="the peak of a process is not told here"
)


def test_a_large_file_takes_no_more_than_a_small_one(tmp_path: Path) -> None:
    """Also when its connection breaks in the middle, and it is sent again."""
    small = apply_file(tmp_path / "small", 4 * MIB)
    large = apply_file(tmp_path / "large", 256 * MIB)
    assert large.mib < small.mib + 24
    assert large.mib < 100


def test_a_thousand_creates_take_little_more_than_a_hundred(tmp_path: Path) -> None:
    """Twenty thousand may take 150 MiB: 4 KiB each, beside what the program itself takes."""
    few = apply_urls(tmp_path / "few", 100)
    many = apply_urls(tmp_path / "many", 2100)
    assert many.mib - few.mib < 2000 * 4 / 1024

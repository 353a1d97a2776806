"""Each bench still runs: in its smallest size, of which no figure is looked at."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.browser import needs_chromium

ROOT = Path(__file__).parents[1]
BENCHES = ROOT / "tests" / "bench"

UNASKED = {
    "delaying_proxy": "a part of uploads.py",
    "mask_cases": "a part of masks.py",
    "task_clock": "what the workers of cluster.py load",
    "report": "what others write their tables with",
    "transport_variants": "a part of transports.py",
    "pictures": "it has a test of its own",
    "many_masks": "it has no small size: its masks are what it measures",
    "uploads": "tests/service runs the vendor's SDK against the service",
    "viewers": "it needs packages of Node",
}

NAMES = sorted(path.stem for path in BENCHES.glob("*.py"))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in UNASKED])
def test_a_bench_runs_in_its_small_size(name: str) -> None:
    run_small(name)


@needs_chromium
def test_the_bench_of_pages_runs_in_its_small_size() -> None:
    run_small("pictures", "all")


def run_small(name: str, *arguments: str) -> None:
    """Runs a bench, which must end well and print numbers."""
    command = [sys.executable, f"tests/bench/{name}.py", *arguments, "--smoke"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert any(letter.isdigit() for letter in done.stdout), done.stdout


def test_what_is_not_run_is_there() -> None:
    assert UNASKED.keys() <= set(NAMES)

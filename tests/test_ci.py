"""What lands was checked whole: in `.ci/run` nothing is skipped for want of something."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import registries
from tests.service import vendor_environment

RUN = Path(__file__).parents[1] / ".ci" / "run"


@pytest.mark.parametrize(("given", "expected"), [({}, "true"), ({"CI": "1"}, "1")])
def test_a_run_of_everything_is_one_of_ci(
    tmp_path: Path, given: dict[str, str], expected: str
) -> None:
    """A Python that only tells in what environment it was started ends the run at once."""
    programs = {
        "python3": 'echo "CI is $CI" >&2; exit 1',
        # A test installs nothing on the machine, whoever runs it.
        "id": "echo 1000",
        "apt-get": "exit 1",
    }
    for name, text in programs.items():
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    known = {key: value for key, value in os.environ.items() if key != "CI"}
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    environment = {**known, **given, "PATH": path}
    done = subprocess.run([str(RUN)], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, f"CI is {expected}\n")


@pytest.mark.parametrize(("ci", "outcome"), [(True, pytest.fail), (False, pytest.skip)])
def test_an_index_out_of_reach_fails_in_ci_and_else_skips(
    monkeypatch: pytest.MonkeyPatch, ci: bool, outcome: Any
) -> None:
    monkeypatch.setattr(registries, "IN_CI", ci)
    monkeypatch.setenv("PIP_INDEX_URL", "http://localhost:1/simple")
    monkeypatch.setattr(vendor_environment, "REQUIREMENT", "a-package-that-is-nowhere==1")
    with (
        pytest.warns(UserWarning, match="pip cannot reach") if not ci else contextlib.nullcontext(),
        pytest.raises(outcome.Exception, match="pip cannot reach its index"),
    ):
        vendor_environment._install(sys.executable)

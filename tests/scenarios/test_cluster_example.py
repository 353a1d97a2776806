"""The example of a cluster runs, and its compose file starts what there is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from rbsync.executors.choice import read_choice
from tests.scenarios.test_outages import free_port

EXAMPLE = Path(__file__).parents[2] / "examples/cluster"


def test_a_cluster_on_this_machine_converts_masks() -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    before = sorted(EXAMPLE.rglob("*"))
    ran = subprocess.run(
        [EXAMPLE / "run.sh"],
        env={**os.environ, "PATH": path, "PORT": free_port()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    told = ran.stdout + ran.stderr
    assert ran.returncode == 0, told
    assert "Apply complete: 101 created, 0 updated, 0 deleted, 0 failed.\n" in told
    # What was lost would be done here, and told.
    assert "done here" not in told
    assert ran.stdout.endswith("No changes. The project matches the manifest.\n")
    assert sorted(EXAMPLE.rglob("*")) == before


def test_the_compose_file_starts_what_there_is() -> None:
    compose: dict[str, Any] = yaml.safe_load((EXAMPLE / "compose.yaml").read_text("utf-8"))
    services = compose["services"]
    _, worker, address, *options = services["worker"]["command"]
    given = services["apply"]["environment"]["RBSYNC_EXECUTOR"]
    assert read_choice(given).address == address == "tcp://scheduler:8786"
    # One place for all of them: paths travel, and files do not.
    assert {(*one["volumes"], one["working_dir"]) for one in services.values()} == {
        ("./data:/data", "/data")
    }
    for name, words in (("scheduler", []), (worker, options)):
        asked = subprocess.run(
            [sys.executable, "-m", f"distributed.cli.dask_{name}", "--help"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert all(word in asked.stdout for word in words if word.startswith("--"))

"""The example of a bucket runs, and each of its steps does as it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples/buckets"


def test_images_of_a_bucket_are_planned_applied_and_never_deleted_unseen() -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    before = sorted(EXAMPLE.rglob("*"))
    ran = subprocess.run(
        [EXAMPLE / "run.sh"],
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    refused, keys, anew, unknown = ran.stdout.split("\n== ")[-4:]
    assert "--allow-bucket street-images" in refused
    assert "(exit code 65)" in refused
    assert "3 created" in keys
    assert "1 updated" in anew
    assert "`s3://street-images/2026` is not known" in unknown
    assert "(exit code 9)" in unknown
    assert "2026/06/three.png" in unknown.rpartition("(exit code 9)")[2]
    assert sorted(EXAMPLE.rglob("*")) == before

"""Scripts of examples, run as they stand with this rbsync."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run_script(example: Path, *, together: bool) -> subprocess.CompletedProcess[str]:
    """Runs the script of an example, which leaves no file there; ``together`` makes one stream."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    before = sorted(example.rglob("*"))
    ran = subprocess.run(
        [example / "run.sh"],
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if together else subprocess.PIPE,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{ran.stdout}{ran.stderr}"
    assert sorted(example.rglob("*")) == before
    return ran

"""The plan with nothing to do over many small files, against `find` on the same tree.

    python tests/bench/noop_plan.py            # 100,000 files
    python tests/bench/noop_plan.py --smoke    # 2,000 files, one run

Both are timed as whole processes, in turn; the medians and their ratio are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PER_FOLDER = 1000
ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.scenarios.pictures import png  # noqa: E402  (found through the path above)


def build(folder: Path, count: int) -> None:
    """Writes so many small pictures, a thousand a folder."""
    for number in range(count):
        below = folder / "images" / f"{number // PER_FOLDER:04}"
        if number % PER_FOLDER == 0:
            below.mkdir(parents=True)
        (below / f"{number % PER_FOLDER:04}.png").write_bytes(png(number))
    manifest = 'version: 1\ndatapoints:\n  - glob: "images/**/*.png"\n'
    (folder / "rbsync.yaml").write_text(manifest)


def rbsync(folder: Path, *arguments: str) -> str:
    """What a command of rbsync prints."""
    command = [sys.executable, "-m", "rbsync", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout


def find(folder: Path) -> None:
    """The peer: lists every file with its size and time."""
    command = ["find", str(folder / "images"), "-printf", "%p %s %T@\n"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def peak_mib(folder: Path) -> float:
    """The largest memory of a plan."""
    script = (
        "import resource, subprocess, sys;"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    plan = [sys.executable, "-m", "rbsync", "-C", str(folder), "plan"]
    command = [sys.executable, "-c", script, *plan]
    return int(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    count, runs = (2000, 1) if given.smoke else (given.files, given.runs)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder, count)
        first = seconds(lambda: rbsync(folder, "apply", "--yes"))
        os.sync()
        time.sleep(4)
        rbsync(folder, "plan")
        assert "No changes" in rbsync(folder, "plan")
        plans, finds, changed = [], [], []
        for run in range(runs):
            finds.append(seconds(lambda: find(folder)))
            plans.append(seconds(lambda: rbsync(folder, "plan")))
            (folder / f"images/0000/{run:04}.png").write_bytes(png(run + 1))
            changed.append(seconds(lambda: rbsync(folder, "plan")))
            (folder / f"images/0000/{run:04}.png").write_bytes(png(run))
            rbsync(folder, "plan")
            time.sleep(0 if given.smoke else 4)
            rbsync(folder, "plan")
        ratios = [plan / peer for plan, peer in zip(plans, finds, strict=True)]
        one = [plan / peer for plan, peer in zip(changed, finds, strict=True)]
        figures = {
            "files": count,
            "find, median s": round(statistics.median(finds), 3),
            "plan with nothing to do, median s": round(statistics.median(plans), 3),
            "ratio, median of pairs": round(statistics.median(ratios), 2),
            "plan with one file changed, ratio": round(statistics.median(one), 2),
            "first apply, s": round(first, 1),
            "memory of the plan, MiB": round(peak_mib(folder)),
        }
        print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

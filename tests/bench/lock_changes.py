"""The lock after one change, `verify` and `diff`, against the plan with nothing to do.

    python tests/bench/lock_changes.py --keep DISK      # 1,000,000 files, 5 runs
    python tests/bench/lock_changes.py --smoke          # 2,000 files, one run

All run in turns over one tree, as whole processes; `--files` and `--runs` say how many. A `--keep`
that has the tree already goes on with it, so that it can be built, and applied, once.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.bench.growth import RACY, Cost, change, cost_of, rbsync  # noqa: E402  (through the path)
from tests.bench.noop_plan import build  # noqa: E402  (as said)

LARGEST = 2_000_000
Facts = dict[str, tuple[int, int]]


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    command = ["git", "-C", str(folder), *who, *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def prepare(folder: Path, count: int, pause: float) -> None:
    """Builds a tree, locks and applies it; does what of that is not done yet."""
    if not (folder / "rbsync.yaml").exists():
        build(folder, count)
        git(folder, "init", "-q")
        (folder / ".gitignore").write_text(".rbsync/\nimages/\n")
    if not (folder / "applied").exists():
        print("first lock:", cost_of(rbsync(folder, "lock")), flush=True)
        print("first apply:", cost_of(rbsync(folder, "apply", "--yes")), flush=True)
        settle(folder, pause)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "first")
        (folder / "applied").touch()


def settle(folder: Path, pause: float) -> None:
    """Lets what was written become old, and everything be remembered."""
    time.sleep(pause)
    for command in ("plan", "lock", "plan"):
        cost_of(rbsync(folder, command))


def lock_files(folder: Path) -> Facts:
    found = {file.name: file.stat() for file in (folder / "rbsync.lock").iterdir()}
    assert max(one.st_size for one in found.values()) <= LARGEST
    return {name: (one.st_ino, one.st_mtime_ns) for name, one in found.items()}


def turn(folder: Path, number: int, pause: float, row: Callable[[str, list[str]], None]) -> None:
    """Runs each command once, the lock after one change."""
    row("plan", rbsync(folder, "plan"))
    row("verify", rbsync(folder, "verify"))
    change(folder, 0, 300 + number)
    before = lock_files(folder)
    row("lock, one changed", rbsync(folder, "lock"))
    assert len(lock_files(folder).items() - before.items()) == 1
    git(folder, "commit", "-q", "-a", "-m", "next")
    # Exit code 2 says that there is a difference.
    script = '"$@" || test $? = 2'
    row("diff", ["sh", "-c", script, "sh", *rbsync(folder, "diff", "HEAD~1", "HEAD")])
    cost_of(rbsync(folder, "apply", "--yes"))
    settle(folder, pause)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="a folder on the disk that is to be measured")
    given = parser.parse_args()
    count, runs = (2000, 1) if given.smoke else (given.files, given.runs)
    pause = 0.0 if given.smoke else RACY
    costs: dict[str, list[Cost]] = {}

    def row(name: str, command: list[str]) -> None:
        costs.setdefault(name, []).append(cost_of(command))

    with nullcontext(given.keep) if given.keep else tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, count, pause)
        for number in range(runs):
            turn(folder, number, pause, row)
    report(costs)


def report(costs: dict[str, list[Cost]]) -> None:
    """Prints the medians, and what they are beside the plan's."""
    print("\n| command | s of the clock | s of the processor | times `plan`: clock, processor |")
    print("|---|---|---|---|")
    wall, processor = medians(costs["plan"])
    for name, found in costs.items():
        own_wall, own = medians(found)
        times = f"{own_wall / wall:.2f}, {own / processor:.2f}"
        print(f"| `{name}` | {own_wall:.2f} | {own:.2f} | {times} |")


def medians(found: list[Cost]) -> tuple[float, float]:
    """The median of the clock's seconds, and that of the processor's."""
    return (
        statistics.median(one.wall for one in found),
        statistics.median(one.processor for one in found),
    )


if __name__ == "__main__":
    main()

"""The first lock of many small files, against `dvc add` and `oxen add` of the same tree.

    python tests/bench/locking.py                 # 200,000 files, each tool once
    python tests/bench/locking.py --smoke         # 200 files
    python tests/bench/locking.py --write         # the table, into this folder

Every tool starts without anything that it remembers, over a copy of the tree of its own, which is
as warm in the cache of the disk for one as for the other. `--others` names the folder of an
environment that has `dvc`, and perhaps the Python package of oxen; what is not there is left out.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.bench.growth import Cost, cost_of, rbsync  # noqa: E402  (found through the path above)
from tests.bench.noop_plan import build  # noqa: E402  (as said)
from tests.bench.report import machine, write  # noqa: E402  (as said)

OXEN = "import sys, oxen; repo = oxen.Repo(sys.argv[1]); repo.init(); repo.add(sys.argv[1])"


def tools(folder: Path, others: Path) -> Iterator[tuple[str, list[list[str]], list[str]]]:
    """The tools that are there: a name, what sets one up, and what is measured."""
    yield "rbsync lock", [], rbsync(folder, "lock")
    dvc = str(others / "dvc")
    if shutil.which(dvc):
        set_up = [
            ["git", "-C", str(folder), "init", "-q"],
            [dvc, "--cd", str(folder), "init", "-q"],
            # Nothing is to be told to its makers while it is measured.
            [dvc, "--cd", str(folder), "config", "core.analytics", "false"],
        ]
        yield "dvc add", set_up, [dvc, "--cd", str(folder), "add", "-q", "images"]
    python = str(others / "python")
    if subprocess.run([python, "-c", "import oxen"], capture_output=True, check=False).returncode:
        return
    yield "oxen add", [], [python, "-c", OXEN, str(folder)]


def measured(tree: Path, others: Path) -> dict[str, Cost]:
    """The costs of each tool over a copy of a tree."""
    found: dict[str, Cost] = {}
    for name, set_up, command in tools(tree.parent / "copy", others):
        subprocess.run(["cp", "-a", str(tree), str(tree.parent / "copy")], check=True)
        for one in set_up:
            subprocess.run(one, check=True, capture_output=True)
        try:
            found[name] = cost_of(command)
            print(name, found[name], flush=True)
        except subprocess.CalledProcessError as error:
            print(f"{name} failed: {error}", file=sys.stderr)
        shutil.rmtree(tree.parent / "copy")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--others", type=Path, default=Path(sys.executable).parent)
    parser.add_argument("--keep", type=Path, help="a folder on the disk that is to be measured")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    count = 200 if given.smoke else given.files
    with tempfile.TemporaryDirectory(dir=given.keep) as name:
        tree = Path(name) / "tree"
        build(tree, count)
        costs = measured(tree, given.others)
    own = costs["rbsync lock"]
    lines = [
        f"{count:,} files, measured on {machine('xxhash')}.",
        "",
        "| command | s of the clock | s of the processor | MiB | times `rbsync lock`, processor |",
        "|---|---|---|---|---|",
    ]
    for label, cost in costs.items():
        times = cost.processor / own.processor
        cells = f"{cost.wall:.1f} | {cost.processor:.1f} | {cost.memory:.0f} | {times:.1f}"
        lines.append(f"| `{label}` | {cells} |")
    print("\n".join(lines))
    if given.write:
        write("locking", lines)


if __name__ == "__main__":
    main()

"""How time and memory grow with the number of files: plans against `find`, git and others.

    python tests/bench/growth.py                    # 10,000, 100,000 and 1,000,000 files
    python tests/bench/growth.py --smoke            # 20 files, one run
    python tests/bench/growth.py --write            # the table and the plot, into this folder

All commands run as whole processes, in turns, over the same trees of a thousand files a folder, and
medians are told. Peers that are not installed are left out. git has a fresh index, two threads
for it, and no cache of untracked files. In the end one picture a folder gets a file of labels, and
one picture a folder that has a mask joins them, all with one class map.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from PIL import Image

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.bench.noop_plan import PER_FOLDER, build  # noqa: E402  (found through the path above)
from tests.bench.report import machine, write  # noqa: E402  (as said)
from tests.scenarios.pictures import png  # noqa: E402  (as said)

PLOT = Path(__file__).parent / "growth.svg"
SIZES = (10_000, 100_000, 1_000_000)
SMOKE = (20,)
LABELLED = """version: 1
datapoints:
  - glob: "images/**/*.png"
    labels: "labels/{parent}/{stem}.json?"
masks:
  - glob: "masks/*.png"
    image: "masked/{stem}.png"
    class_map: class_map.json
"""
START = "rbsync plan of one file"
LOOKS = 5
LINE = 14
"""Points from one name in the plot to the next."""
RACY = 3.5
"""Seconds after which a file that changed is believed to have the content that was read."""


class Cost(NamedTuple):
    """What a command took: seconds of the clock and of the processor, and MiB at its peak."""

    wall: float
    processor: float
    memory: float


@dataclass
class Row:
    """A command with its costs, by the number of files."""

    name: str
    costs: dict[int, Cost] = field(default_factory=dict)

    def exponent(self, of: Callable[[Cost], float], start: float = 0.0) -> float | None:
        """The slope of a line through the logarithms; ``start`` is taken off before."""
        points = [
            (math.log(size), math.log(max(of(cost) - start, 1e-9)))
            for size, cost in sorted(self.costs.items())
        ]
        if len(points) < 2:
            return None
        slope, _ = statistics.linear_regression(*zip(*points, strict=True))
        return slope


# A process begins with the peak of the one that made it, also after it has become another program:
# this one, with the pictures that it draws, would be the least that anything is said to take.
_LAUNCHER = """
import json, os, sys, time
nothing = os.open(os.devnull, os.O_RDWR)
quiet = [(os.POSIX_SPAWN_DUP2, nothing, 1), (os.POSIX_SPAWN_DUP2, nothing, 2)]
began = time.perf_counter()
made = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, used = os.wait4(made, 0)
cost = time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
print(json.dumps([os.waitstatus_to_exitcode(status), *cost]))
"""


def cost_of(command: Sequence[str]) -> Cost:
    """Runs a command as a process of its own. Raises CalledProcessError when it fails."""
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command]
    told = subprocess.run(launcher, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    code, *cost = json.loads(told)
    if code:
        raise subprocess.CalledProcessError(code, command)
    return Cost(*cost)


def rbsync(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "rbsync", "-C", str(folder), *arguments]


def peers(folder: Path, copy: Path) -> Iterator[tuple[str, list[str]]]:
    """The commands of others that are installed, each of which looks at every file once."""
    images = str(folder / "images")
    yield "find", ["find", images, "-printf", "%p %s %T@\n"]
    if shutil.which("git"):
        yield "git status", ["git", "-C", str(folder), "-c", "core.untrackedCache=false", "-c",
                             "index.threads=2", "status", "--porcelain"]  # fmt: skip
    if shutil.which("rsync"):
        yield "rsync -an", ["rsync", "-an", images + "/", str(copy) + "/"]
    if shutil.which("rclone"):
        yield "rclone lsf", ["rclone", "lsf", "-R", images]
    if shutil.which("dvc") and (folder / ".dvc").exists():
        yield "dvc status", ["dvc", "--cd", str(folder), "status"]


def prepare(folder: Path, size: int, pause: float) -> Cost:
    """Writes a tree, and applies it; returns what that took."""
    build(folder, size)
    if shutil.which("git"):
        (folder / ".gitignore").write_text(".rbsync/\n")
        for command in (["init", "-q"], ["add", "-A"]):
            subprocess.run(["git", "-C", str(folder), *command], check=True, cwd=ROOT)
    first = cost_of(rbsync(folder, "apply", "--yes"))
    settle(folder, pause)
    return first


def change(folder: Path, number: int, at: int) -> None:
    """Gives a picture other pixels."""
    path = folder / "images" / f"{number:04}" / f"{at % PER_FOLDER:04}.png"
    if path.exists():
        path.write_bytes(png(9_000_000 + number * 1000 + at))


def rename(folder: Path, number: int, run: int) -> None:
    """Gives a picture another name, each run another one."""
    last = PER_FOLDER if (folder / f"images/{number:04}/{PER_FOLDER - 1:04}.png").exists() else 20
    at = folder / "images" / f"{number:04}"
    (at / f"{last - 1 - run:04}.png").rename(at / f"renamed-{run}.png")


def label(folder: Path, number: int, left: float) -> None:
    """Puts a box into the first picture of a folder."""
    box = {"xnorm": left, "ynorm": 0.1, "wnorm": 0.5, "hnorm": 0.5}
    path = folder / "labels" / f"{number:04}" / "0000.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([{"category": [["object", "cup"]], "bbox2d": box}]))


def name_class(folder: Path, name: str) -> None:
    """Writes the class map of all masks."""
    (folder / "class_map.json").write_text(json.dumps({name: [255, 0, 0]}))


def add_labels(folder: Path, folders: int) -> None:
    """A file of labels and a picture with a mask for each folder, and their manifest."""
    for kind in ("masked", "masks"):
        (folder / kind).mkdir()
    mask = Image.new("RGB", (64, 64))
    mask.paste((255, 0, 0), (16, 16, 48, 48))
    for number in range(folders):
        label(folder, number, 0.1)
        Image.new("RGB", (64, 64), (number % 256, number // 256, 7)).save(
            folder / "masked" / f"{number:04}.png"
        )
        mask.save(folder / "masks" / f"{number:04}.png")
    name_class(folder, "cup")
    (folder / "rbsync.yaml").write_text(LABELLED)


def settle(folder: Path, pause: float) -> None:
    """Applies what there is, and lets it become old enough to be believed."""
    cost_of(rbsync(folder, "apply", "--yes"))
    time.sleep(pause)
    for _ in range(2):
        cost_of(rbsync(folder, "plan"))


def measured(folder: Path, one: Path, size: int, runs: int, pause: float) -> dict[str, list[Cost]]:
    """The costs of all commands over a tree, in turns; ``one`` is a folder of one file."""
    costs: dict[str, list[Cost]] = {"rbsync apply (first)": [prepare(folder, size, pause)]}

    def plan(of: str = "") -> None:
        costs.setdefault(f"rbsync plan{of}", []).append(cost_of(rbsync(folder, "plan")))

    folders = max(1, size // PER_FOLDER)
    with tempfile.TemporaryDirectory() as copy:
        if shutil.which("rsync"):
            subprocess.run(["cp", "-a", f"{folder}/images/.", copy], check=True)
        others = dict(peers(folder, Path(copy)))
        for run in range(runs):
            for name, command in others.items():
                costs.setdefault(name, []).append(cost_of(command))
            # The shortest ones decide how steep a line is, and are lost in a moment's noise.
            for _ in range(LOOKS):
                costs.setdefault(START, []).append(cost_of(rbsync(one, "plan")))
                costs["find"].append(cost_of(others["find"]))
                plan()
            change(folder, folders // 2, run)
            plan(", one changed")
            for number in range(folders):
                change(folder, number, 100 + run)
            plan(", one a folder")
            settle(folder, pause)
            rename(folder, folders // 2, run)
            plan(", one renamed")
            settle(folder, pause)
    add_labels(folder, folders)
    settle(folder, pause)
    for run in range(runs):
        plan(" with labels and masks")
        label(folder, folders // 2, 0.2 + run / 100)
        plan(", a file of labels changed")
        settle(folder, pause)
        name_class(folder, f"cup {run}")
        plan(", the class map changed")
        settle(folder, pause)
    return costs


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(*(statistics.median(column) for column in zip(*costs, strict=True)))


def lines_of(rows: Sequence[Row], sizes: Sequence[int], start: float) -> list[list[str]]:
    """The table: seconds (multiples of find's) and MiB by size, and the exponents of both."""
    find = next(row for row in rows if row.name == "find")
    lines = []
    for row in rows:
        own = start if row.name.startswith("rbsync") and row.name != START else 0.0
        cells = [row.name]
        for size in sizes:
            cost = row.costs.get(size)
            if cost is None:
                cells.append("—")
                continue
            times = cost.wall / find.costs[size].wall
            cells.append(f"{cost.wall:.2f} s ({times:.2f} x), {cost.memory:.0f} MiB")
        exponents = row.exponent(lambda one: one.wall, own), row.exponent(lambda one: one.memory)
        cells += ["—" if one is None else f"{one:.2f}" for one in exponents]
        lines.append(cells)
    return lines


def plot(rows: Sequence[Row], sizes: Sequence[int]) -> str:
    """Seconds by number of files, both as logarithms, as an SVG picture."""
    width, height, left, right, low = 760, 480, 60, 500, 440
    most = max(cost.wall for row in rows for cost in row.costs.values())
    least = min(cost.wall for row in rows for cost in row.costs.values())
    across = math.log(sizes[-1] / sizes[0]) or 1.0
    up = math.log(most / least) or 1.0

    def place(size: int, seconds: float) -> tuple[float, float]:
        x = left + (right - left) * math.log(size / sizes[0]) / across
        return x, low - (low - 30) * math.log(seconds / least) / up

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{left}" y="16">seconds by number of files (both logarithmic)</text>',
    ]
    for size in sizes:
        x, _ = place(size, least)
        parts.append(f'<text x="{x:.0f}" y="{low + 20}" text-anchor="middle">{size:,}</text>')
    for seconds in (least, most):
        _, y = place(sizes[0], seconds)
        parts.append(f'<text x="{left - 8}" y="{y:.0f}" text-anchor="end">{seconds:.2f} s</text>')
    lines = {
        row.name: [place(size, one.wall) for size, one in sorted(row.costs.items())] for row in rows
    }
    # From the top down, each at its line's end or below the one before.
    taken = 0.0
    for name, points in sorted(lines.items(), key=lambda one: one[1][-1][1]):
        x, y = points[-1]
        taken = max(y + 4, taken + LINE)
        colour = f"hsl({360 * list(lines).index(name) // len(lines)}, 70%, 40%)"
        path = " ".join(f"{x:.0f},{y:.0f}" for x, y in [*points, (x + 20, taken - 4)])
        parts += [
            f'<polyline points="{path}" fill="none" stroke="{colour}"/>',
            f'<text x="{x + 24:.0f}" y="{taken:.0f}" fill="{colour}">{name}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--files", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--keep", type=Path, help="a folder on the disk that is to be measured")
    given = parser.parse_args()
    sizes, runs = (SMOKE, 1) if given.smoke else (tuple(given.files), given.runs)
    pause = 0.0 if given.smoke else RACY
    rows: dict[str, Row] = {}
    starts: list[Cost] = []
    for size in sizes:
        with tempfile.TemporaryDirectory(dir=given.keep) as name:
            one, folder = Path(name, "one"), Path(name, "all")
            prepare(one, 1, pause)
            for label, costs in measured(folder, one, size, runs, pause).items():
                rows.setdefault(label, Row(label)).costs[size] = median(costs)
                starts += costs if label == START else []
    headings = ["command", *(f"{size:,} files" for size in sizes), "time ~ n^", "memory ~ n^"]
    cells = [
        headings,
        ["---"] * len(headings),
        *lines_of(list(rows.values()), sizes, median(starts).wall),
    ]
    lines = [f"Measured on {machine('xxhash')}.", "", *(f"| {' | '.join(row)} |" for row in cells)]
    print("\n".join(lines))
    if given.write:
        write("growth", lines)
        PLOT.write_text(plot(list(rows.values()), sizes), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Many masks planned and applied: one worker against all processors.

    python tests/bench/many_masks.py              # 1,000 masks, three rounds: some minutes
    python tests/bench/many_masks.py --write      # the same, into README.md beside this file
    python tests/bench/many_masks.py --masks 100 --rounds 1

Each mask has 1024 x 1024 pixels, 20 classes, and its image. Whole processes are timed, in turns;
one worker is `--jobs 1` on one processor. The table has medians, and in brackets how many
processors were busy.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.bench.report import machine, write  # noqa: E402
from tests.masks.pictures import colours, painted, patches, png  # noqa: E402

SIDE, CLASSES = 1024, 20
MANIFEST = """\
version: 1
project: {type: IMAGE_SEGMENTATION}
masks:
  - glob: masks/*.png
    image: "images/{stem}.png"
    class_map: class_map.json
"""


class Taken(NamedTuple):
    """Seconds on the clock, and of processors."""

    seconds: float
    used: float


def prepare(folder: Path, count: int) -> None:
    """The masks: patches with frayed edges, shifted so that each is another picture."""
    rng = np.random.default_rng(0)
    class_map = colours(CLASSES)
    frayed = [frayed(rng) for _ in range(8)]
    for kind in ("masks", "images"):
        (folder / kind).mkdir()
    for number in range(count):
        picture = np.roll(frayed[number % 8], number, axis=1)
        (folder / f"masks/{number:04}.png").write_bytes(png(painted(picture, class_map)))
        even = np.full((SIDE, SIDE), number % 256, np.uint8)
        even[0, :2] = divmod(number, 256)
        (folder / f"images/{number:04}.png").write_bytes(png(even, compress_level=1))
    (folder / "class_map.json").write_text(json.dumps(class_map))
    (folder / "rbsync.yaml").write_text(MANIFEST)


def frayed(rng: np.random.Generator) -> Any:
    """The numbers of classes (1024, 1024), of patches whose edges are not straight."""
    picture = patches(rng, (SIDE, SIDE), CLASSES)
    for axis in (0, 1):
        shift = rng.integers(0, 4, (SIDE, SIDE))
        place = (np.indices((SIDE, SIDE))[axis] + shift) % SIDE
        picture = np.take_along_axis(picture, place, axis)
    return picture


def round_of(folder: Path, processors: set[int], jobs: Sequence[str]) -> dict[str, Taken]:
    """One of each command, with nothing remembered and no project to begin with."""
    shutil.rmtree(folder / ".rbsync", ignore_errors=True)
    return {
        "plan": run(folder, processors, "plan"),
        "apply": run(folder, processors, "apply", "--yes", *jobs),
        "plan again": run(folder, processors, "plan"),
    }


def run(folder: Path, processors: set[int], *arguments: str) -> Taken:
    """A command that may use some processors."""
    started, used = time.perf_counter(), _used()
    subprocess.run(
        [sys.executable, "-m", "rbsync", "-q", *arguments],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, processors),
    )
    return Taken(time.perf_counter() - started, _used() - used)


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def compare(count: int, rounds: int) -> list[str]:
    """The lines of the table."""
    every = os.sched_getaffinity(0)
    ways = {"one worker": ({min(every)}, ["--jobs", "1"]), "all": (every, [])}
    found: dict[tuple[str, str], list[Taken]] = {}
    with tempfile.TemporaryDirectory() as files:
        prepare(Path(files), count)
        for _ in range(rounds):
            for way, (processors, jobs) in ways.items():
                for what, taken in round_of(Path(files), processors, jobs).items():
                    found.setdefault((what, way), []).append(taken)
                    print(f"{way}, {what}: {_shown([taken])}", flush=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [
        f"Measured on {machine('numpy', 'pillow')}; {count:,} masks, {rounds} rounds. "
        f"No process needed more than {peak:.0f} MiB.",
        "",
        "| command | one worker | all processors | times |",
        "|---|---|---|---|",
        *(_row(what, found) for what in ("plan", "apply", "plan again")),
    ]


def _row(what: str, found: dict[tuple[str, str], list[Taken]]) -> str:
    one, every = found[what, "one worker"], found[what, "all"]
    times = statistics.median(t.seconds for t in one) / statistics.median(t.seconds for t in every)
    return f"| {what} | {_shown(one)} | {_shown(every)} | {times:.2f} |"


def _shown(taken: list[Taken]) -> str:
    seconds = statistics.median(t.seconds for t in taken)
    busy = statistics.median(t.used / t.seconds for t in taken)
    return f"{seconds:.1f} s ({busy:.2f})"


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--masks", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write the table into README.md")
    options = parser.parse_args()
    lines = compare(options.masks, options.rounds)
    print("\n".join(lines))
    if options.write:
        write("many masks", lines)


if __name__ == "__main__":
    main()

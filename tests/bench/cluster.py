"""What a Dask cluster takes of the processors beyond one process that does the same.

    python tests/bench/cluster.py                  # 1,000 masks of 1024 x 1024, 20 classes; minutes
    python tests/bench/cluster.py --masks 40       # fewer
    python tests/bench/cluster.py --smoke          # two, once
    python tests/bench/cluster.py --runs 5         # as often, in turns; each is told

A plan and an apply, by one process and by four workers that did the same once before. Only times of
processors are told, and shares of what one process takes. Of workers, what is beyond their tasks
is Dask's; of the command, what is beyond one process without its tasks. A machine with other work
makes all of it last longer, and idle workers look after themselves as often as ever meanwhile.
"""

from __future__ import annotations

import argparse
import io
import random
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from distributed import Client
from PIL import Image

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.bench import task_clock  # noqa: E402  (found through the path above)
from tests.bench.growth import cost_of, rbsync  # noqa: E402  (as said)
from tests.dask_cluster import Cluster, cluster  # noqa: E402  (as said)
from tests.scenarios.pictures import png  # noqa: E402  (as said)
from tests.scenarios.project import Project  # noqa: E402  (as said)
from tests.scenarios.test_executors import COLOURS, MANIFEST, drawn  # noqa: E402  (as said)

WORKERS, SIDE = 4, 1024
SMOKE = 2, 1
"""Masks and runs of the smallest size."""


class Cost(NamedTuple):
    """Seconds of processors: of the command, the scheduler, the workers, and of their tasks."""

    command: float
    scheduler: float = 0.0
    workers: float = 0.0
    tasks: float = 0.0

    def told(self, alone: float) -> str:
        """One line of what it is made of, against one process."""
        beyond = {
            "scheduler": self.scheduler,
            "workers beyond tasks": self.workers - self.tasks,
            "command beyond its own": self.command - (alone - self.tasks),
        }
        parts = ", ".join(
            f"{name} {took:.2f} s ({took / alone:+.1%})" for name, took in beyond.items()
        )
        every = self.command + self.scheduler + self.workers
        return (
            f"one process {alone:.2f} s, cluster {every:.2f} s ({every / alone - 1:+.1%}): {parts}"
        )


def fill(folder: Path, masks: int) -> None:
    """Writes a project of so many masks, each with its image."""
    made, chance = Project(folder), random.Random(7)
    made.manifest(MANIFEST)
    made.write("classes.json", {name: list(colour) for name, colour in COLOURS.items()})
    made.write("loose/one.png", png(1))
    for number in range(masks):
        made.write(f"masks/{number:04}.png", drawn(chance, side=SIDE))
        made.write(f"images/{number:04}.png", image(number))


def image(number: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE), (number % 256, number // 256, 0)).save(file, "PNG")
    return file.getvalue()


def measured(data: Path, made: Cluster | None = None) -> Cost:
    """A plan and an apply in a copy of the data."""
    # It stays until the end: ext4 looks for a new file's place beside all that were just removed,
    # which took a fifth of an apply's time in one run and nothing in the next.
    folder = Path(tempfile.mkdtemp(prefix="copy", dir=data.parent)) / "data"
    shutil.copytree(data, folder)
    by = ["--executor", made.executor] if made else []
    commands = (["plan", "--json"], ["apply", "--yes"])
    tasks = _in_tasks(made)
    before = made.processor_seconds() if made else (0.0, 0.0)
    command = sum(cost_of(rbsync(folder, *by, *one)).processor for one in commands)
    after = made.processor_seconds() if made else (0.0, 0.0)
    return Cost(command, after[0] - before[0], after[1] - before[1], _in_tasks(made) - tasks)


def _in_tasks(made: Cluster | None) -> float:
    if made is None:
        return 0.0
    with Client(made.address, set_as_default=False) as client:
        return sum(one[0] for one in client.run(task_clock.spent).values())


def main() -> None:
    """Prints a line for each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--masks", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--smoke", action="store_true")
    asked = parser.parse_args()
    masks, runs = SMOKE if asked.smoke else (asked.masks, asked.runs)
    folder = Path(tempfile.mkdtemp(prefix="rbcluster"))
    try:
        fill(folder / "data", masks)
        with cluster(0) as made:
            made.add(WORKERS, more=["--preload", task_clock.__name__])
            measured(folder / "data", made)
            for _ in range(runs):
                alone = measured(folder / "data").command
                print(measured(folder / "data", made).told(alone), flush=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

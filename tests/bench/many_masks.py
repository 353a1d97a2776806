"""Many masks on one processor and on all: python -m tests.bench.many_masks [N].

N masks (1,000 unless said) of 1024 x 1024 pixels and 20 classes, each with its image.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.masks.pictures import colours, painted, patches, png

SIDE, CLASSES = 1024, 20
MANIFEST = """\
version: 1
project: {type: IMAGE_SEGMENTATION}
masks:
  - glob: masks/*.png
    image: "images/{stem}.png"
    class_map: class_map.json
"""


def prepare(folder: Path, count: int) -> None:
    """The masks: patches with frayed edges, shifted so that each is another picture."""
    rng = np.random.default_rng(0)
    class_map = colours(CLASSES)
    frayed = [_frayed(rng) for _ in range(8)]
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


def _frayed(rng: np.random.Generator) -> Any:
    picture = patches(rng, (SIDE, SIDE), CLASSES)
    for axis in (0, 1):
        shift = rng.integers(0, 4, (SIDE, SIDE))
        place = (np.indices((SIDE, SIDE))[axis] + shift) % SIDE
        picture = np.take_along_axis(picture, place, axis)
    return picture


def run(folder: Path, processors: set[int], *arguments: str) -> tuple[float, float]:
    """Seconds on the clock, and of processors, of a command that may use some processors."""
    started, used = time.perf_counter(), _used()
    subprocess.run(
        [sys.executable, "-m", "rbsync", "-q", *arguments],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, processors),
    )
    return time.perf_counter() - started, _used() - used


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def compare(count: int) -> None:
    """Prints a line for each command: one processor against all of them."""
    every = os.sched_getaffinity(0)
    for processors in ({min(every)}, every):
        with tempfile.TemporaryDirectory() as folder:
            prepare(Path(folder), count)
            for command in (["plan"], ["apply", "--yes"], ["plan"]):
                seconds, used = run(Path(folder), processors, *command)
                what = " ".join(command)
                print(
                    f"{len(processors)} processors, {what}: {seconds:.1f} s, "
                    f"{used / seconds:.2f} processors busy",
                    flush=True,
                )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"peak memory of the largest process: {peak:.0f} MiB")


if __name__ == "__main__":
    compare(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)

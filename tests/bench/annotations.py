"""A plan over a COCO file, as large as that of train2017, and what `--untrusted` says of it.

    python tests/bench/annotations.py                                       # train2017's numbers
    python tests/bench/annotations.py --images 1000 --annotations 150000 --corners 3
    python tests/bench/annotations.py --smoke                               # 2,000 annotations

The polygons are like those of COCO: most have some twenty corners, and sizes of which a few cover
a third of their image. With ``--corners`` all have so many. The images are URLs, as nothing else
is measured; the seconds are the processor's.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parent.parent.parent
WIDTH, HEIGHT = 640, 480
CLASSES = 80
MANIFEST = (
    "version: 1\nproject: {type: IMAGE_SEGMENTATION}\n"
    "defaults: {storage: public}\n"
    'masks: [{coco: coco.json, images: "http://images.cocodataset.org/train2017/"}]\n'
)
_MEASURED = """
import sys
from rbsync.cli.main import main
code = main(sys.argv[1:])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(peak.split()[1], file=sys.stderr)
sys.exit(code)
"""


def polygon(chance: random.Random, corners: int) -> list[float]:
    """A closed outline about some point, with dents, within the image."""
    # Half of COCO's things are narrower than 60 pixels, and one in twenty wider than 300.
    radius = min(230.0, math.exp(chance.gauss(3.3, 1.0)))
    number = corners or max(4, min(200, int(math.exp(chance.gauss(3.0, 0.6)))))
    x, y, first = chance.uniform(20, WIDTH - 20), chance.uniform(20, HEIGHT - 20), chance.random()
    found: list[float] = []
    for at in range(number):
        angle = math.tau * (first + at / number)
        reach = radius * (0.6 + 0.4 * chance.random())
        found.append(round(min(WIDTH, max(0, x + reach * math.cos(angle))), 2))
        found.append(round(min(HEIGHT, max(0, y + reach * math.sin(angle))), 2))
    return found


def drawn(count: int, images: int, corners: int) -> Iterator[dict[str, Any]]:
    """As many annotations, of which one in ten has two polygons."""
    chance = random.Random(1)
    for at in range(count):
        parts = [polygon(chance, corners) for _ in range(1 if chance.random() < 0.9 else 2)]
        yield {
            "segmentation": parts,
            "area": round(chance.uniform(20, 90_000), 4),
            "iscrowd": 0,
            "image_id": at if at < images else chance.randrange(images),
            "bbox": [0.0, 0.0, 10.0, 10.0],
            "category_id": chance.randrange(1, CLASSES + 1),
            "id": at + 1,
        }


def write(folder: Path, images: int, count: int, corners: int) -> None:
    """Writes the file piece by piece: the whole of it takes gigabytes as values."""
    (folder / "rbsync.yaml").write_text(MANIFEST)
    categories = [{"id": at, "name": f"thing {at}"} for at in range(1, CLASSES + 1)]
    with open(folder / "coco.json", "w") as file:
        file.write(f'{{"categories": {json.dumps(categories)}, "images": [')
        _write_each(file, (_image(at) for at in range(images)))
        file.write('], "annotations": [')
        _write_each(file, drawn(count, images, corners))
        file.write("]}\n")


def _image(number: int) -> dict[str, Any]:
    name = f"{number:012}.jpg"
    return {"id": number, "file_name": name, "width": WIDTH, "height": HEIGHT, "license": 3}


def _write_each(file: IO[str], values: Iterator[dict[str, Any]]) -> None:
    for at, one in enumerate(values):
        file.write(f"{',' if at else ''}{json.dumps(one)}")


def planned(folder: Path, *options: str) -> dict[str, Any]:
    """A plan in a process of its own: its code, seconds, memory and last words."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, "-C", str(folder), "plan", *options],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    *said, peak = done.stderr.strip().splitlines()
    return {
        "exit code": done.returncode,
        "seconds of a processor": round(
            after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2
        ),
        "MiB": round(int(peak) / 1024),
        "said": [*done.stdout.strip().splitlines()[-1:], *said[-4:]],
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--images", type=int, default=118_287)
    parser.add_argument("--annotations", type=int, default=860_001)
    parser.add_argument("--corners", type=int, default=0)
    given = parser.parse_args()
    images, count = (100, 2_000) if given.smoke else (given.images, given.annotations)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, images, count, given.corners)
        figures = {
            "MB": round((folder / "coco.json").stat().st_size / 1e6, 1),
            "trusted": planned(folder),
            "--untrusted": planned(folder, "--untrusted"),
        }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

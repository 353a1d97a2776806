"""How long it takes to say what changed between two masks, against decoding both with Pillow.

    python tests/bench/label_changes.py            # all sizes, a few minutes
    python tests/bench/label_changes.py --smoke    # the smallest size only, a few seconds

Both run in turns; the table has medians of seven, in seconds of the processor, for machines are
busy with other things. *compare* is the comparison alone, *whole* has the reading of both PNGs with
it. What changes is a corner of the picture (*a corner*), or all is drawn three pixels further on
(*all*).
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from rbsync.label_changes.label_content import LabelContent, compare
from rbsync.masks import ClassMap, read_mask
from tests.bench.mask_cases import Case, cases

TURNS = 7


def changed(png: bytes, *, corner: bool) -> bytes:
    """The mask with another corner, or with all of it further on."""
    pixels = np.array(Image.open(io.BytesIO(png)))
    if corner:
        pixels[:20, :20] = pixels[-1, -1]
    else:
        pixels = np.roll(pixels, 3, axis=1)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=4)
    return file.getvalue()


def content(png: bytes, classes: ClassMap) -> LabelContent:
    """What a mask says."""
    return LabelContent(picture=read_mask(png, classes))


def seconds(run: Callable[[], object]) -> float:
    """How long a call takes of the processor's time."""
    start = time.process_time()
    run()
    return time.process_time() - start


def row(case: Case, *, corner: bool) -> str:
    """The line of the table of one kind of mask and of change."""
    before, classes = case.png(), case.class_map()
    after = changed(before, corner=corner)
    sides = content(before, classes), content(after, classes)

    def decode() -> None:
        for png in (before, after):
            np.asarray(Image.open(io.BytesIO(png)))

    def whole() -> None:
        compare(content(before, classes), content(after, classes))

    runs = {"decode": decode, "whole": whole, "compare": lambda: compare(*sides)}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(TURNS):
        for name, run in runs.items():
            times[name].append(seconds(run))
    median = {name: statistics.median(found) for name, found in times.items()}
    both = median["decode"]
    name = f"{case.texture} {case.side}², {case.classes}, {'a corner' if corner else 'all'}"
    ratios = f"{median['whole'] / both:.2f} | {median['compare'] / both:.2f}"
    return f"| {name} | {both * 1000:.1f} | {ratios} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--smoke", action="store_true", help="The smallest size only.")
    given = parser.parse_args()
    print("| mask, classes, change | decode both, ms | whole, x | compare, x |\n|---|---|---|---|")
    for case in cases(given.smoke):
        for corner in (True, False):
            print(row(case, corner=corner), flush=True)


if __name__ == "__main__":
    main()

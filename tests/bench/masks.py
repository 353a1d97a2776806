"""How long masks take, against Pillow's decoding of the same PNG and against other converters.

    python tests/bench/masks.py            # the whole table, some ten minutes
    python tests/bench/masks.py --write    # the same, into README.md beside this file
    python tests/bench/masks.py --cpu      # seconds of the processor instead of the clock's
    python tests/bench/masks.py --smoke    # the smallest size only, a few seconds

All converters of a row run in turns, so that a busy machine slows them alike; the table has
medians as multiples of the decoding beside them: of five turns, and of up to 25 where these are
short. Memory is that of a process of its own.
"""

from __future__ import annotations

import argparse
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image
from rasterio.features import shapes

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from rbsync.masks import ClassMap, pixel_json, read_mask, trace  # noqa: E402
from rbsync.masks.classes.class_index import look_up  # noqa: E402
from rbsync.masks.classes.picture import open_picture  # noqa: E402
from rbsync.masks.kernel import compiled  # noqa: E402
from rbsync.masks.outlines.tracing import trace_with_numpy  # noqa: E402
from rbsync.masks.png.decoding import decode  # noqa: E402
from tests.bench.mask_cases import Case, cases  # noqa: E402
from tests.bench.report import machine, write  # noqa: E402

Array = npt.NDArray[Any]
Clock = Callable[[], float]

ROUNDS, MOST_ROUNDS = 5, 25
SHORT = 10.0  # seconds within which there may be more than the fewest rounds
SLOW = 2.0  # seconds after which a converter of others runs once instead of five times
# Beyond this many pixels x classes the conversion class by class takes minutes and gigabytes.
HOPELESS = 2048 * 2048 * 20


def one_pass(index: Array) -> int:
    """Rings of all classes by one call of rasterio over the class index."""
    found = shapes(index, mask=index != 0, connectivity=4)
    return sum(len(shape["coordinates"]) for shape, _ in found)


def per_class(mask: Array, class_map: ClassMap) -> int:
    """A conversion class by class, as the vendor had it in 2021: a plane of real numbers for each
    class, all planes copied again for each, then the rings of each. Its repair of invalid
    polygons is left out, which is to its advantage."""
    planes = np.zeros((*mask.shape[:2], 0))
    for colour in class_map.values():
        plane = np.all(mask == colour, axis=2).astype(np.float64)
        planes = np.dstack([planes, plane])
    return sum(one_pass(planes[:, :, i].astype(np.uint8)) for i in range(planes.shape[2]))


class Work(NamedTuple):
    """What a converter is given; only what it needs is made."""

    data: bytes
    class_map: ClassMap


def colours_to_rings(work: Work) -> Callable[[], Any]:
    picture = open_picture(work.data, work.class_map)
    return lambda: trace(look_up(picture, work.class_map, ((0, 0, 0),)))


def classes_to_rings_with_numpy(work: Work) -> Callable[[], Any]:
    index = read_mask(work.data, work.class_map).pixels
    return lambda: trace_with_numpy(index)


def classes_to_rings_with_rasterio(work: Work) -> Callable[[], Any]:
    index = read_mask(work.data, work.class_map).pixels
    return lambda: one_pass(index)


def colours_to_rings_per_class(work: Work) -> Callable[[], Any]:
    mask = np.asarray(decode(work.data))
    return lambda: per_class(mask, work.class_map)


CONVERTERS: dict[str, Callable[[Work], Callable[[], Any]]] = {
    "decode": lambda work: lambda: Image.open(io.BytesIO(work.data)).load(),
    "rings": colours_to_rings,
    "NumPy": classes_to_rings_with_numpy,
    "JSON": lambda work: lambda: pixel_json(read_mask(work.data, work.class_map)),
    "one pass": classes_to_rings_with_rasterio,
    "per class": colours_to_rings_per_class,
}
OF_OTHERS = ("one pass", "per class")
IN_MEMORY = ("decode", "JSON", "NumPy", "one pass", "per class")


def chosen(case: Case) -> list[str]:
    hopeless = case.side * case.side * case.classes > HOPELESS
    return [name for name in CONVERTERS if not (hopeless and name == "per class")]


def seconds(case: Case, work: Work, clock: Clock) -> dict[str, float]:
    calls = {name: CONVERTERS[name](work) for name in chosen(case)}
    times: dict[str, list[float]] = {name: [] for name in calls}
    began = time.perf_counter()
    for number in range(MOST_ROUNDS):
        if number >= ROUNDS and time.perf_counter() - began > SHORT:
            break
        for name, call in calls.items():
            if name not in OF_OTHERS or sum(times[name]) < SLOW:
                start = clock()
                call()
                times[name].append(clock() - start)
    return {name: statistics.median(taken) for name, taken in times.items()}


def megabytes(case: Case, data: bytes) -> dict[str, float]:
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        file.write(data)
        file.flush()
        return {
            name: _in_a_process(case, name, file.name) for name in IN_MEMORY if name in chosen(case)
        }


def _in_a_process(case: Case, name: str, path: str) -> float:
    command = [sys.executable, __file__, "--memory-of", name, path, str(case.classes)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def memory_of(name: str, path: str, classes: int) -> float:
    """Megabytes that a conversion adds to the process, at its peak."""
    before = _status("VmRSS")
    CONVERTERS[name](Work(Path(path).read_bytes(), Case(0, classes, "").class_map()))()
    return (_status("VmHWM") - before) / 1e3


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))


def row(case: Case, clock: Clock) -> str:
    work = Work(case.png(), case.class_map())
    rings = trace(read_mask(work.data, work.class_map).pixels)
    taken, used = seconds(case, work, clock), megabytes(case, work.data)
    decoded = 3 * case.side * case.side / 1e6
    cells = [
        f"{case.texture} {case.side}², {case.classes}",
        f"{len(rings):,}",
        f"{len(rings.vertices):,}",
        f"{taken['decode'] * 1e3:,.1f}",
        *(_multiple(taken, name, "decode") for name in CONVERTERS if name != "decode"),
        *(_multiple(taken, name, "rings") for name in OF_OTHERS),
        *(f"{used[name] / decoded:.1f}" if name in used else "-" for name in IN_MEMORY),
    ]
    return "| " + " | ".join(cells) + " |"


def _multiple(taken: dict[str, float], name: str, of: str) -> str:
    if name not in taken:
        return "-"
    multiple = taken[name] / taken[of]
    return f"{multiple:,.0f}" if multiple >= 20 else f"{multiple:.2f}"


def header() -> list[str]:
    names = ["mask, classes", "rings", "vertices", "decode, ms"]
    names += [f"{name}, x" for name in CONVERTERS if name != "decode"]
    names += [f"{name} / rings" for name in OF_OTHERS]
    names += [f"{name}, mem" for name in IN_MEMORY]
    return ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]


def check() -> None:
    """A converter that is fast because it is wrong is of no use."""
    case = Case(512, 20, "speckle")
    index = read_mask(case.png(), case.class_map())
    if len(trace(index.pixels)) != one_pass(index.pixels):
        raise SystemExit("the converters do not agree")


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--smoke", action="store_true", help="the smallest size only")
    parser.add_argument("--cpu", action="store_true", help="measure the processor's time")
    parser.add_argument("--write", action="store_true", help="write the table into README.md")
    parser.add_argument("--memory-of", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of:
        name, path, classes = options.memory_of
        print(memory_of(name, path, int(classes)))
        return
    check()
    print("\n".join(lines := heading(options.cpu)))
    for case in cases(options.smoke):
        lines.append(row(case, time.process_time if options.cpu else time.perf_counter))
        print(lines[-1], flush=True)
    if options.write:
        write("masks", lines)


def heading(cpu: bool) -> list[str]:
    how = "seconds of the processor" if cpu else "seconds of the clock"
    built = "with the compiled kernel" if compiled.available() else "without the compiled kernel"
    on = machine("numpy", "pillow", "rasterio")
    return [f"Measured on {on}; {built}; {how}.", "", *header()]


if __name__ == "__main__":
    main()

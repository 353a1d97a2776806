"""How long masks take, against Pillow's decoding of the same PNG and against other converters.

    python -m tests.bench.masks            the whole table (some minutes)
    python -m tests.bench.masks --write    the same, into README.md beside this file
    python -m tests.bench.masks --smoke    the smallest size only, a few seconds

All converters of a row run in turns, so that a busy machine slows them alike; the table has
medians of five as multiples of the decoding beside them. Memory is that of a process of its own.
"""

from __future__ import annotations

import argparse
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image
from rasterio.features import shapes

from rbsync.masks import ClassMap, kernel, pixel_json, read_mask, trace
from rbsync.masks.cracks import trace as trace_with_numpy
from rbsync.masks.lookup import look_up
from rbsync.masks.picture import open_picture
from rbsync.masks.png import decode

Array = npt.NDArray[Any]

SIZES, CLASSES, TEXTURES = (512, 2048, 8192), (1, 20, 200), ("blobs", "speckle")
ROUNDS = 5
SLOW = 2.0  # seconds after which a converter runs once instead of five times
# Beyond this many pixels x classes the conversion class by class takes minutes and gigabytes.
HOPELESS = 2048 * 2048 * 20

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- masks: begin -->", "<!-- masks: end -->"


class Case(NamedTuple):
    side: int
    classes: int
    texture: str

    def class_map(self) -> ClassMap:
        numbers = (np.arange(1, self.classes + 1) * 40503) % 0xFFFFFF + 1
        return {f"c{n}": (int(n) & 255, int(n) >> 8 & 255, int(n) >> 16) for n in numbers}

    def index(self) -> Array:
        rng = np.random.default_rng(0)
        if self.texture == "speckle":
            some = rng.random((self.side, self.side), dtype=np.float32) < 0.02
            classes = rng.integers(1, self.classes + 1, some.shape, dtype=np.uint8)
            return np.where(some, classes, np.uint8(0))
        cells = np.float32(max(2, np.sqrt(2 * self.classes)))
        along = np.arange(self.side, dtype=np.float32) * (cells / np.float32(self.side))
        column = (along + _waves(rng, self.side)).astype(np.int32)
        row = (along[:, np.newaxis] + _waves(rng, self.side)).astype(np.int32)
        classes = ((row * 31 + column * 17) % self.classes + 1).astype(np.uint8)
        return np.where(_waves(rng, self.side) > -0.15, classes, np.uint8(0))

    def png(self) -> bytes:
        palette = np.array([(0, 0, 0), *self.class_map().values()], np.uint8)
        file = io.BytesIO()
        Image.fromarray(palette[self.index()]).save(file, "PNG", compress_level=4)
        return file.getvalue()


def _waves(rng: np.random.Generator, side: int) -> Array:
    """A smooth field (side, side) of about -1 to 1, with a fine grain at its edges."""
    coarse = Image.fromarray(rng.standard_normal((24, 24)).astype(np.float32) / 2)
    field = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))
    return field + rng.standard_normal((side, side), dtype=np.float32) * np.float32(0.002)


def cases(smoke: bool) -> Iterator[Case]:
    for side in SIZES[:1] if smoke else SIZES:
        for texture in TEXTURES:
            for classes in CLASSES[:2] if smoke else CLASSES:
                yield Case(side, classes, texture)


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
    "decode": lambda work: lambda: decode(work.data),
    "rings": colours_to_rings,
    "NumPy": classes_to_rings_with_numpy,
    "JSON": lambda work: lambda: pixel_json(read_mask(work.data, work.class_map)),
    "one pass": classes_to_rings_with_rasterio,
    "per class": colours_to_rings_per_class,
}
IN_MEMORY = ("decode", "JSON", "NumPy", "one pass", "per class")


def chosen(case: Case) -> list[str]:
    hopeless = case.side * case.side * case.classes > HOPELESS
    return [name for name in CONVERTERS if not (hopeless and name == "per class")]


def seconds(case: Case, work: Work) -> dict[str, float]:
    calls = {name: CONVERTERS[name](work) for name in chosen(case)}
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            if sum(times[name]) < SLOW:
                start = time.perf_counter()
                call()
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in times.items()}


def megabytes(case: Case, data: bytes) -> dict[str, float]:
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        file.write(data)
        file.flush()
        return {
            name: _in_a_process(case, name, file.name) for name in IN_MEMORY if name in chosen(case)
        }


def _in_a_process(case: Case, name: str, path: str) -> float:
    command = [
        sys.executable,
        "-m",
        "tests.bench.masks",
        "--memory-of",
        name,
        path,
        str(case.classes),
    ]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def memory_of(name: str, path: str, classes: int) -> float:
    """Megabytes that a conversion adds to the process, at its peak."""
    before = _status("VmRSS")
    CONVERTERS[name](Work(Path(path).read_bytes(), Case(0, classes, "").class_map()))()
    return (_status("VmHWM") - before) / 1e3


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))


def row(case: Case) -> str:
    work = Work(case.png(), case.class_map())
    rings = trace(read_mask(work.data, work.class_map).pixels)
    taken, used = seconds(case, work), megabytes(case, work.data)
    decoded = 3 * case.side * case.side / 1e6
    cells = [
        f"{case.texture} {case.side}², {case.classes}",
        f"{len(rings):,}",
        f"{len(rings.vertices):,}",
        f"{taken['decode'] * 1e3:,.1f}",
        *(_multiple(taken, name) for name in CONVERTERS if name != "decode"),
        *(f"{used[name] / decoded:.1f}" if name in used else "-" for name in IN_MEMORY),
    ]
    return "| " + " | ".join(cells) + " |"


def _multiple(taken: dict[str, float], name: str) -> str:
    if name not in taken:
        return "-"
    multiple = taken[name] / taken["decode"]
    return f"{multiple:,.0f}" if multiple >= 20 else f"{multiple:.2f}"


def header() -> str:
    names = ["mask, classes", "rings", "vertices", "decode, ms"]
    names += [f"{name}, x" for name in CONVERTERS if name != "decode"]
    names += [f"{name}, mem" for name in IN_MEMORY]
    return "| " + " | ".join(names) + " |\n|" + "---|" * len(names)


def check() -> None:
    """A converter that is fast because it is wrong is of no use."""
    case = Case(512, 20, "speckle")
    index = read_mask(case.png(), case.class_map())
    if len(trace(index.pixels)) != one_pass(index.pixels):
        raise SystemExit("the converters do not agree")


def main() -> None:
    parser = argparse.ArgumentParser(description="benchmark of masks")
    parser.add_argument("--smoke", action="store_true", help="the smallest size only")
    parser.add_argument("--write", action="store_true", help="write the table into README.md")
    parser.add_argument("--memory-of", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of:
        name, path, classes = options.memory_of
        print(memory_of(name, path, int(classes)))
        return
    check()
    print(f"compiled kernel: {'yes' if kernel.available() else 'no'}")
    lines = [header()]
    print(lines[0])
    for case in cases(options.smoke):
        lines.append(row(case))
        print(lines[-1], flush=True)
    if options.write:
        write(lines)


def write(lines: list[str]) -> None:
    text = README.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    README.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}")


if __name__ == "__main__":
    main()

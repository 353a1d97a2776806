"""What the check of structure costs a cold plan: of photographs, and of a packed scan.

    python tests/bench/structure.py            # 10,000 photographs, a scan of 256 MiB
    python tests/bench/structure.py --smoke    # 200 photographs, a scan of 8 MiB

The photographs are read and hashed with and without the check, in turns; the ratio of the medians
is to be 1.15 at most. The scan is checked beside `gzip -t`, of which it is to take 1.2 times at
most; a plan after that one does not unpack it again. `--cpu` counts the processor's time, for a
machine that is busy with other things.
"""

from __future__ import annotations

import argparse
import gzip
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import nibabel
import numpy as np

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from rbsync.files import hashing  # noqa: E402  (found through the path above)
from rbsync.files.hashing import hash_files  # noqa: E402
from rbsync.files.kinds import GZIP  # noqa: E402
from rbsync.files.roots import Roots  # noqa: E402
from rbsync.files.structure import Span, fault_of  # noqa: E402
from tests.real_images import build_tree  # noqa: E402

TURNS = 5


def wall() -> float:
    return time.perf_counter()


def processor() -> float:
    """Of this process and of those that it waited for."""
    own, others = (
        resource.getrusage(one) for one in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def in_turns(clock: Callable[[], float], turns: int, *works: Callable[[], object]) -> list[float]:
    """The medians of what each takes."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(turns):
        for number, work in enumerate(works):
            began = clock()
            work()
            times[number].append(clock() - began)
    return [statistics.median(one) for one in times]


def _nothing(*_: object) -> int:
    return 0


def photographs(folder: Path, count: int, turns: int, clock: Callable[[], float]) -> float:
    """How many times as long reading and hashing take with the check."""
    by_folder: dict[str, list[str]] = {}
    for path in build_tree(folder, count):
        below = path.relative_to(folder)
        by_folder.setdefault(str(below.parent), []).append(below.name)
    roots = Roots(str(folder))

    def checked() -> None:
        for below, names in by_folder.items():
            hash_files(roots, below, names, "xxh3")

    def unchecked() -> None:
        # A function and no mock: one that counts its calls takes longer than the check.
        with mock.patch.object(hashing, "flag_of", new=_nothing):
            checked()

    checked()
    plain, whole = in_turns(clock, turns, unchecked, checked)
    print(f"{count:,} photographs: {plain:.3f} s read and hashed, {whole:.3f} s checked too")
    return whole / plain


def scan(folder: Path, size: int, turns: int, clock: Callable[[], float]) -> float:
    """How many times as long as `gzip -t` the check of a packed scan takes."""
    path = folder / "scan.nii.gz"
    voxels = np.random.default_rng(1).normal(300, 40, size // 2).astype(np.int16)
    image = nibabel.Nifti1Image(voxels.reshape(512, 512, -1), np.eye(4))
    path.write_bytes(gzip.compress(image.to_bytes(), 1))

    def ours() -> None:
        descriptor = os.open(path, os.O_RDONLY)
        fault = fault_of(GZIP, Span(descriptor, path.stat().st_size))
        os.close(descriptor)
        if fault:
            raise SystemExit(f"the scan of this bench is broken: {fault.message}")

    def theirs() -> None:
        subprocess.run(["gzip", "-t", str(path)], check=True)

    reference, own = in_turns(clock, turns, theirs, ours)
    print(f"a scan of {size >> 20} MiB: gzip -t {reference:.3f} s, the check {own:.3f} s")
    return own / reference


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--smoke", action="store_true", help="small, and one run")
    parser.add_argument("--cpu", action="store_true", help="the processor's time")
    given = parser.parse_args()
    clock = processor if given.cpu else wall
    turns = 1 if given.smoke else TURNS
    with tempfile.TemporaryDirectory() as work:
        ratio = photographs(Path(work, "images"), 200 if given.smoke else 10_000, turns, clock)
        print(f"ratio: {ratio:.2f} (1.15 at most)")
        ratio = scan(Path(work), (8 if given.smoke else 256) << 20, turns, clock)
        print(f"ratio: {ratio:.2f} (1.2 at most)")


if __name__ == "__main__":
    main()

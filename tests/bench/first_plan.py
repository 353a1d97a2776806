"""The first plan over many files, against `xxhsum -H2` (Debian's package xxhash) on the same list.

    python tests/bench/first_plan.py                     # 100,000 small pictures, 200 large ones
    python tests/bench/first_plan.py --folder /dev/shm   # on another disk
    python tests/bench/first_plan.py --write             # the table, into README.md beside this
    python tests/bench/first_plan.py --smoke             # a few of both, one run

Both run as whole processes, in turn, with the files in the page cache and nothing remembered, and
medians are told. Large files are 100 MB each. Where the page cache does not hold 20 GB of them,
give each several names, under which it is read as often: `--large 20 --names 10`.
"""

from __future__ import annotations

import argparse
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.bench.growth import Cost, cost_of, median, rbsync  # noqa: E402  (as said there)
from tests.bench.noop_plan import build  # noqa: E402  (as said)
from tests.bench.report import machine, write  # noqa: E402  (as said)

SIZE = 100 << 20
PIECE = bytes(range(256)) * (1 << 12)


def build_large(folder: Path, count: int, names: int) -> None:
    """Writes so many PNGs of a hundred megabytes, each whole and different from the others.

    Each has so many names.
    """
    (folder / "images").mkdir()
    for number in range(count):
        pixels = struct.pack(">I", number) + PIECE * (SIZE // len(PIECE))
        parts = (b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)), (b"IDAT", pixels)
        path = folder / "images" / f"{number:04}.png"
        with path.open("wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n")
            for kind, data in (*parts, (b"IEND", b"")):
                file.write(struct.pack(">I", len(data)) + kind + data)
                file.write(struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))))
        for other in range(1, names):
            path.with_stem(f"{other}-{number:04}").hardlink_to(path)
    (folder / "rbsync.yaml").write_text('version: 1\ndatapoints:\n  - glob: "images/*.png"\n')


def measured(folder: Path, runs: int) -> tuple[Cost, Cost]:
    """The costs of a first plan and of the peer, in turn."""
    (folder / ".rbsync").mkdir()
    names = folder / "names"
    paths = sorted(map(str, folder.glob("images/**/*.png")))
    names.write_text("\n".join(paths) + "\n")
    peer = ["xargs", "-a", str(names), "xxhsum", "-H2"]
    # The small size, of which no figure is looked at, runs on machines that have no peer.
    peer = peer if shutil.which("xxhsum") else ["xargs", "-a", str(names), "cksum"]
    own, others = [], []
    for _ in range(runs):
        for one in (folder / ".rbsync").glob("cache.db*"):
            one.unlink()
        own.append(cost_of(rbsync(folder, "plan")))
        others.append(cost_of(peer))
    return median(own), median(others)


def rows(what: str, own: Cost, other: Cost) -> list[list[str]]:
    return [
        [what, f"{own.wall:.2f}", f"{own.processor:.2f}", f"{own.memory:.0f}",
         f"{own.wall / other.wall:.2f}", f"{own.processor / other.processor:.2f}"],
        ["`xxhsum -H2` of them", f"{other.wall:.2f}", f"{other.processor:.2f}",
         f"{other.memory:.0f}", "1", "1"],
    ]  # fmt: skip


def told(cells: Sequence[Sequence[str]]) -> list[str]:
    headings = ["files", "s of the clock", "s of the processor", "MiB",
                "times the peer, clock", "processor"]  # fmt: skip
    lines = [headings, ["---"] * len(headings), *cells]
    return [f"| {' | '.join(one)} |" for one in lines]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--small", type=int, default=100_000)
    parser.add_argument("--large", type=int, default=200)
    parser.add_argument("--names", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the files are written")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if not (given.smoke or shutil.which("xxhsum")):
        sys.exit("the peer is not here: install Debian's package xxhash")
    small, large, runs = (20, 1, 1) if given.smoke else (given.small, given.large, given.runs)
    kinds = (
        (small, small, "small", build),
        (large, large * given.names, "of 100 MB", partial(build_large, names=given.names)),
    )
    cells: list[list[str]] = []
    for count, every, what, make in kinds:
        if count:
            with tempfile.TemporaryDirectory(dir=given.folder) as name:
                make(Path(name), count)
                subprocess.run(["sync"], check=True)
                cells += rows(f"{every:,} {what}", *measured(Path(name), runs))
    lines = [f"Measured on {machine('xxhash')}.", "", *told(cells)]
    print("\n".join(lines))
    if given.write:
        write("first-plan", lines)


if __name__ == "__main__":
    main()

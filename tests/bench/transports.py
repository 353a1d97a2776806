"""The ways to send a request, over networks of several latencies, against `rbsync serve`.

    python tests/bench/transports.py            # 500 PNGs and 2,000 URLs; 0, 5, 20, 100 ms
    python tests/bench/transports.py --smoke    # 10 and 20, 0 and 5 ms, one round

In each round every way does the same work on an empty project, in turns. A latency is a round trip,
added by `delaying_proxy.py`; at 0 ms there is no proxy.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.bench.transport_variants import VARIANTS  # noqa: E402  (found through the path above)
from tests.bench.uploads import CLIENT, delayed, served  # noqa: E402  (as above)
from tests.scenarios.pictures import png  # noqa: E402  (as above)

STARTED = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.bench.transport_variants import used
way = sys.argv.pop(1)
with used(way):
    exec({CLIENT!r})
"""


def seconds(way: str, milliseconds: int, pictures: Path, counts: list[int], folder: Path) -> Any:
    """How long one way needs for the files and for the URLs, on a project of its own."""
    service, where = served(folder)
    try:
        with delayed(where["url"], milliseconds) as url:
            place = [url, where["org_id"], where["project_id"], where["api_key"]]
            command = [sys.executable, "-c", STARTED, way, "rbsync", *place, str(pictures)]
            done = subprocess.run(
                [*command, *map(str, counts)], capture_output=True, text=True, check=False
            )
    finally:
        service.terminate()
        service.wait()
    if done.returncode:
        raise SystemExit(done.stderr)
    return [float(one) for one in done.stdout.splitlines()[-1].strip("[]").split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--counts", default="500,2000", help="PNGs and URLs")
    parser.add_argument("--latencies", default="0,5,20,100", help="milliseconds")
    given = parser.parse_args()
    whole = [int(one) for one in given.counts.split(",")]
    counts, rounds = ([10, 20], 1) if given.smoke else (whole, given.rounds)
    latencies = [0, 5] if given.smoke else [int(one) for one in given.latencies.split(",")]
    taken: dict[tuple[int, str], list[list[float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        pictures = Path(name) / "pictures"
        pictures.mkdir()
        for number in range(counts[0]):
            (pictures / f"{number}.png").write_bytes(png(number))
        print(f"{os.cpu_count()} processors; medians of {rounds} rounds in turns\n")
        print(f"| latency | work | {' | '.join(f'{way}, s' for way in VARIANTS)} | of today's |")
        print(f"|---|---|{'---|' * (len(VARIANTS) + 1)}", flush=True)
        for latency in latencies:
            for number in range(rounds):
                for way in VARIANTS:
                    folder = Path(name) / f"{latency}-{number}-{way}"
                    found = seconds(way, latency, pictures, counts, folder)
                    taken[latency, way].append(found)
            for kind, what in enumerate((f"{counts[0]} PNGs", f"{counts[1]:,} URLs")):
                times = {way: [one[kind] for one in taken[latency, way]] for way in VARIANTS}
                _print_row(latency, what, times)


def _print_row(latency: int, what: str, taken: dict[str, list[float]]) -> None:
    """One row: seconds of each way, and the throughput of the others as a share of today's."""
    medians = {way: statistics.median(times) for way, times in taken.items()}
    shares = {
        way: statistics.median(
            today / other for today, other in zip(taken["today"], times, strict=True)
        )
        for way, times in taken.items()
        if way != "today"
    }
    told = ", ".join(f"{way} {share:.2f}" for way, share in shares.items())
    times = " | ".join(f"{one:.2f}" for one in medians.values())
    print(f"| {latency} ms | {what} | {times} | {told} |", flush=True)


if __name__ == "__main__":
    main()

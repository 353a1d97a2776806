"""Keys of buckets: how fast they are listed, by whom, and what a plan of them takes.

    python tests/bench/buckets.py                  # 10,000,000 keys; minutes
    python tests/bench/buckets.py --smoke          # 20,000
    python tests/bench/buckets.py --write          # the table, into this folder
    python tests/bench/buckets.py --s3 100000      # objects of moto's server: plan, apply, a change

The service is `tests/listing_simulator.py`, which keeps no key and answers as S3 does. `rclone lsf`
and `s3fs` list the same where they are installed; s3fs a hundredth of it, for it takes hours.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.bench.growth import Cost, cost_of, rbsync  # noqa: E402  (found through the path above)
from tests.bench.report import machine, write  # noqa: E402  (as said)
from tests.buckets.in_bucket import manifest  # noqa: E402  (as said)
from tests.listing_simulator import simulated  # noqa: E402  (as said)
from tests.s3_server import started  # noqa: E402  (as said)

FOLDERS = 50
_LISTED = """
from rbsync.buckets.lister import BucketLister
from rbsync.buckets.allowed_buckets import open_bucket
from rbsync.trust import read_trust
from functools import partial
base = "s3://scans/data"
lister = BucketLister(partial(open_bucket, trust=read_trust()), lambda: [base])
folders = [base, *(f"{base}/{one}" for one in lister.listing(base).folders)]
assert sum(lister.listing(one).count for one in folders[1:]) == COUNT
"""
_S3FS = """
import os, s3fs
fs = s3fs.S3FileSystem(client_kwargs={"endpoint_url": os.environ["AWS_ENDPOINT_URL"]})
assert len(fs.find("scans/data")) == COUNT
"""
_RCLONE = ["rclone", "lsf", "-R", "--files-only", "--config", os.devnull]
_RCLONE += ["--s3-provider", "Other", "--s3-env-auth", "--s3-list-version", "2"]


def environment(url: str) -> None:
    """Has all that is started find the service."""
    os.environ |= {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_REGION": "us-east-1",
        "RBSYNC_BUCKETS": "scans",
    }
    # It names a file for https, and makes rclone refuse to start.
    os.environ.pop("AWS_CA_BUNDLE", None)


def python(code: str, count: int) -> list[str]:
    return [sys.executable, "-c", code.replace("COUNT", str(count))]


def listings(count: int) -> Iterator[tuple[str, int, Cost]]:
    """Who listed, how many keys, and what that took."""
    with simulated(count, FOLDERS) as url:
        environment(url)
        yield "rbsync, the listing alone", count, cost_of(python(_LISTED, count))
        with tempfile.TemporaryDirectory() as name:
            Path(name, "rbsync.yaml").write_text("version: 1\n" + manifest("scans"))
            yield "`rbsync plan`, of all of it", count, cost_of(rbsync(Path(name), "-q", "plan"))
        if shutil.which("rclone"):
            endpoint = ["--s3-endpoint", url, ":s3:scans/data"]
            yield "`rclone lsf -R`", count, cost_of([*_RCLONE, *endpoint])
    if importlib.util.find_spec("s3fs"):
        few = max(FOLDERS, count // 100)
        with simulated(few, FOLDERS) as url:
            environment(url)
            yield "`s3fs`, `find`", few, cost_of(python(_S3FS, few))


def of_objects(count: int) -> None:
    """Plans objects that are there: all of them, none, one changed."""
    with started() as server, tempfile.TemporaryDirectory() as name:
        environment(server.url)
        folder = Path(name)
        (folder / "rbsync.yaml").write_text("version: 1\n" + manifest("scans"))
        begun = time.monotonic()
        for first in range(0, count, 1000):
            keys = (f"data/{first // 1000:04d}/{first + at:07d}.png" for at in range(1000))
            server.put("scans", {key: key for key in keys})
        print(f"{count:,} objects put in {time.monotonic() - begun:.1f} s")
        server.asked()
        for label, arguments in (
            ("first plan", ["plan"]),
            ("apply", ["apply", "--yes"]),
            ("nothing to do", ["plan"]),
            ("one changed", ["plan"]),
        ):
            if label == "one changed":
                server.put("scans", {"data/0000/0000007.png": "another"})
            cost = cost_of(rbsync(folder, *arguments))
            # Whoever tells of no keys is asked for one that nobody made, to know who it is.
            read = [one for one in server.asked() if one.startswith("GET") and ".png?" in one]
            print(f"{label}: {cost.wall:.1f} s, {cost.memory:.0f} MiB, {len(read)} downloads")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--keys", type=int, default=10_000_000)
    parser.add_argument("--s3", type=int, metavar="OBJECTS")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.s3:
        of_objects(given.s3)
        return
    lines = [
        f"Measured on {machine('obstore', 'xxhash')}.",
        "",
        "| who | keys | s of the clock | s of the processor | keys/s of the clock | MiB |",
        "|---|---|---|---|---|---|",
    ]
    for who, keys, cost in listings(20_000 if given.smoke else given.keys):
        row = f"| {who} | {keys:,} | {cost.wall:.1f} | {cost.processor:.1f} "
        row += f"| {keys / cost.wall:,.0f} | {cost.memory:.0f} |"
        print(row, flush=True)
        lines.append(row)
    if given.write:
        write("buckets", lines)


if __name__ == "__main__":
    main()

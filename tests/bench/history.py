"""Updates of labels with a history, against the same updates with `--history none`.

    python tests/bench/history.py              # 100,000 updates in the embedded project
    python tests/bench/history.py --served     # through `rbsync serve`
    python tests/bench/history.py --smoke      # 500 updates, one round

Two folders with the same datapoints are updated in turns, each as a whole process; the ratio of
their medians is printed, and the size of the history for each update. ``--cpu`` measures the
processor's seconds instead, which say more on a machine that does other things too.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.scenarios.offline_service import served  # noqa: E402  (found through the path above)
from tests.service.serving import KEY, ORG, PROJECT  # noqa: E402

WITH, WITHOUT = "with", "without"


def write(folder: Path, backend: str, count: int, version: int) -> None:
    """Declares so many datapoints, each with three boxes of its own in this version."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "name": f"{number:06}",
            "items": [f"https://example.org/{number}.png"],
            "labels": [box(number, version, which) for which in range(3)],
        }
        for number in range(count)
    ]
    (folder / "items.json").write_text(json.dumps(rows))
    (folder / "rbsync.yaml").write_text(
        f"version: 1\nbackend: {backend}\nproject: {{type: IMAGE_BBOX, taxonomy: [car, bus]}}\n"
        "datapoints:\n  - {items_list: items.json, storage: public}\n"
    )


def box(number: int, version: int, which: int) -> dict[str, Any]:
    """A label that no other datapoint has, nor another version of this one."""
    place = {"xnorm": number / 1e6, "ynorm": version / 100, "wnorm": (which + 1) / 10, "hnorm": 0.5}
    return {"category": [["object", "car"]], "attributes": [], "bbox2d": place}


def processor_seconds() -> float:
    """The processor's seconds of all processes that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def applied(folder: Path, kept: str, clock: Callable[[], float]) -> float:
    """The seconds that an apply takes, as a process of its own."""
    command = [sys.executable, "-m", "rbsync", "-C", str(folder), "apply", "--yes", "--force"]
    chosen = ["--history", "none"] if kept == WITHOUT else []
    environment = {"RBSYNC_API_KEY": KEY, "PYTHONPATH": str(ROOT)}
    began = clock()
    done = subprocess.run([*command, *chosen], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return clock() - began


@contextmanager
def projects(folder: Path, *, through_service: bool) -> Iterator[dict[str, str]]:
    """What the manifests of both folders name as their backends."""
    if not through_service:
        yield dict.fromkeys((WITH, WITHOUT), "{kind: local}")
        return
    options = ("--type", "IMAGE_BBOX")
    with served(folder / "a", *options) as one, served(folder / "b", *options) as other:
        yield {
            kept: f"{{kind: redbrick, url: {url}, org_id: {ORG}, project_id: {PROJECT}}}"
            for kept, url in ((WITH, one.url), (WITHOUT, other.url))
        }


def size_of(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--served", action="store_true")
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--updates", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    count, rounds = (500, 1) if given.smoke else (given.updates, given.rounds)
    clock = processor_seconds if given.cpu else time.perf_counter
    seconds: dict[str, list[float]] = {WITH: [], WITHOUT: []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with projects(folder / "services", through_service=given.served) as backends:
            for version in range(rounds + 1):
                # In turns, and each as often first as second.
                for kept, backend in list(backends.items())[:: (-1) ** version]:
                    write(folder / kept, backend, count, version)
                    took = applied(folder / kept, kept, clock)
                    if version:
                        seconds[kept].append(took)
        size = size_of(folder / WITH / ".rbsync/history")
        assert not (folder / WITHOUT / ".rbsync/history").exists()
    medians = {kept: statistics.median(every) for kept, every in seconds.items()}
    figures = {
        "updates": count,
        "rounds": rounds,
        "without a history, median s": round(medians[WITHOUT], 2),
        "with a history, median s": round(medians[WITH], 2),
        "ratio of the medians": round(medians[WITH] / medians[WITHOUT], 3),
        "history, bytes for each update": round(size / (count * rounds)),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

"""The same call, `create_datapoints`, of rbsync and of the vendor's SDK, against `rbsync serve`.

    python tests/bench/uploads.py VENDOR_PYTHON            # 500 PNGs, 2,000 URLs, five rounds
    python tests/bench/uploads.py VENDOR_PYTHON --smoke    # 10 and 20, one round
    python tests/bench/uploads.py VENDOR_PYTHON --latency 20   # over a line of 20 ms

VENDOR_PYTHON is an interpreter that has `redbrick-sdk`; ours is the one that runs this. Each round
starts a service on an empty project, lets one and then the other work, and takes their ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.scenarios.pictures import png  # noqa: E402  (found through the path above)

CLIENT = """
import json, os, sys, time
who, url, org, project_id, key, folder, pngs, urls = sys.argv[1:]
os.environ["REDBRICK_DISABLE_VERSION_CHECK"] = "1"
if who == "rbsync":
    import rbsync as redbrick
    project = redbrick.get_project(key, url, org, project_id)
else:
    import redbrick
    project = redbrick.get_project(org, project_id, key, url)
files = [
    {"name": f"{who}/{n}", "items": [os.path.join(folder, f"{n}.png")]} for n in range(int(pngs))
]
links = [
    {"name": f"{who}/url/{n}", "items": [f"https://example.org/{n}.png"]} for n in range(int(urls))
]
PUBLIC, REDBRICK = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
seconds = []
for storage, points in ((REDBRICK, files), (PUBLIC, links)):
    began = time.perf_counter()
    answer = project.upload.create_datapoints(storage, points)
    seconds.append(time.perf_counter() - began)
    failed = [one for one in answer if "error" in one]
    assert not failed, failed[:1]
print(json.dumps(seconds))
"""


def served(folder: Path) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """A service on an empty project, and where it is."""
    command = [sys.executable, "-m", "rbsync", "serve", "--path", str(folder), "--port", "0"]
    # A key that is given is not printed, and may be that of the real service.
    known = {key: value for key, value in os.environ.items() if key != "RBSYNC_API_KEY"}
    service = subprocess.Popen(
        [*command, "--json"], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=known
    )
    text = ""
    assert service.stdout is not None
    for line in service.stdout:
        text += line
        try:
            return service, json.loads(text)
        except ValueError:
            continue
    raise SystemExit("the service did not start")


@contextmanager
def delayed(url: str, milliseconds: int) -> Iterator[str]:
    """The address of a service, reached over a line of a latency."""
    port = int(url.rpartition(":")[2].strip("/").partition("/")[0])
    if not milliseconds:
        yield f"http://localhost:{port}"
        return
    proxy = subprocess.Popen(
        [sys.executable, str(ROOT / "tests/bench/delaying_proxy.py"), str(port), str(milliseconds)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert proxy.stdout is not None
    try:
        yield f"http://localhost:{proxy.stdout.readline().strip()}"
    finally:
        proxy.terminate()
        proxy.wait()


def seconds(python: str, who: str, where: dict[str, Any], folder: Path, counts: list[int]) -> Any:
    """How long one client needs for the files and for the URLs."""
    place = [where["url"], where["org_id"], where["project_id"], where["api_key"]]
    command = [python, "-c", CLIENT, who, *place, str(folder), *map(str, counts)]
    cwd = ROOT if who == "rbsync" else folder
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vendor_python")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--latency", type=int, default=0, help="milliseconds of a round trip")
    given = parser.parse_args()
    counts, rounds = ([10, 20], 1) if given.smoke else ([500, 2000], given.rounds)
    vendor = os.path.abspath(given.vendor_python)
    ratios: list[list[float]] = [[], []]
    ours: list[list[float]] = [[], []]
    with tempfile.TemporaryDirectory() as name:
        pictures = Path(name) / "pictures"
        pictures.mkdir()
        for number in range(counts[0]):
            (pictures / f"{number}.png").write_bytes(png(number))
        for number in range(rounds):
            service, where = served(Path(name) / f"project{number}")
            try:
                with delayed(where["url"], given.latency) as url:
                    where["url"] = url
                    mine = seconds(sys.executable, "rbsync", where, pictures, counts)
                    theirs = seconds(vendor, "vendor", where, pictures, counts)
            finally:
                service.terminate()
                service.wait()
            for kind in (0, 1):
                ours[kind].append(mine[kind])
                ratios[kind].append(theirs[kind] / mine[kind])
    figures = {
        f"{counts[kind]} {what}": {
            "rbsync, median s": round(statistics.median(ours[kind]), 2),
            "times as fast as the vendor's SDK, median": round(statistics.median(ratios[kind]), 1),
            "cores": os.cpu_count(),
        }
        for kind, what in enumerate(("PNGs", "URLs"))
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

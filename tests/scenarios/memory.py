"""Applies whose memory is measured from inside the process that applies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tests.dicoms import dicom
from tests.scenarios.offline_service import RemoteProject, served
from tests.service.serving import KEY

MIB = 1 << 20
# The peak that `wait4` tells of a child begins with the size of its parent.
_MEASURED = """
import sys
from rbsync.cli.main import main
code = main(sys.argv[1:])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(peak.split()[1], file=sys.stderr)
sys.exit(code)
"""


class Taken(NamedTuple):
    """What an apply took. ``last_line`` is what it said at its end."""

    mib: float
    seconds: float
    last_line: str


def apply_measured(project: RemoteProject) -> Taken:
    """`rbsync apply --yes`, in a process that tells its peak."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, "apply", "--yes"],
        cwd=project.folder,
        env={**os.environ, "RBSYNC_API_KEY": KEY},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    assert done.returncode == 0, done.stderr[-2000:]
    peak = int(done.stderr.splitlines()[-1]) / 1024
    return Taken(round(peak, 1), round(seconds, 1), done.stdout.splitlines()[-1])


def apply_urls(folder: Path, count: int) -> Taken:
    """Creates so many datapoints by URL, from an items list."""
    with served(folder / "service") as service:
        project = RemoteProject(folder / "work", service.url)
        project.write(
            "list.jsonl",
            "".join(
                json.dumps({"name": f"{n}", "items": [f"https://example.org/{n}.png"]}) + "\n"
                for n in range(count)
            ),
        )
        project.manifest("datapoints:\n  - items_list: list.jsonl\n    storage: public\n")
        return apply_measured(project)


def apply_file(folder: Path, size: int) -> Taken:
    """Uploads one sparse file, whose connection breaks once in the middle."""
    broken = {"kind": "PUT", "nth": 1, "do": "close", "bytes": size // 2}
    with served(folder / "service", faults=[broken]) as service:
        project = RemoteProject(folder / "work", service.url)
        path = project.write("large.dcm", dicom(1))
        with path.open("r+b") as file:
            file.truncate(size)
        project.manifest("datapoints:\n  - {name: large, items: [large.dcm]}\n")
        taken = apply_measured(project)
        assert service.count("PUT") == 2
        return taken

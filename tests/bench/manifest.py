"""A manifest of very many explicit entries: read, and loaded with all checks.

    python tests/bench/manifest.py            # 100,000 entries, 17 MB
    python tests/bench/manifest.py --smoke    # 2,000 entries

PyYAML's own fast loader reads the same text in the same minute, as it is and with the garbage
collector paused; it keeps neither places nor repeated keys. Every row is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ENTRY = """\
  - name: site-{site}/case-{number:06}
    items: [images/site-{site}/case-{number:06}.png]
    labels: labels/{number:06}.json
    priority: 0.{digit}
    metadata:
      split: train
      age: {age}
"""
MEASURED = """
import gc, json, resource, sys, time
{setup}
data = open(sys.argv[1], "rb").read()
began = time.process_time()
result = {action}
seconds = time.process_time() - began
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""
ROWS = {
    "PyYAML CSafeLoader": ("import yaml", "yaml.load(data, Loader=yaml.CSafeLoader)"),
    "the same, collector paused": (
        "import yaml; gc.disable()",
        "yaml.load(data, Loader=yaml.CSafeLoader)",
    ),
    "read_document": (
        "from rbsync.manifest.document import read_document",
        "read_document(data, 'm.yaml')",
    ),
    "load_manifest": (
        "from rbsync.manifest.load import load_manifest",
        "load_manifest(sys.argv[1], {})",
    ),
}


def write(path: Path, count: int) -> None:
    """A manifest of so many entries of seven lines."""
    with path.open("w") as file:
        file.write("version: 1\ndatapoints:\n")
        for number in range(count):
            file.write(
                ENTRY.format(site=number % 97, number=number, digit=number % 10, age=number % 90)
            )


def measure(setup: str, action: str, path: Path) -> tuple[float, float]:
    """Seconds of the processor, and MiB at the peak."""
    script = MEASURED.format(setup=setup, action=action)
    command = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    seconds, mib = json.loads(done.stdout)
    return seconds, mib


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="2,000 entries only")
    count = 2_000 if parser.parse_args().smoke else 100_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.yaml"
        write(path, count)
        print(f"{count:,} entries, {path.stat().st_size / 1e6:.1f} MB")
        floor = 0.0
        for name, (setup, action) in ROWS.items():
            seconds, mib = measure(setup, action, path)
            floor = floor or seconds
            print(f"{name:28} {seconds:7.2f} s {seconds / floor:6.2f} x {mib:6.0f} MiB")


if __name__ == "__main__":
    main()

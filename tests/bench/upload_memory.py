"""How much memory an apply takes: many creates by URL, and one large file whose upload breaks.

    python tests/bench/upload_memory.py            # 20,000 creates, one file of 5 GiB
    python tests/bench/upload_memory.py --smoke    # 500 and 64 MiB

The service runs beside it as a process of its own. What is measured is the most memory that the
client ever had (VmHWM of its own process, from /proc), when it ends.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tests.scenarios.memory import apply_file, apply_urls

MIB = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    creates, size = (500, 64 * MIB) if given.smoke else (20_000, 5 << 30)
    figures = {}
    with tempfile.TemporaryDirectory() as name:
        many = apply_urls(Path(name) / "urls", creates)
        figures[f"{creates} creates by URL"] = many._asdict()
        large = apply_file(Path(name) / "file", size)
        figures[f"one file of {size // MIB} MiB, closed once in the middle"] = large._asdict()
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

"""Tables in README.md beside this file, each with what it was measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

README = Path(__file__).with_name("README.md")


def machine(*packages: str) -> str:
    """The machine and the versions that a table was measured with, as one line."""
    processors = len(os.sched_getaffinity(0))
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{processors} processors ({platform.machine()}), {platform.system()}, "
        f"Python {platform.python_version()}, {versions}"
    )


def write(name: str, lines: Sequence[str]) -> None:
    """Puts lines between the marks ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->``."""
    begin, end = (f"<!-- {name}: {which} -->" for which in ("begin", "end"))
    before, rest = README.read_text().split(begin)
    _, after = rest.split(end)
    README.write_text(f"{before}{begin}\n" + "\n".join(lines) + f"\n{end}{after}")

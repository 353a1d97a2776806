"""Draws the README's picture: the quickstart's first runs, as a terminal shows them.

``python -m tests.readme_picture > examples/quickstart/run.svg`` draws it anew.
"""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.test_readme import QUICKSTART, blocks, transcript

WIDTH = 96
THEME = TerminalTheme(
    (24, 26, 31),
    (214, 218, 225),
    [
        (24, 26, 31),
        (240, 113, 120),
        (140, 200, 110),
        (236, 190, 100),
        (110, 170, 240),
        (200, 140, 230),
        (90, 200, 200),
        (214, 218, 225),
    ],
)
ERASED = re.compile(r"\x1b\[[0-9;?]*[A-LN-Za-ln-z]|\r+$")
"""Control sequences other than colours, which end with an m."""

FORMAT = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img"
  aria-label="rbsync plan and apply on the quickstart">
  <style>
  .{unique_id}-matrix {{
    font: {char_height}px "DejaVu Sans Mono", Menlo, Consolas, monospace;
    line-height: {line_height}px;
  }}
  {styles}
  </style>
  <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
  </defs>
  <rect width="{width}" height="{height}" rx="8" fill="#181a1f"/>
  <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix" xml:space="preserve">
    {matrix}
    </g>
  </g>
</svg>
"""
"""A picture that fetches nothing: rich's own would load a font from elsewhere."""


def on_a_terminal(command: str, folder: Path) -> str:
    """Runs a command on a pseudo-terminal and returns all that it prints there."""
    ours, theirs = pty.openpty()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # Without a terminal's abilities no progress is drawn over the lines, and colours stay.
    environment = {**os.environ, "PATH": path, "COLUMNS": str(WIDTH), "TERM": "dumb"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env=environment, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        printed = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    assert process.returncode == 0, printed
    lines = (ERASED.sub("", one) for one in printed.decode().replace("\r\n", "\n").split("\n"))
    # What follows a bare carriage return stands over what was there before, as progress does.
    return "\n".join(one.rpartition("\r")[2] for one in lines if one)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end was closed
        return b""


def picture(first_transcript: str) -> str:
    """The SVG of the commands of a transcript, run on a copy of the quickstart."""
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"), color_system="standard")  # noqa: SIM115
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "quickstart"
        shutil.copytree(QUICKSTART, copy, ignore=shutil.ignore_patterns(".rbsync"))
        for command, _ in transcript(first_transcript):
            console.print(Text("$ ", style="white") + Text(command, style="bold white"))
            shown = on_a_terminal(command, copy)
            if shown:
                console.print(Text.from_ansi(shown))
    return console.export_svg(theme=THEME, code_format=FORMAT, unique_id="run")


if __name__ == "__main__":
    sys.stdout.write(picture(blocks("console")[0]))

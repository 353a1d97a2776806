"""A watch on a terminal: its last line says how things stand, and is whole at any width."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rbsync.cli.render.columns import columns_of
from tests.scenarios.pictures import png
from tests.scenarios.project import COMMAND, Project
from tests.scenarios.watching import MANIFEST

README = Path(__file__).parents[2] / "README.md"
WIDTHS = (100, 60, 40)
_WIPE = "\r\x1b[K"


class Screen:
    """What a program has written to a terminal so far."""

    def __init__(self, master: int) -> None:
        self._master = master
        self.text = ""

    def until(self, pattern: str) -> None:
        while not re.search(pattern, self.text):
            self.text += os.read(self._master, 4096).decode(errors="replace")

    def statuses(self) -> list[str]:
        """The last lines that it has had, one after the other."""
        drawn = re.findall(re.escape(_WIPE) + r"([^\r\n\x1b]+)(?=\r\x1b)", self.text)
        return list(dict.fromkeys(drawn))


@contextmanager
def on_a_terminal(project: Project, columns: int, *arguments: str) -> Iterator[Screen]:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    known = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    with subprocess.Popen(
        [*COMMAND, "watch", *arguments],
        cwd=project.folder,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**known, "TERM": "xterm"},
    ) as process:
        os.close(slave)
        screen = Screen(master)
        try:
            yield screen
        finally:
            process.send_signal(signal.SIGTERM)
            # Its last words, or it would wait for somebody who reads them.
            screen.until(r"\d folders?(?: · |\r\n)")
            process.wait()
            os.close(master)


def transcript(folder: Path, columns: int) -> list[str]:
    """The statuses of a watch that waits for a slow writer, and the lines above them."""
    project = Project(folder / str(columns))
    project.manifest(MANIFEST)
    for number in range(3):
        project.write(f"images/scan{number}.png", png(number))
    with on_a_terminal(project, columns, "--settle", "0.1") as screen:
        screen.until("created images/scan2")
        with open(project.folder / "images/scan3.png", "wb") as writer:
            writer.write(png(3)[:40])
            writer.flush()
            screen.until(r"3 done · 1 waiting")
            # A second later it says for how long.
            screen.until(r"3 done · 1 waiting(?s:.*)3 done · 1 waiting")
    return screen.statuses()


def shape(line: str) -> str:
    """A line without what another moment changes."""
    return re.sub(r"\d+", "N", line)


@pytest.mark.parametrize("columns", WIDTHS)
def test_the_status_is_whole_at_any_width(tmp_path: Path, columns: int) -> None:
    found = transcript(tmp_path, columns)
    assert found
    for line in found:
        assert columns_of(line) < columns
        # Parts are left out, and none is cut in two.
        known = (
            r"\d+ done|\d+ waiting|\d+ in flight|looked [\d:]+|\d+ folders?|[^:]+: [a-z ]+, \d+ s"
        )
        assert all(re.fullmatch(known, part) for part in line.split(" · ")), line
    waiting = next(line for line in found if "1 waiting" in line)
    shown = [line for line in README.read_text().splitlines() if "1 waiting" in line]
    assert shape(waiting) in map(shape, shown)


def test_letters_of_two_columns_are_counted_as_two() -> None:
    assert columns_of("扫描 1") == 6
    assert columns_of("e\u0301") == 1


if __name__ == "__main__":
    for width in WIDTHS:
        print(*transcript(Path(sys.argv[1]), width), sep="\n")

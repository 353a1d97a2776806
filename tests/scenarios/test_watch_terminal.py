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

from rbsync.cli.render.columns import columns_of
from tests.scenarios.pictures import png
from tests.scenarios.project import COMMAND, Project
from tests.scenarios.watching import MANIFEST

README = Path(__file__).parents[2] / "README.md"
WIDTHS = (100, 60, 40)
_WIPE = "\r\x1b[K"


class Screen:
    """What a program has written to a terminal so far."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self._master, self._process = master, process
        self.text = ""

    def until(self, pattern: str) -> None:
        while not re.search(pattern, self.text):
            self.text += os.read(self._master, 4096).decode(errors="replace")

    def resize(self, columns: int) -> None:
        self.size(columns)
        self.text = ""
        # What comes first may have been drawn for the width before, and the end of the last may be
        # on its way.
        for times in range(1, 4):
            self._process.send_signal(signal.SIGWINCH)
            self.until(rf"(?s:{re.escape(_WIPE)}3 done · 1 waiting.*){{{times}}}")

    def size(self, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def statuses(self) -> list[str]:
        """The last lines that it has had since its size changed, one after the other."""
        return re.findall(re.escape(_WIPE) + r"([^\r\n\x1b]+)(?=\r\x1b)", self.text)


@contextmanager
def on_a_terminal(project: Project, *arguments: str) -> Iterator[Screen]:
    master, slave = pty.openpty()
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
        screen = Screen(master, process)
        screen.size(WIDTHS[0])
        try:
            yield screen
        finally:
            process.send_signal(signal.SIGTERM)
            # Its last words, or it would wait for somebody who reads them. On a narrow screen they
            # are on several lines.
            screen.until(r"\d\s+folders?(?: · |\r\n)")
            process.wait()
            os.close(master)


def transcripts(folder: Path) -> Iterator[tuple[int, list[str]]]:
    """The statuses of a watch that waits for a slow writer, at each width."""
    project = Project(folder)
    project.manifest(MANIFEST)
    for number in range(3):
        project.write(f"images/scan{number}.png", png(number))
    with on_a_terminal(project, "--settle", "0.1") as screen:
        screen.until("created images/scan2")
        with open(project.folder / "images/scan3.png", "wb") as writer:
            writer.write(png(3)[:40])
            writer.flush()
            screen.until("3 done · 1 waiting")
            for columns in WIDTHS:
                screen.resize(columns)
                yield columns, screen.statuses()[1:]


def shape(line: str) -> str:
    """A line without what another moment changes."""
    return re.sub(r"\d+", "N", line)


def test_the_status_is_whole_at_any_width(tmp_path: Path) -> None:
    shown = [line for line in README.read_text().splitlines() if "1 waiting" in line]
    for columns, found in transcripts(tmp_path / "data"):
        for line in found:
            assert columns_of(line) < columns
            # Parts are left out, and none is cut in two.
            counts = r"\d+ (done|waiting|in flight|folders?)"
            known = rf"{counts}|looked [\d:]+|[^:]+: [a-z ]+, \d+ s"
            assert all(re.fullmatch(known, part) for part in line.split(" · ")), line
        assert shape(found[-1]) in map(shape, shown)


def test_letters_of_two_columns_are_counted_as_two() -> None:
    assert columns_of("扫描 1") == 6
    assert columns_of("e\u0301") == 1


if __name__ == "__main__":
    for _, lines in transcripts(Path(sys.argv[1])):
        print(lines[-1])

"""Plan, progress and report as a terminal of 100, 60 and 40 columns shows them, and a pipe.

The screens are in `tests/golden/screens`; `UPDATE_GOLDEN=1` writes them anew. Look at them then.
"""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from rbsync.cli.main import main
from rbsync.cli.options import CommonOptions
from rbsync.cli.render import progress
from rbsync.cli.render.numbers import rough
from rbsync.cli.render.progress import FAILURES, metered
from tests.scenarios.pictures import photo
from tests.scenarios.project import Project

GOLDEN = Path(__file__).parent.parent / "golden" / "screens"


@pytest.fixture
def folders(tmp_path: Path) -> Project:
    """36 datapoints in 6 folders below 2, of which four have to be changed and two are gone."""
    made = Project(tmp_path)
    made.manifest("datapoints:\n  - {glob: '**/*.png'}\npolicy: {prune: true, max_delete: 1}\n")
    for number in range(6):
        made.write(f"site-a/old/{number}.png", photo(number))
    assert made.apply().code == 0
    for number in range(36):
        site = "ab"[number % 2]
        made.write(f"site-{site}/scan-{number % 6}/{number:02}.png", photo(100 + number))
    for number in range(4):
        made.write(f"site-a/old/{number}.png", photo(200 + number))
    for number in (4, 5):
        (tmp_path / f"site-a/old/{number}.png").unlink()
    return made


@contextlib.contextmanager
def terminal(columns: int, **environment: str) -> Iterator[list[bytes]]:
    """Standard output and error of this process are a terminal; what it was told is in the list."""
    ours, theirs = pty.openpty()
    written: list[bytes] = []
    reader = threading.Thread(target=lambda: written.extend(_blocks(ours)))
    reader.start()
    asked = {"TERM": "xterm", "COLUMNS": str(columns), **environment}
    with (
        open(theirs, "w", encoding="utf-8") as screen,
        open(os.devnull) as nothing,
        mock.patch.dict(os.environ, asked),
        mock.patch("sys.stdin", nothing),
        contextlib.redirect_stdout(screen),
        contextlib.redirect_stderr(screen),
    ):
        os.environ.pop("NO_COLOR", None)
        yield written
    reader.join()
    os.close(ours)


def on_screen(project: Project, columns: int, *arguments: str, **environment: str) -> str:
    """All that a command writes to a terminal of so many columns."""
    with contextlib.chdir(project.folder), terminal(columns, **environment) as written:
        assert main(list(arguments)) == 0
    return b"".join(written).decode()


def _blocks(terminal: int) -> Iterator[bytes]:
    # Linux tells the end of a terminal as an error.
    with contextlib.suppress(OSError):
        while block := os.read(terminal, 1 << 16):
            yield block


def plain(shown: str) -> list[str]:
    """The lines that were shown, without colours, durations and rates."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r\n", "\n")
    text = re.sub(r"[\d.]+ [KM]?i?B/s", "N B/s", text)
    lines = (line.rstrip() for line in re.split(r"[\r\n]", text))
    return [line for line in lines if line and not line.startswith("Took ")]


def last_frame(lines: list[str]) -> list[str]:
    """The last state of a bar, which is drawn over and over, and what follows it."""
    return lines[max(at for at, line in enumerate(lines) if line.startswith("Applying ")) :]


def check(name: str, lines: list[str]) -> None:
    file = GOLDEN / f"{name}.txt"
    text = "\n".join(lines) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text)
    assert text == file.read_text()


@pytest.mark.parametrize("columns", [100, 60, 40])
def test_a_plan_and_its_progress_fit_the_screen(folders: Project, columns: int) -> None:
    plan = [one for one in plain(on_screen(folders, columns, "plan")) if "Reading" not in one]
    applied = last_frame(plain(on_screen(folders, columns, "apply", "--yes")))
    check(f"plan-{columns}", plan)
    check(f"apply-{columns}", applied)
    drawn = [line for line in (*plan, *applied) if line.startswith((" ", "Applying "))]
    assert max(map(len, drawn)) <= columns


def test_piped_the_plan_is_the_output_and_no_line_is_cut(folders: Project) -> None:
    ran = folders.run("plan", COLUMNS="40")
    check("plan-piped", [*ran.out.splitlines(), "-- standard error --", *ran.err.splitlines()])
    quiet = folders.run("plan", "-q")
    assert quiet.out.splitlines() == [ran.last_line]


def test_a_dumb_terminal_gets_neither_colours_nor_bars(folders: Project) -> None:
    shown = on_screen(folders, 60, "apply", "--yes", TERM="dumb")
    assert "\x1b" not in shown
    assert "Apply complete" in shown


def test_with_v_every_action_is_listed(folders: Project) -> None:
    lines = folders.run("plan", "-v").out.splitlines()
    assert len([line for line in lines if line.startswith("  + ")]) == 36


def test_what_is_agreed_to_is_seen_also_by_who_keeps_the_result(folders: Project) -> None:
    ran = folders.apply()
    assert "  + site-a/" in ran.err
    assert ran.out.splitlines()[-1].startswith("Apply complete")


def test_the_first_failures_are_told_above_the_bar_while_others_go_on() -> None:
    with terminal(60) as written, metered(CommonOptions(), "Applying", "datapoint") as meter:
        meter.begin(9, 0)
        for number in range(9):
            meter.did(f"scans/[red]{number}\x1b[2J", "the disk is full " * 9)
    lines = plain(b"".join(written).decode())
    failed = [line for line in lines if line.startswith("failed: scans/[red]")]
    assert len(failed) == FAILURES
    assert all(len(line) <= 60 and "full" in line for line in failed)
    assert lines[-1] == "  9 failed · scans"


def test_in_a_log_the_number_of_failures_stands_beside_what_is_done() -> None:
    errors = io.StringIO()
    with (
        mock.patch.object(progress, "LINE_SECONDS", 0.0),
        contextlib.redirect_stderr(errors),
        metered(CommonOptions(), "Applying", "datapoint") as meter,
    ):
        meter.begin(3, 0)
        meter.did("a/x", "the disk is full")
    assert errors.getvalue() == "Applying: 1 of 3 datapoints, 0 B of 0 B, 1 failed\n"


def test_the_time_that_a_run_took_is_told_with_its_rate() -> None:
    time = [0.0]
    meter = progress.Meter(CommonOptions(), "Applying", "datapoint", lambda: time[0])
    meter.begin(400, 1 << 20)
    meter.advance(400, 1 << 20)
    assert meter.took() == ""
    time[0] = 200.0
    assert meter.took() == "Took 3 min: 2 datapoints/s, 5.1 KiB/s."


@pytest.mark.parametrize(
    ("number", "read"),
    [
        (0.2504, "0.25"),
        (2, "2"),
        (41.66, "41.7"),
        (99.96, "100"),
        (1493.7, "1,490"),
        (99960, "100,000"),
    ],
)
def test_a_rate_has_three_digits_that_count_and_no_exponent(number: float, read: str) -> None:
    assert rough(number) == read


def test_the_next_step_is_for_the_same_manifest(folders: Project, tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path.parent):
        ran = Project(tmp_path.parent).run("-C", tmp_path.name, "plan", "--target", "site-b/**")
        step = next(one for one in ran.err.splitlines() if one.startswith("Apply it with: "))
        words = step.removeprefix("Apply it with: rbsync ").split()
        done = Project(tmp_path.parent).run(*[one.strip("'") for one in words], "--yes")
    assert done.code == 0
    assert "18 created" in done.out

"""Progress: a bar on a terminal, which is taken off at its end; elsewhere a line now and then."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path
from unittest import mock

import pytest

from rbsync.cli.options import CommonOptions
from rbsync.cli.render import progress
from tests.masks.pictures import painted, png
from tests.scenarios.pictures import CLASSES, ONE, photo
from tests.scenarios.project import COMMAND, Project

SHOW_AND_HIDE = ("\x1b[?25l", "\x1b[?25h")
"""What a terminal is told of its cursor before and after bars."""
ERASED = "\x1b[2K"


@pytest.fixture
def masked(tmp_path: Path) -> Project:
    """Three images with masks."""
    made = Project(tmp_path)
    made.write("class_map.json", {name: list(colour) for name, colour in CLASSES.items()})
    for number, name in enumerate("xyz"):
        made.write(f"images/{name}.png", photo(number))
        made.write(f"masks/{name}.png", png(painted(ONE, CLASSES), compress_level=number))
    made.manifest(
        "project: {type: IMAGE_SEGMENTATION, taxonomy: [car, bus]}\n"
        "masks:\n"
        '  - {glob: "masks/*.png", image: "images/{stem}.png", class_map: class_map.json}\n'
    )
    return made


def on_a_terminal(project: Project, *arguments: str) -> tuple[int, str]:
    """Runs a command whose standard error is a terminal: its exit code, and what that showed."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "150"}
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=project.folder,
        env={name: one for name, one in environment.items() if name != "NO_COLOR"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as running:
        os.close(theirs)
        shown = b"".join(iter(lambda: read(ours), b""))
    os.close(ours)
    return running.returncode, shown.decode()


def read(terminal: int) -> bytes:
    """What is shown next; nothing at the end, which Linux tells as an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def states(shown: str, verb: str) -> list[str]:
    """How far a bar was each time that it was drawn, each only once in a row."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    found = re.findall(rf"{verb} \S+ +([0-9/,]+ [a-z]+s)", plain)
    return [one for number, one in enumerate(found) if found[number - 1 : number] != [one]]


def test_a_plan_and_an_apply_draw_bars_to_their_end_and_take_them_off(masked: Project) -> None:
    code, shown = on_a_terminal(masked, "plan")
    assert code == 0
    # Images and masks are hashed, then the pictures are looked at.
    assert [one for one in states(shown, "Reading") if one[0] != "0"][-1] == "6/6 files"
    code, shown = on_a_terminal(masked, "apply", "--yes")
    assert code == 0
    assert states(shown, "Applying")[0] == "0/3 datapoints"
    assert states(shown, "Applying")[-1] == "3/3 datapoints"
    before, after = SHOW_AND_HIDE
    assert shown.count(before) == shown.count(after) > 0
    assert shown.rindex(ERASED) > shown.rindex("3/3 datapoints")


@pytest.mark.parametrize("flag", ["-q", "--json"])
def test_there_is_no_bar_where_none_is_wanted(masked: Project, flag: str) -> None:
    code, shown = on_a_terminal(masked, "apply", "--yes", flag)
    assert (code, shown) == (0, "")


def test_without_a_terminal_a_line_tells_how_far_it_is(masked: Project) -> None:
    with mock.patch.object(progress, "LINE_SECONDS", 0.0):
        ran = masked.apply()
    lines = [one for one in ran.err.splitlines() if one.startswith("Applying: ")]
    assert lines[-1].startswith("Applying: 3 of 3 datapoints, ")
    assert "Reading: 6 of 6 files, " in ran.err
    assert "\x1b" not in ran.err


def test_what_is_done_within_ten_seconds_has_no_line(masked: Project) -> None:
    assert "Applying: " not in masked.apply().err


def test_lines_are_ten_seconds_apart(capsys: pytest.CaptureFixture[str]) -> None:
    time = [0.0]
    meter = progress.Meter(CommonOptions(), "Reading", "file", lambda: time[0])
    meter.begin(100, 1 << 20)
    for time[0] in (3.0, 9.9, 10.0, 19.9, 25.0):
        meter.advance(1, 1 << 10)
    meter.end()
    assert capsys.readouterr().err.splitlines() == [
        "Reading: 3 of 100 files, 3.0 KiB of 1.0 MiB",
        "Reading: 5 of 100 files, 5.0 KiB of 1.0 MiB",
    ]

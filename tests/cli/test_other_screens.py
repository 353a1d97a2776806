"""The other commands as terminals of 60 and 40 columns show them.

All of one width are one screen in `tests/golden/screens`; `UPDATE_GOLDEN=1` writes them anew. Look
at them then.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

import pytest

from rbsync.cli.main import main
from rbsync.cli.render.columns import columns_of
from rbsync.cli.render.screen import fitted
from tests.cli.test_screens import check, plain, terminal
from tests.scenarios.pictures import photo
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_refresh import create, delete, relabel

MOST = 16
COMMANDS = (
    ("status",),
    ("failures",),
    ("report",),
    ("log", "site-a/long/names of some scans/00.png"),
    ("explain", "site-a/long/names of some scans/00.png"),
    ("diff", "before"),
    ("drift",),
    ("adopt", "site-b/**"),
    ("ls", "-l"),
    ("plan", "--target", "no such name"),
)
VARYING = (
    (r"\d{4}-\d\d-\d\d", "2026-01-02"),
    (r"\b\d\d:\d\d(:\d\d)?", lambda found: "03:04:05"[: len(found[0])]),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "0" * 36),
    (r"\b[0-9a-f]{8,}\b", lambda found: "0" * len(found[0])),
)
"""What differs from run to run, each as long as it was: lines are broken by then."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An apply of which some failed, drift of every kind in many folders, and a lock of before."""
    made = Project(tmp_path_factory.mktemp("site"))
    made.manifest("datapoints:\n  - {glob: '**/*.png', labels: '{stem}.json?'}\n")
    for number in range(36):
        made.write(f"site-a/scan-{number % 9}/{number:02}.png", photo(number))
        made.write(f"site-b/scan-{number % 3}/{number:02}.png", photo(100 + number))
    made.write("site-a/long/names of some scans/00.png", photo(90))
    assert made.run("lock").code == 0
    (made.folder / "before").mkdir()
    (made.folder / "rbsync.lock").rename(made.folder / "before/rbsync.lock")
    assert made.apply("--target", "site-a/**").code == 0
    for number in range(3):
        made.write(f"site-a/scan-{number}/new.png", photo(200 + number))
    assert made.run("plan", "-o", "p.json", "--target", "site-a/**").code == 0
    for number in range(2):
        made.write(f"site-a/scan-{number}/new.png", photo(300 + number))
    assert made.apply("p.json").code == 3
    for number in range(36):
        create(made, f"site-b/scan-{number % 3}/{number:02}.png")
    delete(made, *(f"site-a/scan-{number % 9}/{number:02}.png" for number in range(30)))
    relabel(made, "site-a/long/names of some scans/00.png", BOX)
    return made.folder


@pytest.fixture
def site(built: Path, tmp_path: Path) -> Project:
    """A copy, for some commands change the state."""
    return Project(shutil.copytree(built, tmp_path / "site", symlinks=True, dirs_exist_ok=True))


def test_with_v_every_name_of_a_list_is_there(site: Project) -> None:
    lines = site.run("drift", "-v").err.splitlines()
    assert len([one for one in lines if one.startswith("  - site-a/")]) == 30
    assert len([one for one in lines if one.startswith("  ? site-b/")]) == 36


@pytest.mark.parametrize("columns", [60, 40])
def test_every_command_fits_a_narrow_screen(site: Project, columns: int) -> None:
    lines = []
    # Last of all, for it changes the state.
    for command in (*COMMANDS, *[("refresh",)] * (columns == 40)):
        with contextlib.chdir(site.folder), terminal(columns) as written:
            main(list(command))
        text = b"".join(written).decode()
        for pattern, words in VARYING:
            text = re.sub(pattern, words, text)
        own = [one for one in plain(text) if not one.startswith("Reading")]
        lines += [f"$ rbsync {' '.join(command)}", *own[:MOST], ""]
    check(f"commands-{columns}", lines)


def test_the_list_of_runs_fits_whoever_ran_them(site: Project) -> None:
    with contextlib.chdir(site.folder), terminal(40) as written:
        assert main(["log"]) == 0
    lines = plain(b"".join(written).decode())
    assert len(lines) > 2
    assert max(len(one) for one in lines if "@" not in one) <= 40


def test_a_line_is_wrapped_at_words_below_its_key_and_no_command_is_cut() -> None:
    line = "files     3 stored files are gone: `rbsync state rm NAME` sends them again"
    assert fitted(line, 40).split("\n") == [
        "files     3 stored files are gone:",
        "          `rbsync state rm NAME` sends",
        "          them again",
    ]
    assert fitted(line, 0) == line
    step = "Apply it with: rbsync -C a/long/folder apply --target 'x y'"
    assert fitted(step, 20) == "Apply it\n  " + step.removeprefix("Apply it ")
    wide = "  ~ " + "写真 " * 20
    assert max(map(columns_of, fitted(wide.rstrip(), 200).split("\n"))) <= 200

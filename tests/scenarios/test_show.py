"""`show`, `ls -l` and `completion`: looking at one datapoint, at all of them, and typing less."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rbsync.cli.name_completion import MOST, offered
from tests.masks.pictures import painted, png
from tests.scenarios.pictures import CLASSES, ONE, photo
from tests.scenarios.project import Project


@pytest.fixture
def masked(tmp_path: Path) -> Project:
    """An image with a mask, and one without labels."""
    made = Project(tmp_path)
    made.write("class_map.json", {name: list(colour) for name, colour in CLASSES.items()})
    made.write("images/x.png", photo(1))
    made.write("others/z z.png", photo(2))
    made.write("masks/x.png", png(painted(ONE, CLASSES)))
    made.manifest(
        "project: {type: IMAGE_SEGMENTATION, taxonomy: [car, bus]}\n"
        "datapoints:\n  - {glob: 'others/*.png'}\n"
        "masks:\n"
        '  - {glob: "masks/*.png", image: "images/{stem}.png", class_map: class_map.json}\n'
    )
    return made


def test_a_mask_is_counted_class_by_class(masked: Project) -> None:
    shown = masked.run("show", "x", "--json").json
    numbers = {name: int((at == ONE).sum()) for at, name in enumerate(CLASSES, 1)}
    assert shown["pixels"] == {name: number for name, number in numbers.items() if number}
    assert (shown["width"], shown["height"]) == (4, 3)


def test_it_is_the_same_at_the_project(masked: Project) -> None:
    masked.apply()
    declared = masked.run("show", "x", "--json").json
    (masked.folder / "images/x.png").unlink()
    there = masked.run("show", "--project", "x", "--json").json
    assert {**there, "items": declared["items"]} == declared


def test_it_is_drawn_where_somebody_asks_for_it_and_words_alone_go_into_a_pipe(
    masked: Project,
) -> None:
    assert "▀" in masked.run("show", "--as", "blocks", "x").out
    assert "\x1b" not in masked.run("show", "x").out


def test_a_name_that_is_mistyped_gets_the_nearest(masked: Project) -> None:
    ran = masked.run("show", "xx")
    assert ran.code == 1
    assert "did you mean `x`" in ran.err


def test_a_long_listing_has_sizes_times_and_categories(masked: Project) -> None:
    masked.apply()
    lines = masked.run("ls", "-l").out.splitlines()
    size = os.path.getsize(masked.folder / "images/x.png")
    assert lines[1].split()[:2] == [str(size), "B"]
    assert lines[1].endswith(")")
    tasks = masked.run("ls", "-l", "--json").json["tasks"]
    assert tasks[1]["bytes"] == size
    shown = masked.run("show", "x", "--json").json
    assert set(tasks[1]["categories"]) == set(shown["pixels"])
    assert tasks[1]["changed_at"].startswith("20")


def test_many_names_are_offered_folder_by_folder() -> None:
    names = [f"images/site-{n % 3}/scan-{n}.png" for n in range(1000)]
    assert offered(names, "") == ["images/site-0/", "images/site-1/", "images/site-2/"]
    assert len(offered(names, "images/site-1/scan-99")) <= MOST
    assert offered(["a\nb", "ab"], "a") == ["ab"]
    assert offered(names, "nothing") == []


def test_bash_completes_commands_and_names_as_it_needs_them_typed(masked: Project) -> None:
    script = """
        eval "$(rbsync completion bash)"
        compopt() { :; }
        complete_line() {
            COMP_LINE=$1 COMP_POINT=${#1}
            COMP_WORDS=($1); [[ $1 == *" " ]] && COMP_WORDS+=("")
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _rbsync_completion rbsync
            printf '%s\\n' "${COMPREPLY[@]}"
        }
        complete_line 'rbsync expl'; complete_line 'rbsync show others/z'
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=masked.folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.splitlines() == ["explain", r"others/z\ z.png"], ran.stderr

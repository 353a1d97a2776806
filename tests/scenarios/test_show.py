"""`show`, `ls -l` and `completion`: looking at one datapoint, at all of them, and typing less."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rbsync.cli.name_completion import MOST, offered
from tests.masks.pictures import painted, png
from tests.pictures.kinds import nifti
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


def test_a_scan_is_drawn_by_a_plane_and_counted_voxel_by_voxel(tmp_path: Path) -> None:
    segments = np.zeros((5, 4, 3), np.uint8)
    segments[1:3, 1:3, 1], segments[4, 0, 2] = 1, 2
    made = Project(tmp_path)
    made.write("scan.nii", nifti(np.arange(60, dtype=np.uint8).reshape(5, 4, 3), np.eye(4)))
    made.write("seg.nii", nifti(segments, np.eye(4)))
    made.manifest(
        "project: {type: DICOM_SEGMENTATION, taxonomy: [liver, tumour]}\ndatapoints:\n"
        "  - name: s\n    series:\n      - items: scan.nii\n        segmentations: seg.nii\n"
        "        segment_map: {1: liver, 2: tumour}\n"
    )
    for arguments in (["show", "s"], ["show", "--project", "s"]):
        lines = made.run(*arguments).out.splitlines()
        assert lines[0].startswith("s  axial 2 of 3")
        assert lines[1:] == ["  liver  4 voxels", "  tumour  1 voxel"]
        assert made.run(*arguments, "--json").json["voxels"] == {"liver": 4, "tumour": 1}
        assert made.apply().code == 0
    assert "▀" in made.run("show", "--as", "blocks", "s").out


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


def path_with_rbsync() -> str:
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


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
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=masked.folder,
        env={**os.environ, "PATH": path_with_rbsync()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.splitlines() == ["explain", r"others/z\ z.png"], ran.stderr


@pytest.mark.skipif(not shutil.which("fish"), reason="there is no fish here: apt-get install fish")
def test_fish_completes_commands_and_names(masked: Project) -> None:
    script = """
        rbsync completion fish | source
        complete -C 'rbsync expl'; complete -C 'rbsync show others/z'
    """
    ran = subprocess.run(
        ["fish", "--no-config", "-c", script],
        cwd=masked.folder,
        env={**os.environ, "PATH": path_with_rbsync(), "HOME": str(masked.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    words = [one.partition("\t")[0] for one in ran.stdout.splitlines()]
    assert words == ["explain", "others/z z.png"], ran.stderr


ZSH = r"""
PS1='READY> '
autoload -Uz compinit && compinit -D -u
eval "$(rbsync completion zsh)"
tell() { print -r -- "$BUFFER" >> told; BUFFER=; zle -I; print TOLD }
zle -N tell
bindkey '^X' tell
bindkey '^I' complete-word
"""


def until(terminal: int, wanted: bytes) -> None:
    """Reads what a terminal shows up to these bytes."""
    seen = b""
    while wanted not in seen:
        seen += os.read(terminal, 4096)


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh here: apt-get install zsh")
def test_zsh_completes_commands_and_names_as_it_needs_them_typed(masked: Project) -> None:
    """In a terminal, for it completes nowhere else; a widget of the test tells the line."""
    masked.write(".zshrc", ZSH)
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PATH": path_with_rbsync(), "ZDOTDIR": str(masked.folder)}
    shell = subprocess.Popen(
        ["zsh", "--no-globalrcs", "-i"],
        cwd=masked.folder,
        env={**environment, "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        # From then on it reads keys itself, and the terminal keeps none for it.
        until(ours, b"\x1b[?2004h")
        for begun in (b"rbsync expl", b"rbsync show others/z"):
            os.write(ours, begun + b"\t")
            until(ours, b"\x1b[1m \x1b[0m")
            os.write(ours, b"\x18")
            until(ours, b"TOLD")
    finally:
        shell.kill()
        shell.wait()
        os.close(ours)
    told = (masked.folder / "told").read_text().splitlines()
    assert [one.rstrip() for one in told] == ["rbsync explain", r"rbsync show others/z\ z.png"]

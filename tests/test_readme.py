"""Every command of the README is run, and prints what the README shows."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from rbsync.manifest.json_schema import manifest_schema
from tests.readme_reference import TITLES, written
from tests.scenarios.project import Project, ended

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
QUICKSTART = ROOT / "examples" / "quickstart"
# One that has not told its address yet ends with 130, and a busy machine takes long to load it.
UNTIL_TOLD = shlex.join([sys.executable, str(ROOT / "tests" / "until_told.py")])
# Nor has a watch taken the signals that end it before it answers.
UNTIL_FLUSHED = (
    "until rbsync watch --flush --timeout 60; do kill -0 %1 && sleep 0.2 || exit; done; "
    "kill %1; wait %1"
)

EXAMPLES = {
    "rbsync init": "rbsync init --force",
    "rbsync plan": "rbsync plan",
    "rbsync apply": "rbsync apply --yes",
    "rbsync apply --project": "rbsync apply --yes --project",
    "rbsync apply --keep-going": "rbsync apply --keep-going --yes",
    "rbsync plan -o p.json": "rbsync plan -o p.json",
    "rbsync apply p.json": "rbsync apply p.json",
    "rbsync plan -v": "rbsync plan -v",
    "rbsync plan --since REV": "git init -q . && git add -A && git -c user.name=n -c user.email=e"
    " commit -qm first && rbsync plan --since HEAD",
    "rbsync apply --expect DIGEST": "rbsync apply --yes --expect $(rbsync plan --json |"
    " python3 -c 'import json, sys; print(json.load(sys.stdin)[\"digest\"])')",
    "rbsync plan --untrusted": "rbsync plan --untrusted",
    "rbsync plan --markdown plan.md": "rbsync plan --markdown plan.md",
    "rbsync explain NAME": "rbsync explain images/coffee.jpg",
    "rbsync log": "rbsync log",
    "rbsync log NAME": "rbsync log images/coffee.jpg",
    "rbsync undo": "rbsync undo --yes --help",
    "rbsync undo RUN": "rbsync undo --yes RUN --help",
    "rbsync undo --since 2h": "rbsync undo --yes --since 2h --help",
    "rbsync undo --ours NAME": "rbsync undo --yes --ours NAME --help",
    "rbsync undo --theirs NAME": "rbsync undo --yes --theirs NAME --help",
    "rbsync apply --at REV": "git init -q . && git add -A && git -c user.name=n -c user.email=e"
    " commit -qm first && rbsync apply --at HEAD --yes",
    "rbsync apply --history DIR": "rbsync apply --yes --history kept",
    "rbsync apply --redo NAME": "rbsync apply --yes --redo images/coffee.jpg",
    "rbsync status": "rbsync status",
    "rbsync expand": "rbsync expand",
    "rbsync ls": "rbsync ls",
    "rbsync ls -l": "rbsync ls -l",
    "rbsync show NAME": "rbsync show images/coffee.jpg",
    "rbsync show --project NAME": "rbsync show --project images/coffee.jpg",
    "rbsync completion bash": "rbsync completion bash",
    "rbsync completion --help": "rbsync completion --help",
    "rbsync plan --html plan.html": "rbsync plan --html plan.html",
    "rbsync diff v1 --html diff.html": "rbsync lock && mkdir -p v1 && cp -r rbsync.lock v1 && "
    "rbsync diff v1 --html diff.html",
    "rbsync report": "rbsync report",
    "rbsync report --html report.html": "rbsync report --html report.html",
    "rbsync failures": "rbsync failures",
    "rbsync export bagit bag": "rbsync lock && rbsync export bagit bag",
    "rbsync export croissant croissant.json": "rbsync lock && rbsync export croissant"
    " croissant.json",
    "rbsync lock --attest lock.intoto.json": "rbsync lock --attest lock.intoto.json",
    "rbsync export masks DIR": "rbsync export masks exported",
    "rbsync export labels FILE": "rbsync export labels labels.json",
    "rbsync serve": "rbsync serve --help",
    "rbsync serve --storage UUID=s3://hospital-scans": f"{UNTIL_TOLD} rbsync"
    " serve --port 0 --path served --storage aaaaaaaa-0000-4000-8000-00000000000f=s3://hospital-scans",
    "rbsync browse": f"{UNTIL_TOLD} rbsync browse --port 0",
    "rbsync doctor": "rbsync doctor",
    "rbsync doctor --write": "rbsync doctor --write",
    "rbsync drift": "rbsync drift",
    "rbsync plan --offline": "rbsync plan --offline",
    "rbsync apply --ours NAME": "rbsync apply --yes --ours images/coffee.jpg",
    "rbsync apply --theirs NAME": "rbsync apply --yes --theirs images/coffee.jpg",
    "rbsync apply --on-move carry --ours NAME": "rbsync apply --yes --on-move carry"
    " --ours images/coffee.jpg",
    "rbsync state mv OLD NEW": "rbsync state mv images/coffee.jpg cup && rbsync state mv cup"
    " images/coffee.jpg",
    "rbsync pull": "rbsync pull",
    "rbsync lock": "rbsync lock",
    "rbsync lock --check": "rbsync lock && rbsync lock --check",
    "rbsync lock --install-merge-driver": "git init -q . && rbsync lock --install-merge-driver",
    "rbsync verify": "rbsync lock && rbsync verify",
    "rbsync verify --project": "rbsync lock && rbsync verify --project || test $? = 2",
    "rbsync diff v1 project": "rbsync lock && mkdir -p v1 && cp -r rbsync.lock v1 && rbsync diff v1"
    " project || test $? = 2",
    # What an earlier command of this list did at the project may differ from the lock.
    "rbsync release v1": "rbsync lock && rbsync apply --yes && rbsync release v1",
    "rbsync release": "rbsync release",
    "rbsync diff release:v1 lock": "rbsync diff release:v1 lock",
    "rbsync verify --deep": "rbsync lock && rbsync verify --deep",
    "rbsync plan --locked": "rbsync lock && rbsync plan --locked",
    "rbsync diff v1": "rbsync lock && mkdir -p v1 && cp -r rbsync.lock v1 && rbsync diff v1",
    "rbsync diff v1 v2": "rbsync lock && mkdir -p v1 v2 && cp -r rbsync.lock v1 && "
    "cp -r rbsync.lock v2 && rbsync diff v1 v2",
    "rbsync plan --refresh": "rbsync plan --refresh",
    "rbsync state rm": "rbsync state rm images/rocket.jpg && rbsync adopt images/rocket.jpg",
    "rbsync adopt": "rbsync adopt",
    "rbsync refresh": "rbsync refresh",
    "rbsync watch": f"rbsync watch & {UNTIL_FLUSHED}",
    "rbsync watch --once": "rbsync watch --once",
    "rbsync watch --flush --timeout 60": f"rbsync watch & {UNTIL_FLUSHED}",
    "rbsync watch --plan-only": f"rbsync watch --plan-only & {UNTIL_FLUSHED}",
    "rbsync retry": "rbsync retry --yes",
    "rbsync state list": "rbsync state list",
    "rbsync state migrate URL": "rbsync state migrate sqlite:moved.db"
    " && rbsync --state sqlite:moved.db state migrate sqlite:",
    "rbsync state force-unlock": "rbsync state force-unlock --yes",
    "rbsync state backup": "rbsync state backup copy.db",
    "rbsync state pull": "rbsync state pull > state.json",
    "rbsync state push": "rbsync state push state.json",
    "rbsync state collect": "rbsync state collect",
    "rbsync schema": "rbsync schema",
    "rbsync schema plan": "rbsync schema plan",
    "rbsync schema manifest > rbsync.schema.json": "rbsync schema manifest > rbsync.schema.json",
}
"""What each command that stands in the text is run as."""


def blocks(kind: str) -> list[str]:
    """The code blocks of one kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def quickstart(tmp_path: Path) -> Path:
    copy = tmp_path / "quickstart"
    shutil.copytree(QUICKSTART, copy, ignore=shutil.ignore_patterns(".rbsync"))
    return copy


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command with our `rbsync` first on the path, both streams as one."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def ran(command: str, folder: Path) -> tuple[int, str]:
    """The exit code and all that is printed; what needs a shell runs in one."""
    words = shlex.split(command)
    if words[0] != "rbsync" or set(command) & set("|&;<>$"):
        done = shell(command, folder)
        return done.returncode, done.stdout
    told = ended(Project(folder).start(*words[1:]))
    return told.code, told.out + told.err


def transcript(block: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with what it prints."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def without_time(shown: str) -> str:
    """What a command shows where it takes less than a second; on a busy machine it tells more."""
    return re.sub(r"^Took .*\n", "", shown, flags=re.MULTILINE)


def test_the_first_transcript_is_what_happens(quickstart: Path) -> None:
    for command, printed in transcript(blocks("console")[0]):
        shown = shell(command, quickstart).stdout
        assert without_time(shown) == printed, command


def test_the_transcript_of_mistakes_is_what_happens(quickstart: Path) -> None:
    manifest = quickstart / "rbsync.yaml"
    text = manifest.read_text().replace("    labels: ", "    lables: ")
    text = text.replace("videos/*/", "video/*/")
    manifest.write_text(text + "  - name: scan 7\n    items: [scans/7.nii.gz]\n")
    ((command, printed),) = transcript(blocks("console")[1])
    assert shell(command, quickstart).stdout == printed


def test_the_transcript_of_a_watch_is_what_happens(quickstart: Path) -> None:
    shown = next(one for one in blocks("console") if one.startswith("$ rbsync watch"))
    ((command, printed),) = transcript(shown)
    assert shell(command, quickstart).stdout == printed


def test_the_manifest_that_is_shown_is_that_of_the_quickstart(quickstart: Path) -> None:
    before = shell("rbsync expand --json", quickstart).stdout
    (quickstart / "rbsync.yaml").write_text(blocks("yaml")[0])
    after = shell("rbsync expand --json", quickstart).stdout
    names = re.compile(r'"name": "[^"]*", "items": \[[^\]]*\]')
    assert names.findall(after) == names.findall(before)
    assert len(names.findall(after)) == 9


def test_the_python_that_is_shown_runs(quickstart: Path) -> None:
    (code,) = blocks("python")
    (quickstart / "example.py").write_text(code)
    assert shell("python example.py", quickstart).stdout == "0 failed\n"


@pytest.mark.timeout(600)
def test_the_commands_in_the_text_all_run(quickstart: Path) -> None:
    found = set(re.findall(r"`(rbsync [a-z][^`]*)`", README))
    assert found == set(EXAMPLES)
    for command in EXAMPLES:
        code, told = ran(EXAMPLES[command], quickstart)
        assert code == 0, (command, told)
        if command == "rbsync init":  # what follows is about the quickstart
            shutil.copy(QUICKSTART / "rbsync.yaml", quickstart)


@pytest.mark.timeout(600)
def test_the_first_command_works_on_a_fresh_checkout(tmp_path: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, target)
    done = shell(blocks("sh")[0], tmp_path)
    assert done.returncode == 0, done.stdout
    shown = without_time(done.stdout)
    assert shown.endswith("Apply complete: 9 created, 0 updated, 0 deleted, 0 failed.\n")


def test_the_second_command_is_what_the_gate_runs() -> None:
    assert re.search(r"^python3 -m venv .*pytest$", blocks("sh")[1], re.MULTILINE)
    assert "README.md" in (ROOT / ".ci" / "run").read_text()


def test_the_reference_of_keys_is_that_of_the_models() -> None:
    assert written(README) == README, "write it anew: python -m tests.readme_reference"


def test_every_part_of_the_manifest_has_a_place_in_the_reference() -> None:
    assert {*manifest_schema()["$defs"], "MaskedSource"} == set(TITLES)


def test_the_picture_shows_what_the_transcript_shows() -> None:
    (matrix,) = ET.parse(QUICKSTART / "run.svg").iterfind(".//*[@class='run-matrix']")
    drawn = "".join(matrix.itertext()).replace("\N{NO-BREAK SPACE}", " ")
    shown = [line.removeprefix("$ ").strip() for line in blocks("console")[0].splitlines()]
    assert [line for line in shown if line not in drawn] == []


def test_every_picture_is_there_and_small() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^):]+)\)", README)
    assert len(pictures) >= 8
    for one in pictures:
        assert 0 < (ROOT / one).stat().st_size < 150_000, one

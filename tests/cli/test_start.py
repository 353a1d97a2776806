"""Starting: what `rbsync --version` loads, and how the command line answers to nonsense."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from rbsync.version import VERSION
from tests.scenarios.pictures import png
from tests.scenarios.project import Project

HEAVY = ["click", "numpy", "PIL", "requests", "pydantic", "yaml", "rich", "sqlite3", "watchdog"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rbsync", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_version_is_told_without_loading_what_it_does_not_need() -> None:
    script = (
        "import sys; from rbsync.__main__ import run; sys.argv[1:] = ['--version']; run();"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [f"rbsync {VERSION}", "[]"]


def test_a_plan_with_a_change_loads_nothing_that_reads_manifests(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.manifest('datapoints:\n  - glob: "*.png"\n    labels: "{stem}.json?"\n')
    for name in ("a.png", "b.png"):
        project.write(name, png(ord(name[0])))
    assert project.run("apply", "--yes").code == 0
    project.write("c.png", png(2))
    script = (
        "import sys, atexit; from rbsync.__main__ import run; sys.argv[1:] = ['plan'];"
        "heavy = ('pydantic', 'yaml', 'numpy', 'requests', 'rbsync.executors', 'distributed');"
        "atexit.register(lambda: print([one for one in heavy if one in sys.modules])); run()"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert "  + c.png" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_command_ends_without_looking_for_garbage() -> None:
    script = (
        "import atexit, gc, sys; from rbsync.__main__ import run; sys.argv[1:] = ['--help'];"
        "atexit.register(lambda: print(len(gc.get_objects()) < 1000)); run()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "True", "the collector would look through all of them"


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--version", "-v"], ["-C", ".", "--version"]]
)
def test_the_version_is_told_wherever_it_is_asked_for(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 0
    assert done.stdout.startswith(f"rbsync {VERSION}\n")


# Linux has one; a disk that is full would have to be mounted, by root.
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device here")
def test_a_version_that_cannot_be_written_is_an_error() -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "rbsync", "--version"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "No space left" in done.stderr


def test_an_unknown_command_is_a_usage_error_with_a_guess() -> None:
    done = run("plam")
    assert done.returncode == 64
    assert "Did you mean `plan`?" in done.stderr


@pytest.mark.parametrize(("group", "member"), [("export", "bagit"), ("state", "migrate")])
def test_an_unknown_name_in_a_group_is_a_usage_error_with_those_that_there_are(
    group: str, member: str
) -> None:
    done = run(group, "nope")
    assert done.returncode == 64
    known = done.stderr.split("No such command 'nope'. There are: ")[1].rstrip(".\n").split(", ")
    assert member in known
    for name in known:
        assert run(group, name, "--help").returncode == 0


@pytest.mark.parametrize("arguments", [["--json", "plam"], ["plan", "--jsno", "--json"]])
def test_a_usage_error_is_a_document_too(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 64
    document = json.loads(done.stdout)
    assert document["exit_code"] == 64
    (problem,) = document["problems"]
    assert problem["message"] in done.stderr


def test_an_unknown_option_is_a_usage_error() -> None:
    done = run("plan", "--outptu", "x")
    assert done.returncode == 64
    assert "--output" in done.stderr


def test_help_lists_every_command() -> None:
    from rbsync.cli.commands import COMMANDS

    done = run("--help")
    assert done.returncode == 0
    for name in COMMANDS:
        assert f"\n  {name} " in done.stdout


def test_every_command_has_help() -> None:
    from rbsync.cli.commands import COMMANDS
    from rbsync.cli.main import cli

    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        assert command.help, name

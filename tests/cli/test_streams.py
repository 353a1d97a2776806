"""Standard streams that are closed, full or not read are told, and no reason for a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rbsync.cli.options import CommonOptions
from rbsync.cli.output import complaint
from tests.hints.following import follows
from tests.scenarios.project import COMMAND, Project

FULL = "standard output cannot be written: No space left on device"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.manifest("datapoints:\n  - {name: one, storage: public, items: [http://x.test/1.png]}\n")
    return made


def run(project: Project, command: str) -> subprocess.CompletedProcess[str]:
    """Runs a line of the shell in which `rbsync` is this one."""
    line = f'rbsync() {{ "{sys.executable}" -m rbsync "$@"; }}; {command}'
    return subprocess.run(
        ["/bin/sh", "-c", line], cwd=project.folder, capture_output=True, text=True, check=False
    )


def unread(project: Project, *arguments: str) -> int:
    """The exit code of a command both of whose streams nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as stream:
        done = subprocess.run(
            [*COMMAND, *arguments], cwd=project.folder, stdout=stream, stderr=stream, check=False
        )
    return done.returncode


@pytest.mark.parametrize("command", ["expand", "plan", "plan --json", "apply --yes", "status -v"])
@follows("what was done is recorded; `rbsync status` shows it", elsewhere=True)
def test_a_full_standard_output_is_told(project: Project, command: str) -> None:
    done = run(project, f"rbsync {command} > /dev/full")
    assert done.returncode == 1
    assert f"error: {FULL}\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert "what was done is recorded; `rbsync status` shows it" in done.stderr
    assert project.run("status").code == 0


def test_with_json_the_error_has_nowhere_to_go_but_standard_error(project: Project) -> None:
    done = run(project, "rbsync --json validate > /dev/full")
    assert (done.returncode, done.stderr.count(FULL)) == (1, 1)
    assert "Exception" not in done.stderr


def test_a_full_standard_error_stops_nothing(project: Project) -> None:
    done = run(project, "rbsync apply --yes 2> /dev/full")
    assert done.returncode == 0
    assert "1 created" in done.stdout
    assert project.names() == ["one"]


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_program_may_be_started_without_a_stream(project: Project, closed: str) -> None:
    done = run(project, f"rbsync apply --yes {closed}")
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0)
    assert project.names() == ["one"]
    assert run(project, f"rbsync apply {closed}").returncode == 64


@pytest.mark.parametrize("json", ["", "--json-lines"])
def test_a_reader_that_leaves_stops_nothing(project: Project, json: str) -> None:
    """The reader is gone before the first line."""
    assert unread(project, "apply", "--yes", *json.split()) == 0
    assert project.names() == ["one"]


def test_a_failure_is_told_by_the_exit_code_although_nobody_reads(project: Project) -> None:
    (project.folder / "rbsync.yaml").write_text("version: 2\n")
    assert unread(project, "plan") == 65


def test_a_signal_may_speak_while_a_line_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the middle of a line ended the program with a traceback."""
    with (tmp_path / "said").open("w") as file:

        class Busy:
            encoding = "utf-8"

            def write(self, _: str) -> None:
                raise RuntimeError("reentrant call")

            def fileno(self) -> int:
                return file.fileno()

            def isatty(self) -> bool:
                return False

        monkeypatch.setattr("sys.stderr", Busy())
        complaint(CommonOptions(), "Stopping")
    assert (tmp_path / "said").read_text() == "Stopping\n"


def test_in_one_log_all_stands_in_the_order_in_which_it_was_said(project: Project) -> None:
    done = run(project, "unset PYTHONUNBUFFERED; rbsync plan 2>&1 | cat")
    assert done.stdout.splitlines() == [
        "  + one  (1 item)",
        "Plan: 1 to create, 0 to update, 0 to delete, 0 blocked, 0 unchanged. 0 B to upload.",
        "Apply it with: rbsync apply",
    ]

"""Commands with a state in PostgreSQL: one for all clones, named by those who run rbsync."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbsync.errors import ExitCode
from tests.postgres_server import PASSWORD, Server
from tests.scenarios.pictures import png
from tests.scenarios.project import Project, Ran
from tests.victims import victims

MANIFEST = 'version: 1\n{first}datapoints:\n  - {{glob: "{who}/*.png", name: "{{stem}}"}}\n'


class Clone(Project):
    """What one of the team has: files and a manifest of their own, for the project of all."""

    def __init__(self, folder: Path, who: str, *names: str, first: str = "") -> None:
        super().__init__(folder)
        self._manifest = f"{who}.yaml"
        self.write(self._manifest, MANIFEST.format(who=who, first=first))
        for number, name in enumerate(names):
            self.write(f"{who}/{name}.png", png(number))

    def run(self, *arguments: str, **environment: str) -> Ran:
        return super().run(*arguments, "-f", self._manifest, **environment)


@pytest.fixture
def url(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    found = postgres.url(postgres.database())
    monkeypatch.setenv("RBSYNC_STATE_URL", found)
    return found


def test_what_one_clone_applied_another_knows(url: str, tmp_path: Path) -> None:
    ann, ben = Clone(tmp_path, "ann", "a", "b"), Clone(tmp_path, "ben", "a", "b", "c")
    assert ann.apply().code == 0
    assert ben.actions() == ["create c"]
    assert ben.apply().code == 0
    assert ann.actions() == []
    assert ann.run("status").code == 0
    assert not list(tmp_path.rglob("state.db"))
    assert ben.run("state", "list").out.count("(applied)") == 3


def test_what_was_deleted_in_the_tables_is_found_by_refresh_and_what_was_changed_is_refused(
    postgres: Server, url: str, tmp_path: Path
) -> None:
    ann = Clone(tmp_path, "ann", "a", "b")
    assert ann.apply().code == 0
    database = url.removeprefix("postgresql:///").partition("?")[0]
    with postgres.asked_as("team", database) as session:
        session.execute("DELETE FROM rbsync.record WHERE name = 'a'")
        assert ann.run("refresh").out.startswith("State refreshed: 1 added, 0 corrected")
        assert ann.actions() == []
        session.execute("UPDATE rbsync.record SET task_id = 'x' WHERE name = 'b'")
    ann.write("ann/b.png", png(9))
    ran = ann.run("apply", "--yes")
    assert ran.code == ExitCode.STATE
    assert "the record of 'b' is not what was written" in ran.err


def test_edits_by_hand_leave_a_copy_as_a_file(url: str, tmp_path: Path) -> None:
    ann = Clone(tmp_path, "ann", "a", "b")
    assert ann.apply().code == 0
    before = ann.run("state", "pull").out
    assert ann.run("state", "rm", "a").code == 0
    (copy,) = (ann.folder / ".rbsync/backups").iterdir()
    assert ann.run("--state", f"sqlite:{copy}", "state", "pull").out == before
    assert [one["name"] for one in ann.run("state", "pull").json["records"]] == ["b"]


def test_the_lock_of_a_run_that_stands_still_is_taken_by_force_unlock(
    url: str, tmp_path: Path
) -> None:
    ben = Clone(tmp_path, "ben", "b")
    assert ben.apply().code == 0
    assert ben.run("state", "force-unlock").out == "Nobody holds the lock.\n"
    with victims("tests.stores.victim") as start:
        ben.write("ben/c.png", png(9))
        holder = start("hold", url)
        assert holder.heard() == "held\n"
        holder.send_signal(signal.SIGSTOP)
        ran = ben.run("apply", "--yes", "--lock-timeout", "0")
        assert ran.code == ExitCode.LOCKED
        assert f"Another run holds the state: ann@lab-3, pid {holder.pid}" in ran.err
        assert "pass --yes to take it" in ben.run("state", "force-unlock").err
        ran = ben.run("state", "force-unlock", "--yes", "--json")
        assert ran.json["taken_from"] == f"ann@lab-3, pid {holder.pid}"
        assert ben.apply().code == 0
        holder.send_signal(signal.SIGCONT)
        assert holder.asked("late").startswith("StoreError: Another run has taken over")


# Who names the state


def test_a_configuration_names_the_state_of_a_user(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RBSYNC_STATE_URL")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    file = tmp_path / "config/rbsync/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(f'state = "{url}"\n')
    ann = Clone(tmp_path, "ann", "a", first="state: required\n")
    assert ann.apply().code == 0
    assert not (ann.folder / ".rbsync/state.db").exists()
    assert [one["name"] for one in ann.run("state", "pull").json["records"]] == ["a"]
    own = ann.run("--state", "sqlite:own.db", "plan", "--json").json
    assert own["summary"]["create"] == 0, "the project is read once, and has it"


def test_a_manifest_that_requires_a_state_starts_none_of_its_own(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RBSYNC_STATE_URL")
    ann = Clone(tmp_path, "ann", "a", first="state: required\n")
    in_memory = ["--state", "memory:x", "plan"]
    for command in (["plan"], ["apply", "--yes"], ["state", "list"], in_memory):
        ran = ann.run(*command)
        assert ran.code == ExitCode.INVALID
        assert "ann.yaml:2:8: `state: required`: no state is named" in ran.err
        assert "RBSYNC_STATE_URL" in ran.err
    assert ann.run("validate").code == 0
    assert ann.run("expand").code == 0
    assert not (ann.folder / ".rbsync/state.db").exists()
    assert ann.run("--state", url, "apply", "--yes").code == 0


@pytest.mark.parametrize("value", ["postgresql://evil.example.org/x", "sqlite:/tmp/x", "{url: x}"])
def test_a_manifest_never_names_a_state(tmp_path: Path, value: str) -> None:
    ann = Clone(tmp_path, "ann", "a", first=f'state: "{value}"\n')
    ran = ann.run("plan")
    assert ran.code == ExitCode.INVALID
    assert "ann.yaml:2:8" in ran.err


def test_an_untrusted_manifest_reaches_no_server(tmp_path: Path) -> None:
    ann = Clone(tmp_path, "ann", "a", first="state: required\n")
    nowhere = f"postgresql:///x?host={tmp_path}&user=x"
    ran = ann.run("--untrusted", "--state", nowhere, "plan")
    assert "cannot be used" not in ran.err
    assert "1 to create" in ran.out + ran.err


# Passwords


@pytest.fixture
def guarded(postgres: Server, url: str) -> Iterator[str]:
    """The state of ``url``, in a database that asks for a password."""
    (database,) = re.findall(r"///(\w+)", url)
    with postgres.guarded(database):
        yield url


def everything_in(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for file in folder.rglob("*"):
        if file.is_file():
            yield file, file.read_bytes()


def test_no_password_is_in_anything_that_is_written_or_shown(
    guarded: str, tmp_path: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    ann = Clone(tmp_path, "ann", "a")
    shown = []
    for command in (
        ["-vv", "plan", "-o", "p.json", "--html", "p.html", "--markdown", "p.md"],
        ["-vv", "apply", "p.json"],
        ["apply", "--yes", "--json"],
        ["status"],
        ["state", "pull"],
        ["state", "backup", "copy.db"],
        ["doctor", "--report", "doctor.txt"],
        ["log"],
        ["report", "--html", "report.html"],
    ):
        ran = ann.run(*command)
        shown.append(ran.out + ran.err)
    monkeypatch.setenv("PGPASSWORD", PASSWORD + "-wrong")
    shown += [(ran := ann.run("-vv", "plan")).out + ran.err]
    assert ran.code == ExitCode.ERROR
    assert "password authentication failed" in ran.err
    assert not [text for text in shown if PASSWORD in text]
    assert not [file for file, data in everything_in(tmp_path) if PASSWORD.encode() in data]
    with postgres.asked_as("postgres", "postgres") as session:
        listed = session.execute("SELECT query, application_name FROM pg_stat_activity").fetchall()
    assert PASSWORD not in json.dumps(listed)


def test_a_password_in_the_command_is_refused_and_not_repeated(url: str, tmp_path: Path) -> None:
    ann = Clone(tmp_path, "ann", "a")
    with_it = url.replace("user=team", f"user=team&password={PASSWORD}")
    ran = ann.run("--state", with_it, "plan")
    assert ran.code == ExitCode.USAGE
    assert "has a password in it" in ran.err
    assert PASSWORD not in ran.out + ran.err


def test_a_plan_without_such_a_state_loads_nothing_of_it(tmp_path: Path) -> None:
    ann = Clone(tmp_path, "ann", "a")
    command = [sys.executable, "-X", "importtime", "-m", "rbsync", "plan", "-f", "ann.yaml"]
    ran = subprocess.run(command, cwd=ann.folder, capture_output=True, text=True, check=True)
    assert "rbsync.stores.sqlite" in ran.stderr
    assert "psycopg" not in ran.stderr
    assert "rbsync.stores.postgresql" not in ran.stderr

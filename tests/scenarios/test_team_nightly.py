"""The nightly job of `examples/team`, as its compose file starts it, against a real server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.postgres_server import PASSWORD, Server
from tests.scenarios.project import Project

EXAMPLE = Path(__file__).parents[2] / "examples/team"
COMPOSE: dict[str, Any] = yaml.safe_load((EXAMPLE / "compose.yaml").read_text("utf-8"))


@pytest.fixture
def environment(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The job's own, but for where the server and its password are on this machine."""
    given: dict[str, str] = COMPOSE["services"]["nightly"]["environment"]
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"*:5432:*:{given['PGUSER']}:{PASSWORD}\n")
    passwords.chmod(0o600)
    here = {
        "PGHOST": str(postgres.folder),
        "PGDATABASE": postgres.database(),
        "PGPASSFILE": str(passwords),
    }
    assert here.keys() < given.keys()
    for name, value in {**given, **here}.items():
        monkeypatch.setenv(name, value)
    return dict(os.environ)


def run_job(folder: Path, environment: dict[str, str]) -> str:
    """Runs the job's command in the folder of the data."""
    program, script = COMPOSE["services"]["nightly"]["command"]
    assert f"COPY nightly.sh {script}\n" in (EXAMPLE / "Dockerfile").read_text()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        [program, str(EXAMPLE / Path(script).name)],
        cwd=folder,
        env={**environment, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def test_a_night_applies_what_is_new_and_the_next_one_nothing(
    postgres: Server, environment: dict[str, str], tmp_path: Path
) -> None:
    shutil.copytree(EXAMPLE / "data", data := tmp_path / "data")
    with postgres.guarded(environment["PGDATABASE"]):
        assert "3 created" in run_job(data, environment)
        assert "No changes." in run_job(data, environment)
        # Whoever works with the same data elsewhere has nothing to do either.
        assert Project(data).actions() == []
    assert not (data / ".rbsync/state.db").exists()
    assert len(list((data / ".rbsync/backups").glob("state-*.db"))) == 2


def test_the_compose_file_keeps_the_password_out_of_itself() -> None:
    db = COMPOSE["services"]["db"]["environment"]
    assert db["POSTGRES_PASSWORD_FILE"] == "/run/secrets/password"
    assert db["POSTGRES_USER"] == COMPOSE["services"]["nightly"]["environment"]["PGUSER"]
    assert db["POSTGRES_DB"] == COMPOSE["services"]["nightly"]["environment"]["PGDATABASE"]
    assert "UTF8" in db["POSTGRES_INITDB_ARGS"]
    assert "PASSWORD:" not in (EXAMPLE / "compose.yaml").read_text().replace("PASSWORD. ", "")

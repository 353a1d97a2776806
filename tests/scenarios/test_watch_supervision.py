"""A watch as a service: what it tells systemd and health checks, and how it ends."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.scenarios.offline_service import RemoteProject, served
from tests.scenarios.pictures import png
from tests.scenarios.project import COMMAND, Project
from tests.scenarios.watching import FULL, MANIFEST, NOT_ANOTHER, Running, can_run_as, watching
from tests.service.serving import KEY

EXAMPLES = Path(__file__).parents[2] / "examples/watch"
UNIT = EXAMPLES / "rbsync-watch.service"
NOBODY = 65534
SETTLED = ("--settle", "0.1")
pytestmark = pytest.mark.timeout(0 if FULL else 120)


class Systemd:
    """The socket at which systemd hears of its services."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.settimeout(30)
        os.chmod(self.address, 0o777)

    def heard(self) -> str:
        return self._socket.recv(100).decode()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may enter."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def unit() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # the documented way
    parser.read(UNIT)
    return parser["Service"]


def with_capabilities(service: configparser.SectionProxy) -> list[str]:
    """The command that gives a process what the unit gives it: another user, one capability."""
    wanted = service["AmbientCapabilities"].removeprefix("CAP_").lower()
    capabilities = [f"--{kind}-caps=+{wanted}" for kind in ("inh", "ambient")]
    user = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return ["setpriv", *user, *capabilities, f"--bounding-set=-all,+{wanted}"]


def test_the_unit_runs_and_tells_systemd_of_its_life(open_folder: Path) -> None:
    service = unit()
    if not can_run_as(with_capabilities(service)):
        pytest.skip(NOT_ANOTHER)
    assert service["Type"] == "notify"
    program, *arguments = shlex.split(service["ExecStart"])
    assert program.endswith("/rbsync")
    project = Project(open_folder / "data")
    project.manifest(MANIFEST)
    project.write("images/of-root.png", png(1))
    os.chown(project.folder, NOBODY, NOBODY)
    systemd = Systemd(open_folder)
    homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), str(project.folder))
    command = [*with_capabilities(service), *COMMAND, *arguments, *SETTLED]
    supervised = {"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "400000"}
    with subprocess.Popen(
        command,
        cwd=project.folder,
        env={**os.environ, **homes, **supervised},
        stdout=subprocess.PIPE,
    ) as running:
        said: list[str] = []
        while "READY=1" not in said or said.count("WATCHDOG=1") < 3:
            said.append(systemd.heard())
        assert running.stdout
        out = b""
        while b"images/of-root.png" not in out:
            assert running.poll() is None
            out += running.stdout.readline()
        running.terminate()
        out += running.stdout.read()
        while said[-1] != "STOPPING=1":
            said.append(systemd.heard())
        assert running.wait() == 0
    systemd.close()
    # The capability that the unit has lets it see writers of the files of others.
    assert b"unproven" not in out


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_finds_no_fault_with_the_unit(tmp_path: Path) -> None:
    text = UNIT.read_text()
    known = text.replace("/usr/local/bin/rbsync", "/bin/true").replace("User=rbsync", "User=root")
    (tmp_path / UNIT.name).write_text(known)
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / UNIT.name)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert [line for line in done.stderr.splitlines() if UNIT.name in line] == []


def test_the_container_runs_and_its_health_check_believes_it(tmp_path: Path) -> None:
    text = (EXAMPLES / "Dockerfile").read_text().replace("/tmp/health.json", f"{tmp_path}/health")
    command = json.loads(re.findall(r"^CMD (.*)$", text, re.M)[-1])
    check = re.findall(r"HEALTHCHECK .*?CMD (.*?)$", text, re.M | re.S)[0].splitlines()[0]
    assert command[0] == "rbsync"
    project = Project(tmp_path / "data")
    project.manifest(MANIFEST)
    project.write("images/1.png", png(1))
    healthy = ["sh", "-c", check.replace("python", sys.executable, 1)]
    assert subprocess.run(healthy, capture_output=True).returncode != 0
    with watching(project, *SETTLED, *command[2:]) as running:
        assert running.flush() == 0
        assert subprocess.run(healthy).returncode == 0
        health = json.loads((tmp_path / "health").read_text())
        assert (health["pid"], health["done"]) == (running.process.pid, 1)
    health["time"] -= 100
    (tmp_path / "health").write_text(json.dumps(health))
    assert subprocess.run(healthy, capture_output=True).returncode != 0


def test_the_compose_file_gives_the_container_leases_and_time_to_end() -> None:
    service = yaml.safe_load((EXAMPLES / "compose.yaml").read_text())["services"]["watch"]
    assert "LEASE" in service["cap_add"]
    assert service["stop_grace_period"] == "60s"


def sending(running: Running, folder: Path) -> None:
    running.until(lambda: running.events("outcome"))


def waiting(running: Running, folder: Path) -> None:
    (folder / "images/cut.png").write_bytes(png(9)[:30])
    running.until(lambda: running.events("blocked"))


def resting(running: Running, folder: Path) -> None:
    running.until(lambda: len(running.counted()) == 30)


def refused(running: Running, folder: Path) -> None:
    running.until(lambda: "auth" in running.messages())


STATES: list[Callable[[Running, Path], None]] = [sending, waiting, resting, refused]


@pytest.mark.parametrize("state", STATES if FULL else STATES[:1])
def test_sigterm_ends_it_in_every_state_and_loses_nothing(
    tmp_path: Path, state: Callable[[Running, Path], None]
) -> None:
    faults = [{"kind": "PUT", "do": "delay", "seconds": 0.05}]
    with served(tmp_path / "service", faults=faults) as service:
        project = RemoteProject(tmp_path / "data", service.url)
        project.manifest('datapoints: [{glob: "images/**/*.png", allow_empty: true}]\n')
        (project.folder / "images").mkdir()
        key = "wrong" if state is refused else KEY
        with watching(project, *SETTLED, RBSYNC_API_KEY=key) as running:
            for number in range(30):
                project.write(f"images/{number}.png", png(number))
            state(running, project.folder)
            begun = time.monotonic()
            assert running.end() == 0
            assert time.monotonic() - begun < 20
            assert running.events("document")[0]["exit_code"] == 0
        (project.folder / "images/cut.png").unlink(missing_ok=True)
        assert project.apply().code == 0
        assert sorted(project.names()) == sorted(f"images/{number}.png" for number in range(30))
        # What was applied before the end is recorded: nothing is created again.
        names = [name for _, name in running.counted()]
        assert len(names) == len(set(names))

"""A real Dask scheduler with workers on this machine, each a process that can be killed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.keeper import kept

SECONDS = 100
_ROOT = Path(__file__).parents[1]
EXAMPLE = _ROOT / "examples/cluster"


class Cluster:
    """A scheduler in a folder of its own, and its workers of one thread each."""

    def __init__(self, folder: Path, *, encrypted: bool = False) -> None:
        """With the settings that users are told to have, and certificates of its own."""
        self.folder, self.protocol = folder, "tls" if encrypted else "tcp"
        self.settings = folder / "settings"
        self.settings.mkdir()
        shutil.copy(EXAMPLE / "dask.yaml", self.settings)
        if encrypted:
            self._encrypt(folder / "tls")
        self.workers: list[subprocess.Popen[bytes]] = []
        self.address = ""
        # It chooses its port itself: what was free a moment ago may be another's by now.
        self.scheduler = self._start(
            "scheduler", "--protocol", self.protocol, "--host", "127.0.0.1",
            "--port", "0", "--no-dashboard", "--scheduler-file", "scheduler.json",
        )  # fmt: skip
        self._until(self._is_told)

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @property
    def executor(self) -> str:
        """As `--executor` takes it."""
        return f"dask:{self.address}"

    def add(
        self,
        number: int = 1,
        *,
        before: Sequence[str] = (),
        more: Sequence[str] = (),
        path: Path = _ROOT,
    ) -> list[subprocess.Popen[bytes]]:
        """Starts workers, and waits until the scheduler knows them.

        ``before`` is a command that starts them, ``more`` are options of theirs, and from ``path``
        their rbsync is imported.
        """
        known = self.known()
        started = [
            self._start(
                "worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
                "--host", "127.0.0.1", "--death-timeout", "30", *more, before=before, path=path,
            )
            for _ in range(number)
        ]  # fmt: skip
        self.workers += started
        # One that was killed may be known for a moment yet.
        self._until(lambda: len(self.known() - known) >= number)
        return started

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """Ends a worker without a word."""
        worker.kill()
        worker.wait()
        self.workers.remove(worker)

    def known(self) -> set[str]:
        """The addresses of the workers that the scheduler knows."""
        from distributed import Client, Security

        tls = self.folder / "tls"
        own = {"tls_client_cert": f"{tls}/cert.pem", "tls_client_key": f"{tls}/key.pem"}
        security = Security(tls_ca_file=f"{tls}/authority.pem", **own) if tls.exists() else None
        with Client(
            self.address, security=security, set_as_default=False, timeout=SECONDS
        ) as client:
            return set(client.nthreads())

    def _encrypt(self, folder: Path) -> None:
        subprocess.run([EXAMPLE / "certificates.sh", folder], check=True)
        text = (EXAMPLE / "tls.yaml").read_text()
        (self.settings / "tls.yaml").write_text(text.replace("/etc/dask/tls", str(folder)))

    def processor_seconds(self) -> tuple[float, float]:
        """The time that the scheduler, and its workers, have taken of processors."""
        return _seconds(self.scheduler.pid), sum(_seconds(one.pid) for one in self.workers)

    def _start(
        self, what: str, *arguments: str, before: Sequence[str] = (), path: Path = _ROOT
    ) -> subprocess.Popen[bytes]:
        # Not all of the memory: more than a part of it would be told of, and it is the tests' own.
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [*before, sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments],
                cwd=self.folder,
                env={**os.environ, "DASK_CONFIG": str(self.settings), "PYTHONPATH": str(path)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _is_told(self) -> bool:
        """Reads where the scheduler is, once it has written all of that."""
        with suppress(FileNotFoundError, json.JSONDecodeError):
            self.address = json.loads((self.folder / "scheduler.json").read_text())["address"]
        return bool(self.address)

    def _until(self, holds: object) -> None:
        assert callable(holds)
        end = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.1)


@contextmanager
def cluster(workers: int = 2, *, encrypted: bool = False) -> Iterator[Cluster]:
    """A cluster that ends with whoever asked for it."""
    folder = Path(tempfile.mkdtemp(prefix="rbdask"))
    with kept(folder):
        made = Cluster(folder, encrypted=encrypted)
        try:
            if workers:
                made.add(workers)
            yield made
        finally:
            for one in (*made.workers, made.scheduler):
                one.kill()
                one.wait()


def another_rbsync(folder: Path, *, version: str = "", lacks: str = "") -> Path:
    """A copy of rbsync of another version, or without one of its rooms; where it is imported."""
    shutil.copytree(_ROOT / "rbsync", folder / "rbsync")
    if version:
        (folder / "rbsync/version.py").write_text(f'VERSION = "{version}"\n')
    if lacks:
        # Not removed: what is installed here for development would be found in its place.
        (folder / "rbsync" / lacks / "__init__.py").write_text("raise ModuleNotFoundError\n")
    return folder


def _seconds(pid: int) -> float:
    # The name in brackets may have blanks: what follows it is counted from its end.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

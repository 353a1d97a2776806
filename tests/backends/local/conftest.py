"""A local project in an empty folder, files to upload, disks and processes to be rough with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rbsync.backends.base import Created
from rbsync.backends.local import LocalBackend
from rbsync.files.body import FileBody
from tests.conformance.backends import draft

ROOT = Path(__file__).parents[3]

Start = Callable[..., "subprocess.Popen[str]"]
Put = Callable[[LocalBackend, bytes], str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "some where" / "project"


@pytest.fixture
def backend(folder: Path) -> Iterator[LocalBackend]:
    made = LocalBackend(folder)
    yield made
    made.close()


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Uploads bytes from a file and creates a datapoint that is named by their ref."""

    def run(backend: LocalBackend, data: bytes) -> str:
        source = tmp_path / "source"
        source.write_bytes(data)
        with FileBody(os.open(source, os.O_RDONLY), "source", "xxh3") as body:
            ref = backend.upload(body, storage="redbrick")
        (answer,) = backend.create([draft(ref, items=[("source", ref)], storage="redbrick")])
        assert isinstance(answer, Created)
        return ref

    return run


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts ``victim.py`` with arguments; what is still alive at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.backends.local.victim", *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.name != "posix" or os.geteuid() or subprocess.run(command, check=False).returncode:
        pytest.skip("only root may make a small disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)

"""A local project in an empty folder, files to upload, disks and processes to be rough with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rbsync.backends.base import Created
from rbsync.backends.local import LocalBackend
from rbsync.files.body import FileBody
from tests.conformance.backends import draft
from tests.disks import disk_of
from tests.victims import Start, victims

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
    with victims("tests.backends.local.victim") as begin:
        yield begin


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    with disk_of(tmp_path / "disk", mebibytes=1) as disk:
        yield disk

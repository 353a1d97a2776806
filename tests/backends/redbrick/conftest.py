"""A scripted service on loopback, and a backend that speaks to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.files.body import FileBody
from tests.backends.redbrick.samples import PNG
from tests.backends.redbrick.wire import KEY, ORG, PROJECT, Wire
from tests.proxies import forget_proxies


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_proxies(monkeypatch)


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()


@pytest.fixture
def backend(wire: Wire) -> Iterator[RedbrickBackend]:
    made = RedbrickBackend(wire.url, ORG, PROJECT, KEY, quarantine=0, seconds=2)
    yield made
    made.close()


@pytest.fixture
def body(tmp_path: Path) -> Iterator[Callable[..., FileBody]]:
    """Makes an open file of some bytes."""
    made: list[FileBody] = []

    def run(data: bytes = PNG + b"picture", name: str = "one.png") -> FileBody:
        path = tmp_path / f"{len(made)}-{name}"
        path.write_bytes(data)
        made.append(FileBody(os.open(path, os.O_RDONLY), name, "xxh3"))
        return made[-1]

    yield run
    for one in made:
        one.close()

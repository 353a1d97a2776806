"""rbsync's own client against the service: together they are a backend like any other."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rbsync.backends.redbrick.backend import RedbrickBackend
from tests.conformance.backends import BackendTests
from tests.service.serving import KEY, ORG, PROJECT, Client, serving, taxonomy


class TestRedbrickBackendAgainstTheService(BackendTests):
    @pytest.fixture(autouse=True)
    def _services(self) -> Iterator[None]:
        self.services: dict[Path, Client] = {}
        with contextlib.ExitStack() as self.stack:
            yield

    def make(
        self, folder: Path, *, kind: str = "", categories: Sequence[str] = ()
    ) -> RedbrickBackend:
        if folder not in self.services:
            known = taxonomy(*categories) if categories else None
            started = serving(folder, type=kind, taxonomy=known)
            self.services[folder] = self.stack.enter_context(started)
        url = self.services[folder].url
        return RedbrickBackend(url, ORG, PROJECT, KEY, quarantine=0.0, batch=50)

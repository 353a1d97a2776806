"""The backend of the real service holds to what every backend must, against the offline one."""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest

from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.labels import read_taxonomy
from tests.conformance.backends import BackendTests

pytest.importorskip("starlette", reason="the offline service is not installed")
pytest.importorskip("graphql", reason="the offline service is not installed")

from rbsync.service.app import make_app
from rbsync.service.faults.player import Player
from rbsync.service.running import listen, make_server
from rbsync.service.service import open_service
from rbsync.service.settings import ServiceSettings

KEY = "k" * 43
ORG = "aaaaaaaa-0000-4000-8000-000000000001"


class Served:
    """The offline service for the project in a folder, on a port of its own."""

    def __init__(self, folder: Path, kind: str, categories: Sequence[str]) -> None:
        self.project_id = str(uuid5(NAMESPACE_URL, str(folder)))
        settings = ServiceSettings(
            str(folder),
            KEY,
            ORG,
            self.project_id,
            kind,
            read_taxonomy(list(categories)) if categories else None,
        )
        self._service = open_service(settings)
        self._sockets = listen("127.0.0.1", 0)
        self.url = f"http://localhost:{self._sockets[0].getsockname()[1]}"
        self._server = make_server(make_app(self._service, Player()))
        self._thread = threading.Thread(target=self._server.run, args=(self._sockets,))
        self._thread.start()
        while not self._server.started:
            time.sleep(0.001)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._service.close()


class TestRedbrickBackend(BackendTests):
    @pytest.fixture(autouse=True)
    def served(self) -> Iterator[dict[Path, Served]]:
        self._running: dict[Path, Served] = {}
        yield self._running
        for one in self._running.values():
            one.stop()

    def make(
        self, folder: Path, *, kind: str = "", categories: Sequence[str] = ()
    ) -> RedbrickBackend:
        if folder not in self._running:
            self._running[folder] = Served(folder, kind or "DICOM_SEGMENTATION", categories)
        served = self._running[folder]
        return RedbrickBackend(served.url, ORG, served.project_id, KEY, quarantine=0, batch=50)

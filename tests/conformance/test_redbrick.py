"""The backend of the real service holds to what every backend must, against the offline one."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest

from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.labels.taxonomy_json import read_taxonomy
from tests.conformance.backends import BackendTests
from tests.service.serving import KEY, ORG, serving


class TestRedbrickBackend(BackendTests):
    @pytest.fixture(autouse=True)
    def served(self) -> Iterator[None]:
        """Addresses of services by the folder of their project."""
        self._urls: dict[Path, str] = {}
        with ExitStack() as self._running:
            yield

    def make(
        self, folder: Path, *, kind: str = "", categories: Sequence[str] = ()
    ) -> RedbrickBackend:
        project_id = str(uuid5(NAMESPACE_URL, str(folder)))
        if folder not in self._urls:
            service = serving(
                folder,
                project_id=project_id,
                type=kind or "DICOM_SEGMENTATION",
                taxonomy=read_taxonomy(list(categories)) if categories else None,
            )
            self._urls[folder] = self._running.enter_context(service).url
        return RedbrickBackend(self._urls[folder], ORG, project_id, KEY, quarantine=0, batch=50)

"""The backends that there are hold to what every backend must."""

from collections.abc import Sequence
from pathlib import Path

from rbsync.backends.local import LocalBackend
from rbsync.labels.taxonomy_json import read_taxonomy
from tests.conformance.backends import BackendTests


class TestLocalBackend(BackendTests):
    def make(self, folder: Path, *, kind: str = "", categories: Sequence[str] = ()) -> LocalBackend:
        taxonomy = read_taxonomy(list(categories)) if categories else None
        return LocalBackend(folder, type=kind, taxonomy=taxonomy)

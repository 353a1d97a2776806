"""A full disk is told, leaves nothing half-done, and is over when there is room again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rbsync.backends.base import Created, LabelText
from rbsync.backends.local import LocalBackend
from rbsync.errors import BackendError
from rbsync.files.body import FileBody
from tests.backends.local.conftest import Put
from tests.conformance.backends import draft

HINT = "free some space on the disk of the project, then run again"


def stored(folder: Path) -> list[Path]:
    return [one for one in (folder / "blobs").rglob("*") if one.is_file()]


def test_a_file_that_does_not_fit_leaves_nothing(small_disk: Path, tmp_path: Path) -> None:
    folder = small_disk / "project"
    big = tmp_path / "big"
    big.write_bytes(os.urandom(2 << 20))
    backend = LocalBackend(folder)
    with FileBody(os.open(big, os.O_RDONLY), "big", "xxh3") as body:
        with pytest.raises(BackendError, match="No space left on device") as caught:
            backend.upload(body, storage="redbrick")
        assert (caught.value.kind, caught.value.sent) == ("quota", False)
        assert caught.value.hint == HINT
        assert str(small_disk) not in str(caught.value)
    assert stored(folder) == []


def test_smaller_files_go_on_after_one_that_did_not_fit(
    small_disk: Path, put: Put, tmp_path: Path
) -> None:
    backend = LocalBackend(small_disk / "project")
    backend.project()
    with pytest.raises(BackendError):
        put(backend, os.urandom(2 << 20))
    assert put(backend, b"small")
    assert list(backend.verify()) == []
    backend.close()


def test_labels_that_do_not_fit_create_nothing(small_disk: Path) -> None:
    folder = small_disk / "project"
    backend = LocalBackend(folder)
    kept = backend.create([draft("kept")])
    text = '[{"category": [["object", "car"]], "taskclassify": true, "ocrvalue": "%s"}]'
    huge = LabelText(text % ("x" * (2 << 20)), 1)
    with pytest.raises(BackendError, match="full") as caught:
        backend.create([draft("a"), draft("b", labels=huge)])
    assert (caught.value.kind, caught.value.hint) == ("quota", HINT)
    backend.close()
    again = LocalBackend(folder)
    assert isinstance(kept[0], Created)
    assert [task.task_id for task in again.list()] == [kept[0].task_id]
    assert isinstance(again.create([draft("a")])[0], Created)
    again.close()

"""What the local project keeps for the service."""

from __future__ import annotations

from pathlib import Path

import pytest

from rbsync.backends.base import Created, Draft
from rbsync.backends.local import LocalBackend
from rbsync.backends.local.extras import Extra
from rbsync.backends.local.uploaded_files import Upload
from rbsync.errors import BackendError
from rbsync.model.datapoint import Settings
from rbsync.model.fingerprint import Fingerprint
from rbsync.service.configuration import ServiceSettings
from rbsync.service.service import Service, open_service
from tests.service.serving import KEY, URL

DRAFT = Draft("a", ((URL, URL),), None, Settings("public"), Fingerprint("", "", ""))


@pytest.fixture
def service(folder: Path) -> Service:
    return open_service(ServiceSettings(path=str(folder), api_key=KEY))


def created(service: Service, **extras: Extra) -> str:
    (made,) = service.project.create([DRAFT], [extras])  # type: ignore[list-item]  # facets by name
    assert isinstance(made, Created)
    return made.task_id


def test_extras_live_as_long_as_what_they_accompany(service: Service) -> None:
    extras = {"items": Extra("[1]"), "labels": Extra("[2]"), "settings": Extra("[3]")}
    task_id = created(service, **extras)
    assert service.project.extras(task_id) == extras
    service.project.update(task_id, DRAFT, ["items"], {"items": Extra("[4]")})
    service.project.update(task_id, DRAFT, ["labels"])
    assert service.project.extras(task_id) == {"items": Extra("[4]"), "settings": Extra("[3]")}
    service.project.delete([task_id])
    assert service.project.extras(task_id) == {}


def test_rbsync_changing_labels_takes_their_label_maps_away(service: Service, folder: Path) -> None:
    task_id = created(service, labels=Extra("{}"), items=Extra("{}"))
    LocalBackend(folder).update(task_id, DRAFT, ["labels"])
    assert service.project.extras(task_id) == {"items": Extra("{}")}


def test_files_of_extras_must_be_there(service: Service) -> None:
    ref = "blobs/xxh3/ab/ab" + "0" * 30
    (answer,) = service.project.create([DRAFT], [{"labels": Extra("[]", (ref,))}])
    assert not isinstance(answer, Created)
    assert answer.failure.message == f"{ref} is not stored in the project"
    task_id = created(service)
    with pytest.raises(BackendError, match="is not stored in the project"):
        service.project.update(task_id, DRAFT, ["labels"], {"labels": Extra("[]", (ref,))})


def test_what_is_received_is_kept_or_gone(service: Service, folder: Path) -> None:
    with service.uploads.receiving() as incoming:
        incoming.write(b"some ")
        incoming.write(b"bytes")
        kept = Upload("a/b.png", service.uploads.store(incoming), incoming.size, "image/png", "")
        service.uploads.keep(kept)
    with service.uploads.receiving() as incoming:
        incoming.write(b"forgotten")
    assert service.uploads.find(["a/b.png", "c"]) == {"a/b.png": kept}
    with service.uploads.open(kept) as file:
        assert file.read() == b"some bytes"
    stored = [one for one in (folder / "blobs").rglob("*") if one.is_file()]
    assert len(stored) == 1


def test_moves_and_priorities_are_all_or_none(service: Service) -> None:
    task_id = created(service)
    for change in (
        lambda: service.project.move([task_id, "nobody"], "END"),
        lambda: service.project.prioritize([(task_id, 0.5), ("nobody", 0.5)]),
    ):
        with pytest.raises(BackendError, match="no task nobody"):
            change()
    stored = service.project.task(task_id)
    assert stored
    assert (stored.stage, stored.task.priority) == ("Label", None)


def test_archived_tasks_stay_archived_when_rbsync_changes_them(
    service: Service, folder: Path
) -> None:
    task_id = created(service)
    service.project.move([task_id], "ARCHIVED")
    LocalBackend(folder).update(task_id, DRAFT, ["settings"])
    stored = service.project.task(task_id)
    assert stored
    assert stored.stage == "ARCHIVED"
    assert service.project.count("ARCHIVED") == 1

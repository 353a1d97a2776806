"""Label maps of a local project are files of its tasks, by their content."""

from __future__ import annotations

from pathlib import Path

from rbsync.backends.base import Created, NamedTask
from rbsync.backends.local import LocalBackend
from rbsync.model.fingerprint import digest
from tests.conformance.backends import draft, labels, mapped, maps_of

DATA = b"a label map"


def blob(folder: Path, data: bytes = DATA) -> Path:
    """Where a file of these bytes is kept."""
    name = digest(data).removeprefix("xxh3:")
    return folder / "blobs" / "xxh3" / name[:2] / name


def create(backend: LocalBackend, name: str, data: bytes = DATA) -> str:
    (answer,) = backend.create([draft(name, labels=mapped({0: data}))])
    assert isinstance(answer, Created)
    return answer.task_id


def test_equal_label_maps_are_kept_once(backend: LocalBackend, folder: Path) -> None:
    create(backend, "a")
    create(backend, "b")
    assert blob(folder).read_bytes() == DATA
    assert len([one for one in (folder / "blobs").rglob("*") if one.is_file()]) == 1


def test_they_stay_as_long_as_a_task_has_them(backend: LocalBackend, folder: Path) -> None:
    first, second = create(backend, "a"), create(backend, "b")
    backend.delete([NamedTask("a", first)])
    assert backend.collect_garbage(grace=-1).files == 0
    assert maps_of(backend) == {"b": {0: DATA}}
    backend.update(second, draft("b", labels=labels()), ["labels"])
    assert backend.collect_garbage(grace=-1) == (1, len(DATA))
    assert not blob(folder).exists()


def test_damage_to_one_is_found(backend: LocalBackend, folder: Path) -> None:
    create(backend, "a")
    assert list(backend.verify()) == []
    file = blob(folder)
    file.chmod(0o644)
    file.write_bytes(DATA[::-1])
    assert [(one.ref, one.reason) for one in backend.verify()] == [
        (file.relative_to(folder).as_posix(), "changed")
    ]


def test_what_the_service_took_in_is_read_like_our_own(backend: LocalBackend, folder: Path) -> None:
    from tests.service.serving import serving

    create(backend, "ours")
    backend.close()
    with serving(folder) as client:
        octets = "application/octet-stream"
        (place,) = client.ask("presignUploads", files=["labels/1/0.nii.gz"], type=octets)
        client.put(place, b"theirs", **{"Content-Type": octets})
        label = '[{"category":[["object","car"]],"attributes":[],"dicom":{"instanceid":1}}]'
        maps = [{"labelName": place["filePath"], "seriesIndex": 0}, None]
        client.create("theirs", labelsData=label, labelsMap=maps)
    assert maps_of(backend) == {"ours": {0: DATA}, "theirs": {0: b"theirs"}}

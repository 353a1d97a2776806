"""Stored files are the bytes that were sent, and stay so."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path

import pytest

from rbsync.backends.base import Collected
from rbsync.backends.local import disk
from rbsync.backends.local.blobs import Blobs, Damage, is_ref, ref_of
from rbsync.errors import BackendError
from rbsync.files.body import FileBody
from rbsync.model.fingerprint import Algorithm, digest
from tests.files.folder import shared_folder, without_privileges

KIB, MIB = 1 << 10, 1 << 20


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source file.png"


@pytest.fixture
def blobs(folder: Path) -> Blobs:
    return Blobs(str(folder))


def opened(path: Path, algorithm: Algorithm = "xxh3") -> FileBody:
    return FileBody(os.open(path, os.O_RDONLY), path.name, algorithm)


def store(blobs: Blobs, path: Path, algorithm: Algorithm = "xxh3") -> str:
    with opened(path, algorithm) as body:
        ref = blobs.store(body, algorithm)
        assert ref_of(body.content()) == ref
        return ref


def files(folder: Path) -> list[str]:
    """The paths of all files in the blobs, from the project's folder."""
    found = (folder / "blobs").rglob("*")
    return sorted(str(one.relative_to(folder)) for one in found if one.is_file())


@pytest.mark.parametrize("algorithm", ["xxh3", "sha256"])
@pytest.mark.parametrize("size", [0, 1, 5000, 64 * KIB, MIB - 1, MIB, MIB + 1, 3 * MIB + 7])
def test_stored_bytes_are_those_of_the_file(
    blobs: Blobs, folder: Path, source: Path, size: int, algorithm: Algorithm
) -> None:
    data = os.urandom(size)
    source.write_bytes(data)
    ref = store(blobs, source, algorithm)
    assert ref == ref_of(digest(data, algorithm))
    assert (folder / ref).read_bytes() == data
    assert files(folder) == [ref]
    with blobs.open(ref) as file:
        assert file.read() == data


def test_a_ref_is_the_content_identity_as_a_path() -> None:
    hexadecimal = "ab" + "0" * 30
    assert ref_of(f"xxh3:{hexadecimal}") == f"blobs/xxh3/ab/{hexadecimal}"


def test_a_stored_file_does_not_follow_its_source(blobs: Blobs, folder: Path, source: Path) -> None:
    source.write_bytes(b"before")
    stored = folder / store(blobs, source)
    assert os.stat(stored).st_nlink == 1
    assert os.stat(stored).st_ino != os.stat(source).st_ino
    with open(source, "r+b") as file:
        file.write(b"after!")
    assert stored.read_bytes() == b"before"


def test_a_stored_file_is_not_there_to_be_edited(blobs: Blobs, folder: Path, source: Path) -> None:
    source.write_bytes(b"data")
    assert os.stat(folder / store(blobs, source)).st_mode & 0o222 == 0


def test_a_file_that_is_there_is_kept_and_made_young(
    blobs: Blobs, folder: Path, source: Path
) -> None:
    source.write_bytes(b"data")
    stored = folder / store(blobs, source)
    os.utime(stored, (1, 1))
    inode = os.stat(stored).st_ino
    store(blobs, source)
    assert os.stat(stored).st_ino == inode
    assert os.stat(stored).st_mtime > time.time() - 60
    assert len(files(folder)) == 1


def test_a_file_of_another_size_is_put_right(blobs: Blobs, folder: Path, source: Path) -> None:
    source.write_bytes(b"data")
    stored = folder / store(blobs, source)
    stored.chmod(0o644)
    stored.write_bytes(b"da")
    store(blobs, source)
    assert stored.read_bytes() == b"data"


def test_threads_may_store_the_same_file(blobs: Blobs, folder: Path, source: Path) -> None:
    source.write_bytes(os.urandom(200_000))
    refs: list[str] = []
    threads = [
        threading.Thread(target=lambda: refs.extend(store(blobs, source) for _ in range(10)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refs) == 40
    assert files(folder) == [*set(refs)]
    assert (folder / refs[0]).read_bytes() == source.read_bytes()


def test_a_file_that_grows_is_stored_as_it_was_when_opened(
    blobs: Blobs, folder: Path, source: Path
) -> None:
    source.write_bytes(b"a" * 100_000)
    with opened(source) as body:
        with open(source, "ab") as file:
            file.write(b"more")
        ref = blobs.store(body, "xxh3")
    assert (folder / ref).read_bytes() == b"a" * 100_000
    assert ref == ref_of(digest(b"a" * 100_000))


def test_a_file_that_shrinks_has_changed_and_leaves_nothing(
    blobs: Blobs, folder: Path, source: Path
) -> None:
    source.write_bytes(b"a" * 100_000)
    with opened(source) as body:
        os.truncate(source, 1000)
        with pytest.raises(BackendError, match="became shorter while it was read") as caught:
            blobs.store(body, "xxh3")
    assert caught.value.kind == "changed"
    assert files(folder) == []


def kernel_copy(target: int, source: int) -> bool:
    """Stands for a clone on a disk that cannot clone: the same bytes, not read by us."""
    left = os.fstat(source).st_size
    while left:
        left -= os.copy_file_range(source, target, left, 0 if left == 0 else None)
    os.lseek(source, 0, os.SEEK_SET)
    return True


def test_a_clone_is_kept_when_it_is_what_was_hashed(folder: Path, source: Path) -> None:
    blobs = Blobs(str(folder), kernel_copy)
    source.write_bytes(data := os.urandom(MIB + 5))
    assert (folder / store(blobs, source)).read_bytes() == data


def test_a_clone_of_other_bytes_is_replaced_by_a_copy(folder: Path, source: Path) -> None:
    def stale(target: int, _: int) -> bool:
        os.write(target, b"x" * (2 * MIB))
        return True

    source.write_bytes(data := os.urandom(MIB + 5))
    stored = folder / store(Blobs(str(folder), stale), source)
    assert stored.read_bytes() == data


def test_a_small_file_is_not_cloned(folder: Path, source: Path) -> None:
    def never(_: int, __: int) -> bool:
        pytest.fail("cloned")

    source.write_bytes(b"a" * 60_000)
    store(Blobs(str(folder), never), source)


def test_damage_is_found_by_hashing_again(blobs: Blobs, folder: Path, source: Path) -> None:
    refs = []
    for data in (b"one", b"two", b"three"):
        source.write_bytes(data)
        refs.append(store(blobs, source))
    (folder / refs[0]).chmod(0o644)
    (folder / refs[0]).write_bytes(b"ONE")
    (folder / refs[1]).unlink()
    everything = [*refs, "https://example.org/a.png"]
    expected = [Damage(refs[0], "changed"), Damage(refs[1], "missing")]
    assert list(blobs.damage(everything)) == expected
    assert blobs.missing(everything) == [refs[1]]


@pytest.mark.parametrize(
    "ref",
    [
        "blobs/xxh3/ab/../../../secret",
        "../secret",
        "/etc/passwd",
        "blobs/xxh3/ab/ab",
        "blobs/xxh3/cd/" + "ab" * 16,
        "blobs/md5/ab/" + "ab" * 16,
        "blobs/xxh3/ab/" + "ab" * 16 + "\n",
        "project.db",
    ],
)
def test_only_refs_of_stored_files_are_opened(blobs: Blobs, ref: str) -> None:
    assert not is_ref(ref)
    with pytest.raises(BackendError, match="is not a file of the project"):
        blobs.open(ref)


def test_garbage_is_what_is_unused_and_old(blobs: Blobs, folder: Path, source: Path) -> None:
    refs = []
    for data in (b"used", b"unused", b"young"):
        source.write_bytes(data)
        refs.append(store(blobs, source))
    half_written = folder / "blobs" / "incoming" / "0123"
    half_written.write_bytes(b"half")
    for old in (folder / refs[0], folder / refs[1], half_written):
        os.utime(old, (1, 1))
    assert blobs.collect({refs[0]}, grace=3600) == Collected(2, 10)
    assert files(folder) == sorted([refs[0], refs[2]])
    assert blobs.collect(set(), grace=-1) == Collected(2, 9)
    assert files(folder) == []


def test_no_blobs_are_no_garbage(blobs: Blobs) -> None:
    assert blobs.collect(set()) == Collected(0, 0)


def test_a_folder_that_may_not_be_written_to_is_told() -> None:
    with shared_folder() as shared:
        source = shared.write("source.png", b"data")
        locked = shared.root / "project"
        locked.mkdir()
        locked.chmod(0o555)
        with (
            without_privileges(),
            pytest.raises(BackendError, match="could not store a file") as caught,
        ):
            store(Blobs(str(locked)), source)
        assert caught.value.kind == "auth"
        assert list(locked.iterdir()) == []


def received(blobs: Blobs, path: Path) -> str:
    with opened(path) as body:
        return blobs.receive(body, "xxh3")


@pytest.mark.parametrize("calm", [True, False])
def test_what_was_received_gets_its_name_once_it_is_durable_with_its_group(
    blobs: Blobs, folder: Path, source: Path, monkeypatch: pytest.MonkeyPatch, calm: bool
) -> None:
    monkeypatch.setattr(disk, "_is_calm", lambda: calm)
    refs = []
    for number in range(20):
        source.write_bytes(b"%d" % (number // 2))
        refs.append(received(blobs, source))
    # Equal files are one.
    assert len(set(refs)) == 10
    assert {Path(one).parts[1] for one in files(folder)} == {"incoming"}
    assert blobs.missing(refs) == refs
    blobs.settle()
    assert files(folder) == sorted(set(refs))
    assert [(folder / one).read_bytes() for one in refs[::2]] == [b"%d" % one for one in range(10)]


def test_what_was_received_is_read_and_kept_at_the_end(
    blobs: Blobs, folder: Path, source: Path
) -> None:
    source.write_bytes(b"data")
    with blobs.open(received(blobs, source)) as file:
        assert file.read() == b"data"
    source.write_bytes(b"more")
    ref = received(blobs, source)
    blobs.close()
    assert (folder / ref).read_bytes() == b"more"
    assert received(blobs, source) == ref
    blobs.close()
    assert len(files(folder)) == 2


def test_a_disk_that_fails_leaves_nothing_under_a_name(
    blobs: Blobs, folder: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_paths: object, _disk: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    source.write_bytes(b"data")
    ref = received(blobs, source)
    with monkeypatch.context() as patch:
        patch.setattr("rbsync.backends.local.blobs.sync_together", failing)
        with pytest.raises(BackendError, match="could not store files in the project"):
            blobs.settle()
    # Whoever would name it now is told that it is not there.
    blobs.settle()
    assert files(folder) == []
    assert blobs.missing([ref]) == [ref]


def test_threads_get_back_only_what_is_durable(blobs: Blobs, folder: Path, tmp_path: Path) -> None:
    lost: list[str] = []

    def work(thread: int) -> None:
        for number in range(30):
            path = tmp_path / f"{thread}.bin"
            path.write_bytes(b"%d" % (number * (thread % 2 + 1)))
            ref = received(blobs, path)
            blobs.settle()
            lost.extend(blobs.missing([ref]))

    threads = [threading.Thread(target=work, args=(each,)) for each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lost == []

"""Hints of the state, the project on the disk, the manifest's place and Python, followed."""

from __future__ import annotations

import errno
import os
import sqlite3
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rbsync.backends.base import Draft
from rbsync.backends.local import database
from rbsync.backends.local.backend import LocalBackend
from rbsync.backends.local.database import Database, has_tables
from rbsync.backends.local.disk import _content
from rbsync.backends.local.disk_failures import database_failures, disk_failures
from rbsync.backends.redbrick.api.ids import UUID_HINT
from rbsync.doctor import machine
from rbsync.errors import BackendError, LockedError, StoreError
from rbsync.exports.bag import _encoded
from rbsync.files.body import open_body
from rbsync.files.roots import Roots
from rbsync.locks import folder as lock_folder
from rbsync.manifest.load import load_manifest
from rbsync.mask_formats import MASK_FORMATS
from rbsync.masks import read_mask, trace
from rbsync.model.datapoint import Settings
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.record import Record
from rbsync.plugins import installed
from rbsync.plugins.installed import Offer, load
from rbsync.sdk import StorageMethod
from rbsync.sdk.item_files import read_item
from rbsync.sdk.project import _check as check_arguments
from rbsync.sdk.storage_method import storage_of
from rbsync.sdk.upload import _listed
from rbsync.service.server import _listen
from rbsync.stores.faults import explained
from rbsync.stores.history.packing import pack, unpack
from rbsync.stores.memory import MemoryStore
from rbsync.stores.sqlite import SqliteStore
from rbsync.stores.state_lock import refuse_network
from rbsync.sync.undoing import UndoOptions, choose
from rbsync.trust.config import read_config
from rbsync.trust.places import check_own_folder
from tests.builders import OWNER
from tests.hints.following import Followed, follow, follows, told
from tests.masks.pictures import png
from tests.masks.png.png_parts import idat, ihdr, png_chunk, put_together

MANIFEST = "version: 1\ndatapoints: []\n"


def marked(version: int, application: int) -> sqlite3.Connection:
    made = sqlite3.connect(":memory:")
    made.execute(f"PRAGMA user_version = {version}")
    made.execute(f"PRAGMA application_id = {application}")
    return made


def failing(number: int) -> None:
    with disk_failures("store a file"):
        if number:
            raise OSError(number, os.strerror(number))


def refused(code: int) -> None:
    """A call of the database that fails with this code of SQLite."""
    with database_failures():
        if code:
            error = sqlite3.OperationalError("it failed")
            error.sqlite_errorcode = code
            raise error


def beyond(palette: int) -> bytes:
    """A picture with a pixel of number 2, whose palette has this many colours."""
    colours = png_chunk(b"PLTE", bytes([0, 0, 0, 255, 0, 0, 0, 255, 0][: 3 * palette]))
    return put_together(ihdr(2, 1, 8, 3), colours, idat(b"\0\2"))


EXAMPLE = Path(__file__).parents[2] / "examples/quickstart"
CLASSES = {"car": (255, 0, 0), "bus": (0, 255, 0)}


def stated(error: Exception | None) -> None:
    """A use of the state file that fails so."""
    with explained("state.db"):
        if error:
            raise error


def by_sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("it failed")
    error.sqlite_errorcode = code
    return error


def offered(value: str) -> Any:
    """A mask format that an installed distribution offers."""
    entry = EntryPoint("theirs", value, MASK_FORMATS.group)
    return load(Offer(entry, "one 1.0"), "mask format")


HINTS = {
    "a state that another program has open": Followed(
        "Close the program that has the file open, such as a database browser, then run again.",
        lambda: stated(by_sqlite(sqlite3.SQLITE_BUSY)),
        lambda: stated(None),
    ),
    "a state on a disk that is full": Followed(
        "Free some space, then run the command again.",
        lambda: stated(by_sqlite(sqlite3.SQLITE_FULL)),
        lambda: stated(None),
    ),
    "a state of another user": Followed(
        "Let your user write to the state and to its folder, then run the command again.",
        lambda: stated(by_sqlite(sqlite3.SQLITE_READONLY)),
        lambda: stated(None),
    ),
    "a plug-in that cannot be loaded": Followed(
        "update it (pip install --upgrade one), or remove it (pip uninstall one)",
        lambda: offered("nowhere.at.all:Format"),
        lambda: str(offered("rbsync.mask_formats.rgb:RgbFormat")),
    ),
    "a file of another folder": Followed(
        "a relative path starts at the working directory, ",
        lambda: read_item(Roots("/nowhere/at/all"), "gone.png", "redbrick"),
        lambda: str(read_item(Roots(str(EXAMPLE)), "plan.png", "redbrick")),
    ),
    "an address as a file": Followed(
        "for URLs use StorageMethod.PUBLIC",
        lambda: read_item(Roots("/"), "https://example.org/a.png", "redbrick"),
        lambda: str(read_item(Roots("/"), "https://example.org/a.png", "public")),
    ),
    "one datapoint in place of a list": Followed(
        "put a single one in brackets",
        lambda: _listed({"name": "a", "items": ["a.png"]}),
        lambda: str(_listed([{"name": "a", "items": ["a.png"]}])),
    ),
    "a database of others": Followed(
        "give the project another path",
        lambda: has_tables(marked(1, 7)),
        lambda: str(has_tables(marked(0, 0))),
    ),
    "a project of a newer version": Followed(
        "upgrade rbsync",
        lambda: has_tables(marked(database.VERSION + 1, database.APPLICATION)),
        lambda: str(has_tables(marked(database.VERSION, database.APPLICATION))),
    ),
    "a disk that is full": Followed(
        "free some space on the disk of the project, then run again",
        lambda: failing(errno.ENOSPC),
        lambda: failing(0),
    ),
    "a folder of others": Followed(
        "check who may write to the project's folder",
        lambda: failing(errno.EACCES),
        lambda: failing(0),
    ),
    "a project that is written to": Followed(
        "another process is writing to the project; run again when it is done",
        lambda: refused(sqlite3.SQLITE_BUSY),
        lambda: refused(0),
    ),
    "an index that counts down": Followed(
        "classes are numbered from 1 to ",
        lambda: trace(np.array([[-1, 1]])),
        lambda: str(trace(np.array([[0, 1]]))),
    ),
    "a number beyond the palette": Followed(
        "save the mask again with all of its colours in the palette, or as RGB",
        lambda: read_mask(beyond(2), CLASSES),
        lambda: (read_mask(beyond(3), CLASSES), read_mask(png(np.zeros((1, 2, 3), "u1")), CLASSES)),
    ),
    "a run and a time": Followed(
        "give one of them",
        lambda: choose([], UndoOptions(run="a", since="2h"), 0),
        lambda: None,
    ),
    "a path that leads out of a bag": Followed(
        "a bag has what is below it", lambda: _encoded("../a.png"), lambda: _encoded("a.png")
    ),
    "a name that no bag can have": Followed(
        "rename it: `%0A` and `%0D` stand for line breaks in a bag",
        lambda: _encoded("a%0A.png"),
        lambda: _encoded("a%A.png"),
    ),
    "a name that a line of a bag cannot have": Followed(
        "rename it, without space at its end and without marks of lines and paragraphs",
        lambda: _encoded("a.png "),
        lambda: _encoded("a.png"),
    ),
    "a storage that is none": Followed(
        "give StorageMethod.PUBLIC, StorageMethod.REDBRICK, or the UUID of a storage",
        lambda: storage_of("redbrick"),
        lambda: [storage_of(one) for one in (StorageMethod.PUBLIC, StorageMethod.REDBRICK)],
    ),
    "content that is gone": Followed(
        "`rbsync log` shows what there still is",
        lambda: unpack("a", None),
        lambda: pack(b"content"),
    ),
    "a copy of memory": Followed(
        "`rbsync state pull` prints what is recorded.",
        lambda: MemoryStore().backup("copy.db"),
        lambda: str(MemoryStore().records()),
    ),
}


@pytest.mark.parametrize("kind", HINTS)
def test_the_hint_is_followed(kind: str) -> None:
    follow(HINTS[kind])


ARGUMENTS: dict[str, Any] = {
    "api_key": "k" * 43,
    "org_id": "2f0f6f3e-5a51-4d8e-9c1b-0d7f6a2b8c34",
    "project_id": "2f0f6f3e-5a51-4d8e-9c1b-0d7f6a2b8c34",
}


@follows("get_project(api_key, url, org_id, project_id)")
def test_an_argument_that_is_missing() -> None:
    wrong = {**ARGUMENTS, "api_key": os.environ.get("NOBODY_SET_THIS")}
    assert "get_project(api_key, url, org_id, project_id)" in told(lambda: check_arguments(**wrong))
    check_arguments(**ARGUMENTS)


@follows(UUID_HINT, "copy it from the address of the project's page: /ORG_ID/projects/PROJECT_ID")
def test_an_id_that_is_a_name() -> None:
    assert UUID_HINT in told(lambda: check_arguments(**{**ARGUMENTS, "project_id": "first"}))
    check_arguments(**ARGUMENTS)


@follows("Wait for it to end, or pass a longer --lock-timeout.")
def test_a_state_that_another_run_holds(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state.db")
    with store.writer(OWNER, timeout=0), pytest.raises(LockedError) as raised:
        SqliteStore(tmp_path / "state.db").writer(OWNER, timeout=0).__enter__()
    assert raised.value.hint == "Wait for it to end, or pass a longer --lock-timeout."
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("a")])


@follows(
    "Put it back from a backup, or rebuild it from the project with `rbsync refresh`.",
    "Give the backup another name.",
)
def test_a_state_that_was_taken_away(tmp_path: Path) -> None:
    state, copy = tmp_path / "state.db", tmp_path / "copy.db"
    store = SqliteStore(state)
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("a")])
        store.backup(copy)
        assert "Give the backup another name." in told(lambda: store.backup(copy))
        store.backup(tmp_path / "other.db")
        state.unlink()
        with pytest.raises(StoreError) as raised:
            writer.commit([Record("b")])
    assert "Put it back from a backup" in raised.value.hint
    copy.rename(state)
    with SqliteStore(state).writer(OWNER, timeout=0) as writer:
        writer.commit([Record("b")])
    assert sorted(SqliteStore(state).records()) == ["a", "b"]


@follows("Keep the state on a local disk; the files to upload may stay where they are.")
def test_a_state_on_a_share(tmp_path: Path) -> None:
    for kind in ("nfs4", "ext4"):
        mounts = tmp_path / f"mounts {kind}"
        mounts.write_text(f"host:/x {tmp_path} {kind} rw 0 0\n")
        hint = told(lambda: refuse_network(str(tmp_path), str(mounts)))  # noqa: B023
        assert ("Keep the state on a local disk" in hint) == (kind == "nfs4")


@follows("keep the state on a disk of this machine: --state sqlite:/path/state.db")
def test_a_disk_over_a_network_is_told_by_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, verdict in (("nfs4", "warning"), ("ext4", "ok")):
        monkeypatch.setattr(machine, "file_system_of", lambda folder: kind)  # noqa: B023
        found = machine._disk(str(tmp_path))
        assert found.verdict == verdict
        assert ("--state sqlite:/path/state.db" in found.hint) == (kind == "nfs4")


@follows("for more folders, as root: sysctl fs.inotify.max_user_watches=")
def test_few_watches(tmp_path: Path) -> None:
    limit = tmp_path / "max_user_watches"
    limit.write_text("8192\n")
    (few,) = machine._watches(str(limit))
    assert "as root: sysctl fs.inotify.max_user_watches=" in few.hint
    limit.write_text(few.hint.rpartition("=")[2])
    (many,) = machine._watches(str(limit))
    assert (many.verdict, many.hint) == ("ok", "")


@follows("Point the manifest at that project again, or give the new one a state of its own.")
def test_a_state_of_another_project(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state.db")
    with store.writer(OWNER, timeout=0) as writer:
        writer.claim("local:1")
        assert "Point the manifest at that project again" in told(lambda: writer.claim("local:2"))
        writer.claim("local:1")
    with SqliteStore(tmp_path / "other.db").writer(OWNER, timeout=0) as writer:
        writer.claim("local:2")


@follows("remove the link")
def test_a_folder_of_ours_that_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / ".rbsync"
    link.symlink_to("elsewhere")
    assert "remove the link" in told(lambda: check_own_folder(str(tmp_path), ".rbsync"))
    link.unlink()
    check_own_folder(str(tmp_path), ".rbsync")


@follows("put the manifest itself in its place, or name it where it is with -f")
def test_a_manifest_that_is_a_link_to_elsewhere(tmp_path: Path) -> None:
    kept = tmp_path / "kept.yaml"
    kept.write_text(MANIFEST)
    link = tmp_path / "data/rbsync.yaml"
    link.parent.mkdir()
    link.symlink_to("../kept.yaml")
    assert "or name it where it is with -f" in told(lambda: load_manifest(link))
    assert load_manifest(kept)
    link.unlink()
    link.write_text(MANIFEST)
    assert load_manifest(link)


@follows("known here: ")
def test_a_setting_that_nobody_knows(tmp_path: Path) -> None:
    place = {"XDG_CONFIG_HOME": str(tmp_path)}
    file = tmp_path / "rbsync/config.toml"
    file.parent.mkdir()
    file.write_text("zzz = 1\n")
    hint = told(lambda: read_config(place))
    assert "known here: " in hint
    known = hint.rpartition("known here: ")[2].split(", ")
    assert "max_pixels" in known
    file.write_text("max_pixels = 9\n")
    assert read_config(place).max_pixels == 9


@follows("is it running already? --port takes another one, --port 0 any that is free")
def test_a_port_that_is_taken() -> None:
    with _listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert "--port 0 any that is free" in told(lambda: _listen("127.0.0.1", port))
        _listen("127.0.0.1", 0).close()


@follows("`rbsync lock` writes it anew")
def test_a_lock_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_folder, "_MOST", 8)
    (tmp_path / "a.sums").write_text("far too much")
    assert "`rbsync lock` writes it anew" in told(lambda: lock_folder.read_files(str(tmp_path)))
    lock_folder.write_files(str(tmp_path), {"a.sums": b"little"})
    assert lock_folder.read_files(str(tmp_path)) == {"a.sums": b"little"}


@follows("run again")
def test_a_project_that_was_replaced_while_it_was_used(tmp_path: Path) -> None:
    path = tmp_path / "project.db"
    kept = Database(str(path))
    with kept.writing():
        pass
    path.rename(tmp_path / "old.db")
    (tmp_path / "project.db").write_bytes((tmp_path / "old.db").read_bytes())

    def write() -> None:
        with kept.writing():
            pass

    with pytest.raises(BackendError) as raised:
        write()
    assert raised.value.hint == "run again"
    kept = Database(str(path))
    write()


@follows("something writes to the file; run again when it is complete")
def test_a_file_that_becomes_shorter_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(bytes(100))

    def content() -> str:
        with open_body(Roots(str(tmp_path)), "a.png", "xxh3") as body:
            path.write_bytes(bytes(30)) if path.stat().st_size == 100 else None
            while body.read(10):
                pass
            return _content(body)

    assert "something writes to the file" in told(content)
    assert content()


@follows("check the disk")
def test_content_of_the_history_that_was_damaged() -> None:
    name, packed = "0" * 64, pack(b"labels")
    assert "check the disk" in told(lambda: unpack(name, packed[:-3]))


@follows("run again: what the project lacks is uploaded anew")
def test_a_file_that_the_project_does_not_have(tmp_path: Path) -> None:
    backend = LocalBackend(tmp_path / "project")
    (tmp_path / "a.png").write_bytes(b"a picture")
    print_ = Fingerprint("x:1", "x:2", "x:3")

    def create(ref: str, name: str = "a") -> Any:
        (made,) = backend.create([Draft(name, (("redbrick", ref),), None, Settings(), print_)])
        return made

    def upload() -> str:
        with open_body(Roots(str(tmp_path)), "a.png", "xxh3") as body:
            while body.read(1 << 20):
                pass
            body.rewind()
            return backend.upload(body, storage="redbrick")

    ref = upload()
    assert create(ref, "b").task_id
    for file in (tmp_path / "project/blobs").rglob("*"):
        if file.is_file():
            file.unlink()
    assert create(ref).failure.hint == "run again: what the project lacks is uploaded anew"
    assert create(upload()).task_id


@follows("remove all but one (pip uninstall ")
def test_a_format_that_two_distributions_offer(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("theirs", "rbsync.mask_formats.rgb:RgbFormat", MASK_FORMATS.group)
    key = (MASK_FORMATS.group, "theirs")
    one, other = Offer(entry, "one 1.0"), Offer(entry, "other 2.0")
    monkeypatch.setattr(installed, "offers", lambda: {key: (one, other)})
    assert "remove all but one (pip uninstall one)" in told(lambda: MASK_FORMATS.find("theirs"))
    monkeypatch.setattr(installed, "offers", lambda: {key: (other,)})
    assert MASK_FORMATS.find("theirs") is not None


@follows(" Nothing that was recorded is lost.")
def test_a_state_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = SqliteStore(tmp_path / "file/state.db")
    assert "Nothing that was recorded is lost." in told(store.records)
    (tmp_path / "file").unlink()
    assert SqliteStore(tmp_path / "file/state.db").records() == {}

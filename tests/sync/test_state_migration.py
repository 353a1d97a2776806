"""A state is moved from one store to another and back, and nothing of it is lost on the way."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from rbsync.errors import ExitCode, StoreError
from rbsync.manifest.load import load_manifest
from rbsync.model.record import Intent, Record
from rbsync.stores import open_store
from rbsync.stores.base import Upload
from rbsync.stores.sqlite import SqliteStore
from rbsync.sync.state_migration import migrate
from rbsync.sync.workspace import open_workspace
from tests.builders import OTHER, OWNER, PRINT
from tests.postgres_server import Server
from tests.scenarios.project import Project
from tests.stores.samples import golden

MANY = int(os.environ.get("RBSYNC_MIGRATED", "2000"))
"""Records that are moved: with `RBSYNC_MIGRATED=1000000 pytest -n0 -s` a million, and how long that
takes is printed.
"""
MOST_SECONDS = 30.0


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "data")
    made.manifest("datapoints: []\n")
    return made


def filled(project: Project, records: list[Record]) -> SqliteStore:
    store = SqliteStore(project.folder / ".rbsync/state.db")
    with store.writer(OWNER, timeout=0) as writer:
        writer.claim("local:p")
        writer.commit(records, uploads=[Upload("c", "redbrick", "there")])
    return store


def pulled(project: Project, state: str = "") -> str:
    ran = project.run(*(["--state", state] if state else []), "state", "pull")
    assert ran.code == 0, ran.err
    return ran.out


def migrated(project: Project, before: str, after: str) -> float:
    began = time.monotonic()
    ran = project.run("--state", before, "state", "migrate", after)
    assert ran.code == 0, ran.err
    return time.monotonic() - began


def test_a_state_goes_to_a_server_and_back_as_it_was(project: Project, postgres: Server) -> None:
    url = postgres.url(postgres.database())
    records = [Record(f"patient-{i:07}/é.png", PRINT, f"task-{i}") for i in range(MANY)]
    filled(project, [*golden().values(), *records])
    before = pulled(project)
    there = migrated(project, "sqlite:", url)
    assert pulled(project, url) == before
    assert not (project.folder / ".rbsync/state.db").exists()
    back = migrated(project, url, "sqlite:")
    assert pulled(project) == before
    assert open_store(url, "/").header() is None
    print(f"\n{MANY} records: {there:.1f} s there, {back:.1f} s back")
    if MANY >= 1_000_000:
        assert max(there, back) <= MOST_SECONDS
    with SqliteStore(project.folder / ".rbsync/state.db").writer(OWNER, timeout=0) as writer:
        assert writer.uploads(["c"], "redbrick") == {"c": "there"}
        assert writer.header().epoch > 1


def test_intents_move_along_and_the_old_state_is_kept(project: Project, tmp_path: Path) -> None:
    store = filled(project, [])
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("a"), Record("b", PRINT, "1")])
        writer.intend([Intent("b", "update", OTHER, 2.5), Intent("c", "create", PRINT, 1.5)])
    before = store.records()
    told = project.run("state", "migrate", "sqlite:elsewhere.db", "--json").json
    assert told["records"] == 3
    moved = SqliteStore(project.folder / "elsewhere.db")
    assert moved.records() == SqliteStore(told["put_away"]).records() == before
    assert store.header() is None


def test_a_store_of_another_state_or_a_newer_one_is_left_alone(project: Project) -> None:
    store = filled(project, [Record("a")])
    other = Project(project.folder / "other")
    other.manifest("datapoints: []\n")
    elsewhere = filled(other, [Record("b")])
    ran = project.run("state", "migrate", "sqlite:other/.rbsync/state.db")
    assert ran.code == ExitCode.STATE
    assert "another state is there already" in ran.err
    store.backup(project.folder / "copy.db")
    copy = SqliteStore(project.folder / "copy.db")
    with copy.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("newer")])
    ran = project.run("state", "migrate", "sqlite:copy.db")
    assert ran.code == ExitCode.STALE
    assert "a newer copy of this state is there" in ran.err
    assert store.records().keys() == {"a"}
    assert elsewhere.records().keys() == {"b"}
    assert copy.records().keys() == {"a", "newer"}


def test_a_move_that_was_cut_off_is_done_again(project: Project) -> None:
    store = filled(project, [Record("a")])
    store.backup(project.folder / "copy.db")
    assert project.run("state", "migrate", "sqlite:copy.db").code == 0
    assert SqliteStore(project.folder / "copy.db").records().keys() == {"a"}
    assert store.header() is None


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite:.rbsync/state.db", "the state is there already"),
        ("memory:", "a state of this kind cannot be moved"),
        ("cloud:x", "no store has the URL of the state: it begins with `cloud:`"),
        ("cloud", "no store has the URL of the state: it has no scheme"),
    ],
)
def test_what_cannot_be_moved_to_is_said_and_nothing_is_moved(
    project: Project, url: str, told: str
) -> None:
    store = filled(project, [Record("a")])
    ran = project.run("state", "migrate", url)
    assert ran.code == ExitCode.USAGE
    assert told in ran.err
    assert store.records().keys() == {"a"}


def test_a_move_that_fails_leaves_the_state_where_it_is(project: Project, tmp_path: Path) -> None:
    store = filled(project, [Record("a")])
    (tmp_path / "file").write_text("no folder")
    manifest = load_manifest(str(project.folder / "rbsync.yaml"))
    with open_workspace(manifest) as workspace, pytest.raises(StoreError):
        migrate(workspace, f"sqlite:{tmp_path}/file/state.db", 0)
    assert store.records().keys() == {"a"}
    assert store.owner() is None


def test_without_a_state_there_is_nothing_to_move(project: Project) -> None:
    ran = project.run("state", "migrate", "sqlite:elsewhere.db")
    assert ran.code == ExitCode.ERROR
    assert "the first `rbsync apply` makes it" in ran.err

"""A state's server that is followed by a standby, which is asked, and takes its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rbsync.errors import ExitCode, StoreError
from rbsync.model.record import Intent, Record
from rbsync.stores import open_store
from rbsync.stores.base import Writer
from tests.builders import OWNER, PRINT
from tests.hints.following import follows
from tests.postgres_server import ROLE, Server, Standby, with_standby
from tests.scenarios.pictures import png
from tests.scenarios.project import Project

Both = tuple[Server, Standby]
MANIFEST = 'datapoints:\n  - {glob: "images/*.png", name: "{stem}"}\n'


@pytest.fixture
def both() -> Iterator[Both]:
    """A pair of each test's own: after it the standby is the primary."""
    with with_standby() as found:
        yield found


def url_of(*hosts: Server | Standby, database: str) -> str:
    places = ",".join(str(one.folder) for one in hosts)
    return f"postgresql:///{database}?host={places}&user={ROLE}&target_session_attrs=read-write"


def fail_over(primary: Server, standby: Standby) -> None:
    primary.stop("immediate")
    standby.promote()


def write(writer: Writer, how: str) -> None:
    if how == "a commit":
        writer.commit([Record("d", PRINT, "4")])
    else:
        writer.intend([Intent("d", "create", PRINT)])


def test_a_run_goes_on_at_the_standby_that_takes_the_place_of_the_primary(both: Both) -> None:
    primary, standby = both
    store = open_store(url_of(*both, database=primary.database()), "/")
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("a", PRINT, "1")])
        standby.catch_up()
        fail_over(primary, standby)
        writer.commit([Record("b", PRINT, "2")])
    assert store.records().keys() == {"a", "b"}
    assert store.owner() is None
    store.close()


@pytest.mark.parametrize("how", ["a commit", "an intent"])
@pytest.mark.parametrize("lost", ["commits", "the beginning, too"])
def test_a_run_whose_commits_a_standby_lacks_writes_nothing_more_and_is_told(
    both: Both, how: str, lost: str
) -> None:
    primary, standby = both
    store = open_store(url_of(*both, database=primary.database()), "/")
    with store.writer(OWNER, timeout=0) as writer:
        writer.commit([Record("a", PRINT, "1")])
    standby.catch_up()
    if lost != "commits":
        standby.stop()
    with store.writer(OWNER, timeout=0) as writer:
        if lost == "commits":
            standby.catch_up()
            standby.stop()
        writer.commit([Record("b", PRINT, "2")])
        writer.commit([Record("c", PRINT, "3")])
        primary.stop("immediate")
        standby.start()
        standby.promote()
        for _ in range(2):
            with pytest.raises(StoreError, match="serial 1, not 3") as caught:
                write(writer, how)
        assert "`rbsync refresh`" in caught.value.hint
    assert store.records().keys() == {"a"}
    store.close()


@follows("Run `rbsync refresh`, which asks the project what is there", elsewhere=True)
def test_what_a_standby_lacks_is_found_again_and_created_once(
    both: Both, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    primary, standby = both
    url = url_of(*both, database=primary.database())
    monkeypatch.setenv("RBSYNC_STATE_URL", url)
    project = Project(tmp_path)
    project.manifest(MANIFEST)
    project.write("images/a.png", png(1))
    assert project.apply().code == ExitCode.DONE
    standby.catch_up()
    standby.stop()
    project.write("images/b.png", png(2))
    project.write("images/c.png", png(3))
    assert project.apply().code == ExitCode.DONE
    primary.stop("immediate")
    standby.start()
    # What it is asked it answers, as far as it knows; nothing is written by way of it.
    monkeypatch.setenv("RBSYNC_STATE_URL", url.replace("read-write", "any"))
    assert project.run("status").code == ExitCode.DONE
    elsewhere = {"XDG_STATE_HOME": str(tmp_path / "another machine")}
    assert "2 to create" in project.run("plan", **elsewhere).out
    refused = project.run("apply", "--yes", **elsewhere)
    assert refused.code == ExitCode.ERROR
    assert "Name the primary server" in refused.err
    standby.promote()
    # Who has seen more than it has is told; another one finds it at the project.
    assert "is an older one" in project.run("plan").err
    assert project.run("apply", "--yes", **elsewhere).code == ExitCode.DONE
    assert project.names() == ["a", "b", "c"]
    assert project.run("refresh").code == ExitCode.DONE
    assert project.actions() == []

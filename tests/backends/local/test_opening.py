"""A project is what it was made as; it may grow, and is refused as another one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from rbsync.backends.base import Created, NamedTask
from rbsync.backends.local import LocalBackend
from rbsync.backends.local.blobs import Blobs
from rbsync.backends.local.database import Database
from rbsync.backends.local.opening import Wish
from rbsync.backends.local.project import LocalProject
from rbsync.errors import BackendError, UserError
from rbsync.labels.taxonomy_json import read_taxonomy
from tests.conformance.backends import BOX, POINT, draft, kinds, labels
from tests.victims import Start


def opened(folder: Path, kind: str = "", categories: Sequence[str] = ()) -> LocalBackend:
    return LocalBackend(
        folder, type=kind, taxonomy=read_taxonomy(list(categories)) if categories else None
    )


def refusal(backend: LocalBackend) -> str:
    with pytest.raises(UserError) as caught:
        backend.project()
    backend.close()
    return caught.value.problems[0].message


def test_reading_makes_nothing(folder: Path) -> None:
    backend = LocalBackend(folder)
    assert backend.find(["a"]) == {}
    assert list(backend.list()) == []
    assert backend.page().tasks == ()
    assert backend.counts() == (0, 0, 0)
    assert backend.labels("x") is None
    assert backend.stored("x") is None
    assert backend.describe() is None
    assert list(backend.verify()) == []
    assert backend.collect_garbage().files == 0
    backend.delete([NamedTask("x", "x")])
    backend.close()
    assert not folder.exists()


def test_a_project_is_made_when_it_is_asked_for(folder: Path) -> None:
    backend = LocalBackend(folder)
    made = backend.project()
    assert made.name == "project"
    assert made.identity.startswith("local:")
    assert backend.describe() == made
    assert sorted(one.name for one in folder.iterdir() if "-" not in one.name) == ["project.db"]
    backend.close()


def test_a_project_is_made_by_the_first_create(backend: LocalBackend) -> None:
    assert isinstance(backend.create([draft("a")])[0], Created)
    assert backend.counts() == (1, 0, 0)


def test_a_name_may_be_given_and_changed(folder: Path) -> None:
    first = LocalBackend(folder, name="scans").project()
    second = LocalBackend(folder, name="our scans").project()
    assert (first.name, second.name) == ("scans", "our scans")
    assert LocalBackend(folder).project() == second


def test_opening_again_writes_nothing(folder: Path) -> None:
    backend = opened(folder, "IMAGE_BBOX", ["car"])
    backend.project()
    backend.close()
    before = (folder / "project.db").read_bytes()
    again = opened(folder, "IMAGE_BBOX", ["car"])
    again.project()
    again.close()
    assert (folder / "project.db").read_bytes() == before


def test_another_type_is_refused_with_both_named(folder: Path) -> None:
    opened(folder, "IMAGE_BBOX").project()
    message = refusal(opened(folder, "IMAGE_POLYGON"))
    assert message == "the project is of type IMAGE_BBOX, not IMAGE_POLYGON"


def test_no_type_takes_the_one_that_is_there(folder: Path) -> None:
    opened(folder, "IMAGE_BBOX", ["car"]).project()
    backend = opened(folder)
    assert backend.project().type == "IMAGE_BBOX"
    assert kinds(backend.create([draft("a", labels=labels(POINT))])) == ["invalid"]
    backend.close()


def test_a_type_that_does_not_exist_is_refused_at_once(folder: Path) -> None:
    with pytest.raises(UserError, match='"IMAGE_BOX" is not a project type'):
        opened(folder, "IMAGE_BOX")


def test_a_type_that_does_not_exist_is_never_written(folder: Path) -> None:
    wish = Wish("", "image_bbox", None, "project")
    project = LocalProject(Database(str(folder / "project.db")), Blobs(str(folder)), wish)
    with pytest.raises(UserError) as caught:
        project.open()
    project.close()
    message = '"image_bbox" is not a project type; did you mean "IMAGE_BBOX"?'
    assert caught.value.problems[0].message == message
    backend = LocalBackend(folder)
    assert backend.describe() is None
    assert backend.project().type == ""
    backend.close()


def test_a_project_of_a_type_that_is_not_known_says_so(folder: Path) -> None:
    opened(folder, "IMAGE_BBOX").project()
    with sqlite3.connect(folder / "project.db") as connection:
        connection.execute("UPDATE project SET type = 'IMAGE_OF_LATER'")
    connection.close()
    message = "the project is of type IMAGE_OF_LATER, which this rbsync does not know"
    assert refusal(opened(folder)) == message
    assert refusal(opened(folder, "IMAGE_BBOX")) == message
    with pytest.raises(UserError, match=message):
        LocalBackend(folder).describe()
    with pytest.raises(UserError, match=message):
        LocalBackend(folder).create([draft("a")])


def test_a_type_may_be_given_later_when_all_tasks_fit(folder: Path) -> None:
    backend = opened(folder)
    backend.create([draft("a", labels=labels(BOX))])
    assert opened(folder, "IMAGE_BBOX", ["car"]).project().type == "IMAGE_BBOX"
    assert kinds(backend.create([draft("b", labels=labels(POINT))])) == ["invalid"]
    backend.close()


def test_a_type_that_tasks_do_not_fit_is_refused_with_the_first(folder: Path) -> None:
    opened(folder).create([draft("a"), draft("b", labels=labels(BOX))])
    message = refusal(opened(folder, "IMAGE_POINT"))
    assert message.startswith('"b" of the project does not fit IMAGE_POINT: labels')
    assert opened(folder).project().type == ""


def test_a_taxonomy_may_grow(folder: Path) -> None:
    opened(folder, categories=["car"]).create([draft("a", labels=labels(BOX))])
    assert opened(folder, categories=["bus", "car"]).project().categories == ("bus", "car")


def test_a_grown_taxonomy_is_seen_by_those_who_are_at_it(folder: Path) -> None:
    backend = opened(folder, categories=["bus"])
    assert kinds(backend.create([draft("a", labels=labels(BOX))])) == ["invalid"]
    opened(folder, categories=["bus", "car"]).project()
    assert kinds(backend.create([draft("a", labels=labels(BOX))])) == ["created"]
    backend.close()


def test_an_unused_category_may_go(folder: Path) -> None:
    opened(folder, categories=["car", "bus"]).create([draft("a", labels=labels(BOX))])
    assert opened(folder, categories=["car"]).project().categories == ("car",)


def test_a_used_category_may_not_go_and_is_named(folder: Path) -> None:
    opened(folder, categories=["car", "bus"]).create([draft("a", labels=labels(BOX))])
    message = "the taxonomy lacks categories that labels of the project have: car"
    assert refusal(opened(folder, categories=["bus", "tram"])) == message
    assert opened(folder).project().categories == ("car", "bus")


def test_a_taxonomy_given_later_must_have_what_is_used(folder: Path) -> None:
    opened(folder).create([draft("a", labels=labels(BOX))])
    assert "have: car" in refusal(opened(folder, categories=["bus"]))
    assert opened(folder, categories=["car"]).project().categories == ("car",)


def test_a_database_that_is_held_is_waited_for_and_then_told(folder: Path, start: Start) -> None:
    LocalBackend(folder).project()
    holder = start("hold", folder / "project.db")
    assert holder.heard() == "held\n"
    backend = LocalBackend(folder, busy=0.2)
    assert backend.find(["a"]) == {}
    with pytest.raises(BackendError, match="database is locked") as caught:
        backend.create([draft("a")])
    assert (caught.value.kind, caught.value.sent) == ("transient", False)
    assert "another process" in caught.value.hint
    holder.communicate("\n")
    assert kinds(backend.create([draft("a")])) == ["created"]
    backend.close()


@pytest.mark.parametrize("part", [slice(0, 60), slice(40, 60), slice(200, 4096), slice(4096, None)])
def test_a_damaged_database_is_told_with_a_way_out(folder: Path, part: slice) -> None:
    backend = LocalBackend(folder)
    backend.create([draft(f"{number:03}") for number in range(50)])
    backend.close()
    path = folder / "project.db"
    data = bytearray(path.read_bytes())
    data[part] = b"\xa5" * len(data[part])
    path.write_bytes(data)
    with pytest.raises(BackendError) as caught:
        list(LocalBackend(folder).list())
    assert caught.value.hint
    assert str(folder) not in str(caught.value)


def test_a_damaged_row_is_told_with_a_way_out(folder: Path) -> None:
    LocalBackend(folder).create([draft("a")])
    database = sqlite3.connect(folder / "project.db")
    database.execute("UPDATE tasks SET metadata = '{'")
    database.commit()
    database.close()
    with pytest.raises(BackendError, match="the project's database is damaged") as caught:
        LocalBackend(folder).find(["a"])
    assert caught.value.hint.startswith("put back a copy of the project's folder")


def test_a_database_of_another_program_is_left_alone(folder: Path) -> None:
    folder.mkdir(parents=True)
    other = sqlite3.connect(folder / "project.db")
    other.execute("PRAGMA user_version = 7")
    other.execute("CREATE TABLE theirs (a)")
    other.close()
    before = (folder / "project.db").read_bytes()
    backend = LocalBackend(folder)
    with pytest.raises(BackendError, match="belongs to another program"):
        backend.project()
    backend.close()
    assert (folder / "project.db").read_bytes() == before


def test_a_project_of_a_newer_version_is_left_alone(folder: Path) -> None:
    LocalBackend(folder).project()
    database = sqlite3.connect(folder / "project.db")
    database.execute("PRAGMA user_version = 2")
    database.close()
    with pytest.raises(BackendError, match="of version 2, this rbsync reads up to 1") as caught:
        LocalBackend(folder).find(["a"])
    assert caught.value.hint == "upgrade rbsync"


def test_a_project_that_goes_away_while_in_use_is_told(folder: Path) -> None:
    backend = LocalBackend(folder)
    backend.project()
    (folder / "project.db").rename(folder / "elsewhere.db")
    for attempt in (lambda: backend.create([draft("a")]), lambda: backend.find(["a"])):
        with pytest.raises(BackendError, match="removed or replaced while it was in use"):
            attempt()
    backend.close()
